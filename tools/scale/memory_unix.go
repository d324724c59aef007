//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// maxMemory is the largest resident set that a process had, in bytes.
func maxMemory(ended *os.ProcessState) int64 {
	usage, ok := ended.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin":
		return usage.Maxrss
	}
	return usage.Maxrss * 1024
}
