//go:build linux

package applet

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/execline"
)

// setsid is s6-setsid: it makes a session, or a process group in the background, in the
// foreground once the terminal is given to it, or in the foreground now.
func setsid(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "sbfgiIqd:")
	what, strictness, terminal := byte('s'), byte('I'), 0
	for _, o := range options {
		switch o.Letter {
		case 'd':
			fd, valid := milliseconds(o.Arg)
			ok, terminal = ok && valid, fd
		case 'i', 'I', 'q':
			strictness = o.Letter
		default:
			what = o.Letter
		}
	}
	if !ok || len(rest) == 0 {
		return nil, errUsage
	}
	for _, err := range lead(what, terminal) {
		switch strictness {
		case 'i':
			return nil, err
		case 'I':
			p.Warn(err)
		}
	}
	return rest, nil
}

// lead makes the process a leader, and gives all that went wrong: without a group of our
// own, the terminal is still to be had.
func lead(what byte, terminal int) (errs []error) {
	if what == 's' {
		if _, err := syscall.Setsid(); err != nil {
			errs = append(errs, fmt.Errorf("cannot make a session: %w", err))
		}
		return errs
	}
	if err := syscall.Setpgid(0, 0); err != nil {
		errs = append(errs, fmt.Errorf("cannot make a process group: %w", err))
	}
	take := takeTerminal
	switch what {
	case 'b':
		return errs
	case 'g':
		take = grabTerminal
	}
	if err := take(terminal); err != nil {
		errs = append(errs, fmt.Errorf("cannot take the terminal: %w", err))
	}
	return errs
}

// takeTerminal makes our process group that in the foreground. Who is in the background is
// stopped for it with SIGTTOU: tcsetpgrp(3).
func takeTerminal(terminal int) error {
	return unix.IoctlSetPointerInt(terminal, unix.TIOCSPGRP, os.Getpid())
}

// grabTerminal does so without being stopped.
func grabTerminal(terminal int) error {
	runtime.LockOSThread() // a signal mask is a thread's
	defer runtime.UnlockOSThread()
	var blocked, before unix.Sigset_t
	blocked.Val[0] = 1 << (unix.SIGTTOU - 1)
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &blocked, &before); err != nil {
		return err
	}
	defer func() { _ = unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil) }()
	return takeTerminal(terminal)
}
