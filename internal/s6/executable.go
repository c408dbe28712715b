package s6

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/s6/smallfile"
)

// What was done about a file that is not executable.
const (
	noteMadeExecutable = "was not executable: made so (chmod +x it where the image is built)"
	noteInterpreter    = "is not executable and cannot be made so: it is run through its interpreter"
	noteNotExecutable  = "is not executable: root makes it so at each start, others run it through its interpreter (chmod +x it where the image is built)"
)

// command gives the words that run the file at path under the name as, which
// is what the script sees as $0: the file itself if it is executable or can
// be made so, else its interpreter; with lookOnly its mode is left as it is. note says
// which of these, if not the first; err is the reason why not, without the path.
func command(path, as string, lookOnly bool) (argv []string, note string, err error) {
	if err := runnable(path); err != nil {
		return nil, "", err
	}
	if executable(path) {
		return []string{as}, "", nil
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, "", fmt.Errorf("it is not executable, and it cannot be read: %w", smallfile.Cause(err))
	}
	defer f.Close()
	if lookOnly {
		return []string{as}, noteNotExecutable, nil
	}
	if makeExecutable(f) && executable(path) {
		return []string{as}, noteMadeExecutable, nil
	}
	argv, err = interpreter(f)
	if err != nil {
		return nil, "", err
	}
	return append(argv, as), noteInterpreter, nil
}

// runnable tells why a path is nothing that could ever be run.
func runnable(path string) error {
	fi, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if target, lerr := os.Readlink(path); lerr == nil {
			return fmt.Errorf("it is a link to %s, which does not exist", target)
		}
	}
	if err != nil {
		return smallfile.Cause(err)
	}
	if !fi.Mode().IsRegular() {
		return fmt.Errorf("it is %s, not a script", smallfile.Kind(fi.Mode()))
	}
	return nil
}

// executable asks the kernel, which counts in capabilities, ACLs and file
// systems mounted noexec: access(2).
func executable(path string) bool { return unix.Access(path, unix.X_OK) == nil }

// makeExecutable lets those execute the file who may read it: 0644 becomes
// 0755, and 0600 becomes 0700 since it may hold a secret. Only root does so: s6-overlay
// never did more, and a user's working copy of a tree keeps its modes.
func makeExecutable(f *os.File) bool {
	if os.Geteuid() != 0 {
		return false
	}
	fi, err := f.Stat()
	if err != nil {
		return false
	}
	mode := fi.Mode()
	wanted := mode | 0o500 | mode&0o444>>2
	return wanted != mode && f.Chmod(wanted) == nil
}

// interpreter reads the file's first line as execve(2) does: what follows #! up
// to a blank is the interpreter, all the rest is one argument.
func interpreter(f *os.File) ([]string, error) {
	head, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return nil, smallfile.Cause(err)
	}
	if bytes.HasPrefix(head, []byte("\x7fELF")) {
		return nil, errors.New("it is a program and not executable: " +
			"chmod +x it where the image is built, and keep it off file systems mounted noexec")
	}
	first, _, _ := strings.Cut(string(head), "\n")
	line, found := strings.CutPrefix(first, "#!")
	if found && strings.HasSuffix(line, "\r") {
		return nil, fmt.Errorf("its interpreter line ends in CRLF (`%s^M`): save it with Unix line ends, e.g. sed -i 's/\\r$//' %s",
			strings.TrimSuffix(first, "\r"), f.Name())
	}
	line = strings.Trim(line, " \t")
	if !found || line == "" {
		return []string{"/bin/sh"}, nil // so do shells when execve says ENOEXEC
	}
	blank := strings.IndexAny(line, " \t")
	if blank < 0 {
		return []string{line}, nil
	}
	return []string{line[:blank], strings.TrimLeft(line[blank:], " \t")}, nil
}
