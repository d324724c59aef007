//go:build !unix

package enginetest

import (
	"os"
	"os/exec"
	"syscall"
)

// There are no process groups: what is meant for a group is done to the engine.

func ownGroup(*exec.Cmd) {}

func signalGroup(leader *os.Process, signal syscall.Signal) error { return leader.Signal(signal) }

func groupRuns(*os.Process) bool { return false }
