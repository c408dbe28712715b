//go:build linux

package applet

import (
	"errors"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/servicedir"
)

// svcLetters are the commands of s6-svc, each of which is its own letter in the protocol.
const svcLetters = "abqhkti12pcyroduDUxOQPCKl"

// svc is s6-svc: it sends commands, and waits if it is told to.
func svc(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], svcLetters+"w:T:s:")
	if !ok || len(rest) == 0 {
		return nil, errUsage
	}
	letters, w := "", waiting{lenient: true}
	for _, o := range options {
		switch o.Letter {
		case 'w':
			if len(o.Arg) != 1 || !w.state(o.Arg[0]) {
				return nil, errUsage
			}
		case 'T':
			ms, ok := milliseconds(o.Arg)
			if !ok {
				return nil, errUsage
			}
			w.limit = time.Duration(ms) * time.Millisecond
		case 's':
			letter, ok := signalLetter(o.Arg)
			if !ok {
				return nil, errUsage
			}
			letters += string(letter)
		default:
			letters += string(o.Letter)
		}
	}
	for i := range rest {
		rest[i] = serviceDir(p, rest[i])
	}
	if letters == "" && w.wanted == 0 {
		return nil, nil
	}
	err := w.await(p, rest, func() error {
		var errs []error
		for _, dir := range rest {
			if letters != "" {
				errs = append(errs, servicedir.Send(dir, letters))
			}
		}
		return errors.Join(errs...)
	})
	return nil, unsupervised(err, execline.CodeUsage)
}

// signalLetter gives the command that sends a signal.
func signalLetter(name string) (letter byte, ok bool) {
	n, ok := signalNumber(name)
	if !ok {
		n, ok = signalNumber("SIG" + name)
	}
	switch syscall.Signal(n) {
	case syscall.SIGALRM:
		return 'a', ok
	case syscall.SIGABRT:
		return 'b', ok
	case syscall.SIGQUIT:
		return 'q', ok
	case syscall.SIGHUP:
		return 'h', ok
	case syscall.SIGKILL:
		return 'k', ok
	case syscall.SIGTERM:
		return 't', ok
	case syscall.SIGINT:
		return 'i', ok
	case syscall.SIGUSR1:
		return '1', ok
	case syscall.SIGUSR2:
		return '2', ok
	case syscall.SIGSTOP:
		return 'p', ok
	case syscall.SIGCONT:
		return 'c', ok
	case syscall.SIGWINCH:
		return 'y', ok
	}
	return 0, false
}

// svok is s6-svok.
func svok(p *execline.Process, argv []string) ([]string, error) {
	if len(argv) != 2 {
		return nil, errUsage
	}
	if !servicedir.Supervised(serviceDir(p, argv[1])) {
		return nil, exit(1)
	}
	return nil, nil
}

// notifies tells whether a service says when it is ready.
func notifies(dir string) bool {
	var st syscall.Stat_t
	return syscall.Stat(filepath.Join(dir, "notification-fd"), &st) == nil
}
