//go:build linux

package applet

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/sillelien/baseinit/internal/execline"
)

// envdirClamp is how much of a file counts without -L: one byte less than its manual
// says, as in the real one.
const envdirClamp = 4095

// readEnvdir is s6-envdir: each file of a directory is a variable, and an empty one is a
// variable less. What it reads differs from package envdir in what its options say.
func readEnvdir(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "IinfLc:")
	given := execline.Given(options)
	nul := "\n"
	for _, o := range options {
		switch o.Letter {
		case 'i':
			given['I'] = false
		case 'c':
			nul = o.Arg[:min(1, len(o.Arg))]
		}
	}
	if !ok || len(rest) < 2 {
		return nil, errUsage
	}
	dir := rest[0]
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) && given['I'] {
		return rest[1:], nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the environment: %w", err)
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || strings.Contains(name, "=") {
			continue
		}
		value, err := readVariable(filepath.Join(dir, name), given['L'])
		switch {
		case errors.Is(err, errNotFile):
			continue
		case err != nil:
			return nil, fmt.Errorf("cannot read the environment: %w", err)
		case value == "":
			p.Unset(name)
			continue
		}
		if !given['f'] {
			value, _, _ = strings.Cut(value, "\n")
			if !given['n'] {
				value = strings.TrimRight(value, " \t")
			}
		} else if !given['n'] {
			value = strings.TrimSuffix(value, "\n")
		}
		p.Set(name, strings.ReplaceAll(value, "\x00", nul))
	}
	return rest[1:], nil
}

var errNotFile = errors.New("is no file")

// readVariable reads a file. A FIFO in its place does not hold it up.
func readVariable(path string, whole bool) (string, error) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return "", &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = syscall.Close(fd) }()
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil || st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return "", errNotFile
	}
	r := io.Reader(execline.Descriptor(fd))
	if !whole {
		r = io.LimitReader(r, envdirClamp)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return "", &os.PathError{Op: "read", Path: path, Err: err}
	}
	return string(data), nil
}
