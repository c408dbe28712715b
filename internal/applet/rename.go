//go:build linux

package applet

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/execline"
)

// rename is s6-rename.
func rename(_ *execline.Process, argv []string) ([]string, error) {
	_, rest, ok := execline.Options(argv[1:], "")
	if !ok || len(rest) != 2 {
		return nil, errUsage
	}
	if err := renameFile(rest[0], rest[1]); err != nil {
		return nil, fmt.Errorf("cannot rename: %w", err)
	}
	return nil, nil
}

// renameFile is rename(2), which os.Rename is not quite: it refuses directories on its own.
func renameFile(from, to string) error {
	if err := unix.Rename(from, to); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}
