//go:build linux

package applet

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/execline"
)

// touch is s6-touch: it gives files the present time, and makes those that are not there.
func touch(_ *execline.Process, argv []string) ([]string, error) {
	_, files, ok := execline.Options(argv[1:], "")
	if !ok || len(files) == 0 {
		return nil, errUsage
	}
	for _, file := range files {
		if err := touchFile(file); err != nil {
			return nil, fmt.Errorf("cannot touch: %w", &os.PathError{Op: "open", Path: file, Err: err})
		}
	}
	return nil, nil
}

func touchFile(file string) error {
	err := unix.UtimesNanoAt(unix.AT_FDCWD, file, nil, 0) // now
	if !errors.Is(err, unix.ENOENT) {
		return err
	}
	fd, err := unix.Open(file, unix.O_WRONLY|unix.O_CREAT|unix.O_CLOEXEC|unix.O_NONBLOCK, 0o666)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}
