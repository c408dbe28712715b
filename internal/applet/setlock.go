//go:build linux

package applet

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/execline"
)

// setlock is s6-setlock: the lock is one of fcntl(2), so that it is the process', passes
// on to the program and ends with it. The program has a descriptor of the file for that.
func setlock(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "nNrwt:")
	limit, shared := time.Duration(-1), false // for ever
	for _, o := range options {
		switch o.Letter {
		case 'n':
			limit = 0
		case 'N':
			limit = -1
		case 't':
			ms, valid := milliseconds(o.Arg)
			ok = ok && valid
			limit = time.Duration(ms) * time.Millisecond
		default:
			shared = o.Letter == 'r'
		}
	}
	if !ok || len(rest) < 2 {
		return nil, errUsage
	}
	file := rest[0]
	lock, flags := int16(syscall.F_WRLCK), syscall.O_WRONLY
	if shared {
		lock, flags = syscall.F_RDLCK, syscall.O_RDONLY
	}
	fd, err := syscall.Open(file, flags|syscall.O_CREAT|syscall.O_NONBLOCK, 0o666)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: file, Err: err}
	}
	if err := takeLock(fd, lock, limit); err != nil {
		return nil, fail(1, "cannot lock %s: %w", file, err)
	}
	return rest[1:], nil
}

// takeLock takes a lock; a negative limit is none.
func takeLock(fd int, lock int16, limit time.Duration) error {
	command := syscall.F_SETLKW
	if limit == 0 {
		command = syscall.F_SETLK
	}
	take := func() error {
		for {
			err := syscall.FcntlFlock(uintptr(fd), command, &syscall.Flock_t{Type: lock})
			if !errors.Is(err, syscall.EINTR) {
				return err
			}
		}
	}
	if limit <= 0 {
		return take()
	}
	// Which thread takes it does not matter to the kernel.
	taken := make(chan error, 1)
	go func() { taken <- take() }()
	select {
	case err := <-taken:
		return err
	case <-time.After(limit):
		return fmt.Errorf("another process still has it after %v", limit)
	}
}
