package supervisor

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// Exit is how a run of a service ended.
type Exit struct {
	// Code is the exit code as a shell reports it: 0 to 255, 128+n when
	// signal n killed the process, 127 when the program was not found and 126
	// when it could not be executed, 111 when the system had no room for it.
	Code int
	// Signal is the signal that killed the process, else 0.
	Signal syscall.Signal
	// Expected tells that Code is one of the service's SuccessCodes.
	Expected bool
	// Err says why the process could not be started or waited for, or what a
	// Func returned; else nil.
	Err error
}

// Success tells whether the run ended with code 0 or an expected one.
func (e Exit) Success() bool { return (e.Code == 0 || e.Expected) && e.Err == nil }

// String says how the run ended, for a person: "exited with code 3", "was
// killed by SIGKILL", or the error.
func (e Exit) String() string {
	switch {
	case e.Err != nil:
		return e.Err.Error()
	case e.Signal != 0:
		return "was killed by " + signalName(e.Signal)
	default:
		return fmt.Sprintf("exited with code %d", e.Code)
	}
}

// finishArgs are the two arguments that s6-supervise gives a finish script.
func (e Exit) finishArgs() (code, signal int) {
	if e.Signal != 0 {
		return 256, int(e.Signal)
	}
	return e.Code, 0
}

func exitFromStatus(status syscall.WaitStatus) Exit {
	if status.Signaled() {
		return Exit{Code: 128 + int(status.Signal()), Signal: status.Signal()}
	}
	return Exit{Code: status.ExitStatus()}
}

// startCode is the exit code for a program that could not be started.
func startCode(err error) int {
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ENOTDIR):
		return 127
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ENOMEM),
		errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return 111
	default:
		return 126
	}
}

func signalName(sig syscall.Signal) string {
	if name := unix.SignalName(sig); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(sig))
}
