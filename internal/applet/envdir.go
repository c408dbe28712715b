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
	"github.com/sillelien/baseinit/internal/rawfile"
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
	return rest[1:], variables(rest[0], given['I'], given['L'], func(name, value string) {
		switch {
		case value == "":
			p.Unset(name)
			return
		case !given['f']:
			value, _, _ = strings.Cut(value, "\n")
			if !given['n'] {
				value = strings.TrimRight(value, " \t")
			}
		case !given['n']:
			value = strings.TrimSuffix(value, "\n")
		}
		p.Set(name, strings.ReplaceAll(value, "\x00", nul))
	})
}

// variables calls use with what each file of a directory holds that can be a variable: as a
// whole, or its beginning. A tolerant caller may do without the directory.
func variables(dir string, tolerant, whole bool, use func(name, value string)) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) && tolerant {
		return nil
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || strings.Contains(name, "=") {
			continue
		}
		value, rerr := readVariable(filepath.Join(dir, name), whole)
		if rerr == nil {
			use(name, value)
		} else if !errors.Is(rerr, errNotFile) && err == nil {
			err = rerr
		}
	}
	if err != nil {
		return fmt.Errorf("cannot read the environment: %w", err)
	}
	return nil
}

var errNotFile = errors.New("is no file")

// readVariable reads a file. A FIFO in its place does not hold it up.
func readVariable(path string, whole bool) (string, error) {
	fd, err := rawfile.Open(path, syscall.O_RDONLY|syscall.O_NONBLOCK)
	if err != nil {
		return "", err
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
