//go:build linux

// Package rawfile opens files as plain descriptors. An os.File registers with the runtime's
// poller, which opens descriptors of its own: commands that run a program next, or give it
// descriptors by number, cannot have those.
package rawfile

import (
	"errors"
	"io/fs"
	"syscall"
)

// Open is open(2), close-on-exec, with mode 0666 for what is made. It is repeated when a
// signal interrupts it; its error is an [*fs.PathError].
func Open(path string, flags int) (int, error) {
	for {
		fd, err := syscall.Open(path, flags|syscall.O_CLOEXEC, 0o666)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return -1, &fs.PathError{Op: "open", Path: path, Err: err}
		}
		return fd, nil
	}
}
