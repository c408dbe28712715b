//go:build linux

package applet

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/sillelien/baseinit/internal/execline"
)

// linkname is s6-linkname: what a symbolic link holds, or where a path leads.
func linkname(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "nf")
	if !ok || len(rest) != 1 {
		return nil, errUsage
	}
	given := execline.Given(options)
	read, end := os.Readlink, "\n"
	if given['f'] {
		read = resolve
	}
	if given['n'] {
		end = ""
	}
	target, err := read(rest[0])
	if err != nil {
		return nil, fmt.Errorf("cannot read the link: %w", err)
	}
	return nil, execline.Write(1, target+end)
}

// resolve gives the absolute path without links: realpath(3).
func resolve(path string) (string, error) {
	if path == "" {
		return "", &os.PathError{Op: "resolve", Path: path, Err: os.ErrNotExist}
	}
	full, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	full, err = filepath.Abs(full)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(full) // the directory that we are in may be one
}
