//go:build linux

package applet

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/execline"
)

// pause is s6-pause: it does nothing until a signal ends it.
func pause(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "thaqbip:")
	if !ok || len(rest) > 0 {
		return nil, errUsage
	}
	var ignored [lastSignal + 1]bool
	for _, o := range options {
		if o.Letter != 'p' {
			ignored[pauseSignal(o.Letter)] = true
			continue
		}
		for text := range strings.SplitSeq(o.Arg, ",") {
			n, err := strconv.ParseUint(text, 10, 7)
			if err != nil || n < 1 || n > lastSignal {
				return nil, errUsage
			}
			ignored[n] = true
		}
	}
	for sig := syscall.Signal(1); sig <= lastSignal; sig++ {
		if err := dispose(sig, ignored[sig]); err != nil {
			return nil, err
		}
	}
	for {
		_ = unix.Pause()
	}
}

const lastSignal = 64

func pauseSignal(letter byte) syscall.Signal {
	switch letter {
	case 't':
		return syscall.SIGTERM
	case 'h':
		return syscall.SIGHUP
	case 'a':
		return syscall.SIGALRM
	case 'q':
		return syscall.SIGQUIT
	case 'b':
		return syscall.SIGABRT
	}
	return syscall.SIGINT
}

// dispose makes a signal ignored, or have its default effect, which Go's runtime takes from
// most of them: a service that SIGUSR1 ends would else not end, and one that SIGQUIT ends
// would print its stack, and end with a code instead of by the signal.
func dispose(sig syscall.Signal, ignore bool) error {
	if sig == syscall.SIGKILL || sig == syscall.SIGSTOP {
		return nil
	}
	var action [8]uintptr // struct sigaction of the kernel, or more: the handler comes first
	if ignore {
		action[0] = 1 // SIG_IGN
	}
	const maskSize = lastSignal / 8
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, maskSize, 0, 0)
	if errno != 0 {
		return fmt.Errorf("cannot set what signal %d does: %w", sig, errno)
	}
	return nil
}
