package envdir

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/envdir/entries"
)

// ErrName is wrapped by the errors of [Write] about a variable whose name cannot
// be the name of a file: it is empty, begins with ".", holds "/", or is longer
// than 255 bytes (NAME_MAX).
var ErrName = errors.New("no file of an environment directory can have this name")

// Write makes a file in dir for each NAME=VALUE string of environ; of equal
// names the last one counts. It makes dir, and what leads to it, if missing.
// The directory has mode 0755, before umask(2), and each file 0644, whatever the umask.
//
// [Read] returns the very same values: a file holds the value and a newline.
// Each file is replaced in one step, so that a concurrent Read sees the old
// value or the new one. Other files of dir are left alone: to start afresh,
// remove dir first.
//
// A variable that cannot be written is an error that names it (see [ErrName];
// a string without "=" and a value with a NUL are errors too), and all others
// are written all the same. Errors are joined. If no file at all can be made in
// dir, that is a single error.
func Write(dir string, environ []string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("cannot make environment directory: %w", err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("cannot write to the environment directory: %w", err)
	}
	defer d.Close()

	var errs []error
	// The dot hides the file from readers until it is renamed.
	w := writer{dir: int(d.Fd()), temp: ".envdir-" + strconv.FormatUint(rand.Uint64(), 36)}
	for _, entry := range environ {
		name, value, err := split(entry)
		if err == nil {
			err = w.write(name, value)
		}
		if errors.Is(err, errCreate) {
			return errors.Join(append(errs, fmt.Errorf("cannot write to environment directory %s: %w", dir, err))...)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot write variable %q to %s: %w", name, dir, err))
		}
	}
	return errors.Join(errs...)
}

// split returns the parts of NAME=VALUE, and why no file can hold them.
func split(entry string) (name, value string, err error) {
	name, value, ok := strings.Cut(entry, "=")
	switch {
	case !ok:
		err = errors.New("it has no value: want NAME=VALUE")
	case name == "", name[0] == '.', len(name) > 255, strings.ContainsAny(name, "/\x00"):
		err = ErrName
	case strings.Contains(value, "\x00"):
		err = errors.New("its value holds a NUL byte")
	}
	return name, value, err
}

// errCreate is the error of a directory in which no file can be made.
var errCreate = errors.New("cannot create a file")

// writer writes the files of one directory, one after another.
type writer struct {
	dir  int
	temp string
	buf  []byte
}

func (w *writer) write(name, value string) error {
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_CLOEXEC
	fd, err := entries.Again(func() (int, error) { return unix.Openat(w.dir, w.temp, flags, 0o644) })
	if err != nil {
		return fmt.Errorf("%w: %w", errCreate, err)
	}
	w.buf = append(append(w.buf[:0], value...), '\n')
	err = errors.Join(unix.Fchmod(fd, 0o644), writeAll(fd, w.buf), unix.Close(fd))
	if err == nil {
		err = unix.Renameat(w.dir, w.temp, w.dir, name)
	}
	if err != nil {
		_ = unix.Unlinkat(w.dir, w.temp, 0) // the first error is the one to report
	}
	return err
}

func writeAll(fd int, p []byte) error {
	for len(p) > 0 {
		n, err := entries.Again(func() (int, error) { return unix.Write(fd, p) })
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}
