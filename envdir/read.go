package envdir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Read returns the variables that the environment directory dir holds.
//
// Names that begin with "." or hold "=" are skipped, and so are sub-directories.
// Symbolic links are followed. In a value, one newline at the end is cut off
// and each NUL becomes a newline.
//
// A file that cannot be read, or is no regular file (a FIFO could make the
// caller wait for ever), is an error that names it. The errors of several files
// are joined, and the variables of all other files are returned beside it. The
// result is nil only if dir itself cannot be read; the error then wraps
// [io/fs.ErrNotExist] if there is no such directory.
func Read(dir string) (Env, error) {
	d, err := openDir(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("cannot list environment directory: %w", err)
	}
	slices.Sort(names)

	env := make(Env, 0, len(names))
	var errs []error
	r := reader{dir: int(d.Fd())}
	for _, name := range names {
		if name[0] == '.' || strings.Contains(name, "=") {
			continue
		}
		switch content, err := r.read(name); {
		case errors.Is(err, errSkip):
		case err != nil:
			errs = append(errs, fmt.Errorf("cannot read %s: %w", filepath.Join(dir, name), err))
		default:
			env = append(env, parse(name, content))
		}
	}
	return env, errors.Join(errs...)
}

// parse cuts the newline before it replaces NULs, as s6-envdir does: the NUL in
// "a\x00" is a newline of the value.
func parse(name string, content []byte) Var {
	if len(content) == 0 {
		return Var{Name: name, Unset: true}
	}
	value := strings.TrimSuffix(string(content), "\n")
	return Var{Name: name, Value: strings.ReplaceAll(value, "\x00", "\n")}
}

// errSkip is the error of what a directory may hold and is no variable.
var errSkip = errors.New("not a variable")

// reader reads the files of one directory. It calls the kernel itself, which
// takes less than half of what os.ReadFile does: the start of each service and
// of each with-contenv waits for this.
type reader struct {
	dir int
	buf []byte
}

// read returns what the file name holds. The result is valid until the next call.
func (r *reader) read(name string) ([]byte, error) {
	// O_NONBLOCK: a FIFO without a writer must not hold us up. O_NOCTTY: nor
	// may a link to a terminal become the controlling one of PID 1.
	const flags = unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK | unix.O_NOCTTY
	fd, err := again(func() (int, error) { return unix.Openat(r.dir, name, flags, 0) })
	if err != nil {
		return nil, r.openError(name, err)
	}
	defer unix.Close(fd)

	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		return nil, errSkip
	default:
		return nil, errors.New("not a regular file")
	}
	return r.readAll(fd, int(st.Size))
}

// openError says what the failed open of name means: a file that is gone since
// the directory was listed is nothing to report, nor is a sub-directory. A link
// to nothing is.
func (r *reader) openError(name string, err error) error {
	var st unix.Stat_t
	_ = unix.Fstatat(r.dir, name, &st, unix.AT_SYMLINK_NOFOLLOW) // an error leaves Mode 0
	switch kind := st.Mode & unix.S_IFMT; {
	case kind == unix.S_IFDIR:
		return errSkip
	case kind != unix.S_IFLNK && errors.Is(err, unix.ENOENT):
		return errSkip
	}
	return err
}

// readAll reads to the end of the file: size is a hint, since the file may be
// growing, and files of proc(5) say 0.
func (r *reader) readAll(fd, size int) ([]byte, error) {
	r.buf = slices.Grow(r.buf[:0], size+1)
	for {
		n, err := again(func() (int, error) {
			return unix.Read(fd, r.buf[len(r.buf):cap(r.buf)])
		})
		if n <= 0 {
			return r.buf, err
		}
		r.buf = slices.Grow(r.buf[:len(r.buf)+n], 1)
	}
}

func openDir(dir string) (*os.File, error) {
	fd, err := again(func() (int, error) {
		return unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, fmt.Errorf("cannot open environment directory %s: %w", dir, err)
	}
	return os.NewFile(uintptr(fd), dir), nil
}

// again repeats a system call that a signal has interrupted: SA_RESTART, which
// Go asks for, does not hold for every file system (signal(7)).
func again(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}
