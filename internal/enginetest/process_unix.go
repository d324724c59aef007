//go:build unix

package enginetest

import (
	"os"
	"os/exec"
	"syscall"
)

func ownGroup(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func signalGroup(leader *os.Process, signal syscall.Signal) error {
	return syscall.Kill(-leader.Pid, signal)
}

// groupRuns reports whether a process of the group is left.
func groupRuns(leader *os.Process) bool { return syscall.Kill(-leader.Pid, 0) == nil }
