// Package program finds the file of a program, and says why one cannot be run: what
// execve(2) has one error number for has many reasons.
package program

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// defaultPath is searched when the environment has no PATH, as shells do.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Find gives the path of a program as execvp(3) finds it, with the PATH of the
// environment and from the directory that the program is to have; "" is the present
// one. A name with a slash is the path.
func Find(name string, env []string, cwd string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	err := error(syscall.ENOENT)
	for _, dir := range filepath.SplitList(lookup(env, "PATH", defaultPath)) {
		if dir == "" {
			dir = "."
		}
		path := dir + "/" + name
		info, e := os.Stat(from(cwd, path))
		switch {
		case e != nil:
			continue
		case info.IsDir(), info.Mode()&0o111 == 0:
			err = syscall.EACCES
		default:
			return path, nil
		}
	}
	return "", fmt.Errorf("cannot start %s: %w", name, explained{err, map[error]string{
		syscall.ENOENT: "no such program in PATH",
		syscall.EACCES: "found in PATH, and not executable: chmod +x it",
	}[err]})
}

// from gives a path as seen from a directory; "" is the present one.
func from(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// lookup gives the value of a variable; of several, the last.
func lookup(env []string, name, missing string) string {
	for _, entry := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return missing
}

// explained is an error number in words that say what to do.
type explained struct {
	errno error
	words string
}

func (e explained) Error() string { return e.words }
func (e explained) Unwrap() error { return e.errno }

// Explain says why a program could not be executed, in a line that names the file to
// mend. It wraps errno.
func Explain(path, dir string, errno error) error {
	if info, err := os.Stat(dir); dir != "" && (err != nil || !info.IsDir()) {
		return fmt.Errorf("cannot enter its directory %s: %w", dir, errno)
	}
	file := from(dir, path)
	if target, err := os.Readlink(file); err == nil && !filepath.IsAbs(path) {
		file = from(filepath.Dir(file), target) // in a directory of links: the file to mend
	}
	return fmt.Errorf("cannot start %s: %w", file, explained{errno, reason(file, errno)})
}

func reason(file string, errno error) string {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return plain(err)
	case info.IsDir():
		return "is a directory"
	case errors.Is(errno, syscall.ENOENT):
		return missingInterpreter(file)
	case errors.Is(errno, syscall.EACCES) && info.Mode()&0o111 == 0:
		return "not executable: chmod +x it"
	case errors.Is(errno, syscall.EACCES):
		return "permission denied: by its mode, by its interpreter's, or since its file system is mounted noexec"
	case errors.Is(errno, syscall.ENOEXEC) && info.Size() == 0:
		return "it is empty"
	case errors.Is(errno, syscall.ENOEXEC):
		return "neither a program for this machine nor a script"
	default:
		return errno.Error()
	}
}

// plain is an error without the path, which the caller has named.
func plain(err error) string {
	if pathErr, ok := errors.AsType[*os.PathError](err); ok {
		err = pathErr.Err
	}
	return err.Error()
}

// missingInterpreter explains why the kernel says that a file which is there is
// not: its interpreter or its dynamic loader is missing.
func missingInterpreter(file string) string {
	line := firstLine(file)
	if !strings.HasPrefix(line, "#!") {
		return "its dynamic loader is missing: it was built for another C library"
	}
	if line, ok := strings.CutSuffix(line, "\r"); ok {
		return fmt.Sprintf(`no such interpreter "%s^M": the file has Windows line ends; remove them: sed -i 's/\r$//' %s`, line, file)
	}
	return fmt.Sprintf("no such interpreter %q", line)
}

func firstLine(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	buf := make([]byte, 256)
	n, _ := f.Read(buf)
	line, _, _ := bytes.Cut(buf[:n], []byte{'\n'})
	return string(line)
}

// IsText tells whether a file could be a shell script: it holds no NUL at its
// beginning.
func IsText(path, dir string) bool {
	f, err := os.Open(from(dir, path))
	if err != nil {
		return false
	}
	defer f.Close()
	buf := make([]byte, 256)
	n, _ := f.Read(buf)
	return n > 0 && bytes.IndexByte(buf[:n], 0) < 0
}
