// Package entries reads the files of an environment directory as they are. Package envdir
// is made of it. It is by itself for programs that are started often and do little, such
// as with-contenv: it imports nothing but what every Go program that uses os initialises
// anyway, while fmt, strings and golang.org/x/sys/unix each bring more.
package entries

import (
	"errors"
	"os"
	"slices"
	"syscall"
)

// Each calls use for each variable that the environment directory dir holds, in byte
// order of their names, with what its file holds, or with the reason why it cannot be
// read. content is valid until use returns; Value makes a value of it.
//
// Names that begin with "." or hold "=" are skipped, and so are sub-directories and files
// that are removed meanwhile. Symbolic links are followed. What is no regular file has an
// error: a FIFO could make the caller wait for ever. The error of Each is an
// [*os.PathError] for dir itself.
func Each(dir string, use func(name string, content []byte, err error)) error {
	names, err := list(dir)
	if err != nil {
		return err
	}
	r := reader{dir: dir}
	for _, name := range names {
		if name[0] == '.' || holds(name, '=') {
			continue
		}
		if content, err := r.read(name); err != errSkip { //nolint:errorlint // never wrapped
			use(name, content, err)
		}
	}
	return nil
}

// holds is strings.Contains for a byte.
func holds(name string, c byte) bool {
	for i := range len(name) {
		if name[i] == c {
			return true
		}
	}
	return false
}

// Value is the value that a file stands for: one newline at the end is cut off, then each
// NUL becomes a newline, so that the NUL in "a\x00" is a newline of the value, as with
// s6-envdir. An empty file is a variable that is not set.
func Value(content []byte) (value string, set bool) {
	if len(content) == 0 {
		return "", false
	}
	if last := len(content) - 1; content[last] == '\n' {
		content = content[:last]
	}
	for i, c := range content {
		if c == 0 {
			content[i] = '\n'
		}
	}
	return string(content), true
}

// list gives the names in a directory, sorted.
func list(dir string) ([]string, error) {
	fd, err := Again(func() (int, error) {
		return syscall.Open(dir, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, &os.PathError{Op: "open environment directory", Path: dir, Err: err}
	}
	d := os.NewFile(uintptr(fd), dir)
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, &os.PathError{Op: "list environment directory", Path: dir, Err: err}
	}
	slices.Sort(names)
	return names, nil
}

// errSkip is the error of what a directory may hold and is no variable.
var errSkip = errors.New("not a variable")

// reader reads the files of one directory. It calls the kernel itself, which
// takes less than half of what os.ReadFile does: the start of each service and
// of each with-contenv waits for this.
type reader struct {
	dir string
	buf []byte
}

// read returns what the file name holds. The result is valid until the next call.
func (r *reader) read(name string) ([]byte, error) {
	// O_NONBLOCK: a FIFO without a writer must not hold us up. O_NOCTTY: nor
	// may a link to a terminal become the controlling one of PID 1.
	const flags = syscall.O_RDONLY | syscall.O_CLOEXEC | syscall.O_NONBLOCK | syscall.O_NOCTTY
	fd, err := Again(func() (int, error) { return syscall.Open(r.dir+"/"+name, flags, 0) })
	if err != nil {
		return nil, r.openError(name, err)
	}
	defer func() { _ = syscall.Close(fd) }()

	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return nil, err
	}
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFREG:
	case syscall.S_IFDIR:
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
	var st syscall.Stat_t
	_ = syscall.Lstat(r.dir+"/"+name, &st) // an error leaves Mode 0
	switch kind := st.Mode & syscall.S_IFMT; {
	case kind == syscall.S_IFDIR:
		return errSkip
	case kind != syscall.S_IFLNK && errors.Is(err, syscall.ENOENT):
		return errSkip
	}
	return err
}

// readAll reads to the end of the file: size is a hint, since the file may be
// growing, and files of proc(5) say 0.
func (r *reader) readAll(fd, size int) ([]byte, error) {
	r.buf = slices.Grow(r.buf[:0], size+1)
	for {
		n, err := Again(func() (int, error) {
			return syscall.Read(fd, r.buf[len(r.buf):cap(r.buf)])
		})
		if n <= 0 {
			return r.buf, err
		}
		r.buf = slices.Grow(r.buf[:len(r.buf)+n], 1)
	}
}

// Again repeats a system call that a signal has interrupted: SA_RESTART, which
// Go asks for, does not hold for every file system (signal(7)).
func Again(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}
