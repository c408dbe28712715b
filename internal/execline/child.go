//go:build linux

package execline

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"

	"github.com/sillelien/baseinit/internal/rawfile"
)

// closed marks a descriptor that a child does not have.
const closed = ^uintptr(0)

// standard lists descriptors 0, 1 and 2 for a child, without those that are closed.
// The others it has anyway.
func standard() []uintptr {
	files := []uintptr{0, 1, 2}
	for i := range files {
		if _, _, e := syscall.RawSyscall(syscall.SYS_FCNTL, files[i], syscall.F_GETFD, 0); e != 0 {
			files[i] = closed
		}
	}
	return files
}

// start starts a line as a child. An empty one is a child that ends at once with 0.
func (p *Process) start(argv []string, files []uintptr) (pid int, err error) {
	if len(argv) == 0 {
		argv = []string{"exit"}
	}
	file := self
	if p.word(argv[0]) == nil {
		if file, err = lookPath(argv[0], p.path); err != nil {
			return 0, fmt.Errorf("cannot run %s: %w", argv[0], err)
		}
	}
	pid, err = syscall.ForkExec(file, argv, &syscall.ProcAttr{Env: p.Env, Files: files})
	if err != nil {
		return 0, fmt.Errorf("cannot run %s: %w", argv[0], err)
	}
	return pid, nil
}

// Start starts a line as a child. All descriptors that an exec leaves open are its too.
func (p *Process) Start(argv []string) (pid int, err error) { return p.start(argv, standard()) }

// Wait waits for a child, and gives its code, or the signal that ended it.
func Wait(pid int) (code, signal int, err error) {
	r, err := wait(pid)
	return r.code, r.signal, err
}

// result is how a child ended.
type result struct {
	code   int
	signal int // 0: it ended by itself
}

// approximate is a code to exit with for it: wait_estatus of skalibs.
func (r result) approximate() int {
	if r.signal != 0 {
		return 128 + r.signal
	}
	return r.code
}

// exact tells codes and signals apart, as $? of foreground.
func (r result) exact() int {
	if r.signal != 0 {
		return 256 + r.signal
	}
	return r.code
}

// run runs a line to its end: in this process if that cannot be told from a child.
func (p *Process) run(argv []string) (result, error) {
	if len(argv) == 0 {
		return result{}, nil
	}
	if isPure(argv[0]) && p.word(argv[0]) != nil {
		sub := *p
		sub.Env = slices.Clip(p.Env)
		return result{code: sub.Run(argv)}, nil
	}
	pid, err := p.start(argv, standard())
	if err != nil {
		return result{}, err
	}
	return wait(pid)
}

// isPure tells whether a word only ends with a code, and changes nothing of the
// process that it runs in.
func isPure(name string) bool {
	switch name {
	case "eltest", "exit", "s6-test", "s6-echo", "s6-true", "s6-false":
		return true
	}
	return false
}

// wait waits for a child.
func wait(pid int) (result, error) {
	_, r, err := waitFor(pid, 0)
	return r, err
}

// waitFor is wait4(2), without interruptions.
func waitFor(pid, options int) (int, result, error) {
	var status syscall.WaitStatus
	for {
		got, err := syscall.Wait4(pid, &status, options, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return 0, result{}, fmt.Errorf("cannot wait: %w", err)
		}
		if status.Signaled() {
			return got, result{signal: int(status.Signal())}, nil
		}
		return got, result{code: status.ExitStatus()}, nil
	}
}

// condition runs a line as a condition. Unless tolerant, one that a signal ends
// ends us.
func (p *Process) condition(argv []string, tolerant bool) (result, error) {
	r, err := p.run(argv)
	if err == nil && r.signal != 0 && !tolerant {
		err = &Exit{r.approximate(), fmt.Errorf("child crashed with signal %d", r.signal)}
	}
	return r, err
}

// pipe makes a pipe that no child inherits.
func pipe() (r, w int, err error) {
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_CLOEXEC); err != nil {
		return 0, 0, fmt.Errorf("cannot make a pipe: %w", err)
	}
	return fds[0], fds[1], nil
}

// startReading starts a line as a child and gives what reads its standard output.
func (p *Process) startReading(argv []string) (fd, pid int, err error) {
	r, w, err := pipe()
	if err != nil {
		return -1, 0, err
	}
	files := standard()
	files[1] = uintptr(w)
	pid, err = p.start(argv, files)
	_ = syscall.Close(w)
	if err != nil {
		_ = syscall.Close(r)
	}
	return r, pid, err
}

// Descriptor reads with read(2) alone. An os.File is not used where a program follows:
// the runtime's poller would take descriptors that scripts think are free.
type Descriptor int

// Read is that of io.Reader.
func (d Descriptor) Read(buf []byte) (int, error) {
	for {
		n, err := syscall.Read(int(d), buf)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return 0, err
		case n == 0 && len(buf) > 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

func readAll(fd int) ([]byte, error) {
	data, err := io.ReadAll(Descriptor(fd))
	if err != nil {
		err = fmt.Errorf("cannot read: %w", err)
	}
	return data, err
}

// readFile reads a file; "-" is standard input.
func readFile(name string) ([]byte, error) {
	if name == "-" {
		return readAll(0)
	}
	fd, err := rawfile.Open(name, syscall.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer func() { _ = syscall.Close(fd) }()
	data, err := readAll(fd)
	if err != nil {
		return nil, fmt.Errorf("cannot use %s: %w", name, err)
	}
	return data, nil
}

// Write writes all of it to a descriptor.
func Write(fd int, text string) error {
	for text != "" {
		n, err := syscall.Write(fd, []byte(text))
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("cannot write: %w", err)
		}
		text = text[n:]
	}
	return nil
}

// move makes to a copy of from, open after an exec too.
func move(from, to int) error {
	if from == to {
		_, _, e := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(to), syscall.F_SETFD, 0)
		if e != 0 {
			return e
		}
		return nil
	}
	return syscall.Dup3(from, to, 0)
}

// detached runs a block as a grandchild that nobody here need wait for, and gives
// its number. A word of ours starts it and says the number.
func (p *Process) detached(argv []string, files []uintptr) (pid string, err error) {
	r, w, err := pipe()
	if err != nil {
		return "", err
	}
	defer func() { _ = syscall.Close(r) }()
	helper, err := syscall.ForkExec(self, append([]string{detachWord}, argv...),
		&syscall.ProcAttr{Env: p.Env, Files: append(slices.Clip(files), uintptr(w))}) // which is detachFD
	_ = syscall.Close(w)
	if err != nil {
		return "", fmt.Errorf("cannot start a child: %w", err)
	}
	said, err := readAll(r)
	if ended, werr := wait(helper); err == nil && (werr != nil || ended.approximate() != 0) {
		return "", &Exit{ended.approximate(), werr}
	}
	return strings.TrimSpace(string(said)), err
}

const (
	detachWord = "execline-detach"
	detachFD   = 3
)

// detach is our part in detached.
func detach(p *Process, argv []string) ([]string, error) {
	syscall.CloseOnExec(detachFD)
	pid, err := p.start(argv[1:], standard())
	if err != nil {
		return nil, err
	}
	return nil, Write(detachFD, fmt.Sprint(pid))
}
