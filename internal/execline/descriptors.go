//go:build linux

package execline

import (
	"fmt"
	"os"
	"strconv"
	"syscall"

	"github.com/sillelien/baseinit/internal/rawfile"
)

// call is a word's call whose first arguments are descriptors.
type call struct {
	options []Option
	fds     []int
	rest    []string // what follows them
}

// descriptors reads such a call: n descriptors, and then at least so many words.
func descriptors(argv []string, letters string, n, words int) (c call, ok bool) {
	c.options, c.rest, ok = Options(argv[1:], letters)
	if !ok || len(c.rest) < n+words {
		return c, false
	}
	for _, text := range c.rest[:n] {
		fd, valid := natural(text, mostArguments)
		if !valid {
			return c, false
		}
		c.fds = append(c.fds, fd)
	}
	c.rest = c.rest[n:]
	return c, true
}

func redirfd(_ *Process, argv []string) ([]string, error) {
	c, ok := descriptors(argv, "rwuaxnb", 1, 2)
	how, flags, nonblock, change := byte(0), 0, false, false
	for _, o := range c.options {
		switch o.Letter {
		case 'n':
			nonblock = true
		case 'b':
			change = true
		default:
			how = o.Letter
		}
	}
	switch how {
	case 'r':
		flags = syscall.O_RDONLY
	case 'w':
		flags = syscall.O_WRONLY | syscall.O_CREAT | syscall.O_TRUNC
	case 'u':
		flags = syscall.O_RDWR
	case 'a':
		flags = syscall.O_WRONLY | syscall.O_CREAT | syscall.O_APPEND
	case 'x':
		flags = syscall.O_WRONLY | syscall.O_CREAT | syscall.O_EXCL
	default:
		ok = false
	}
	if !ok {
		return nil, Usage("redirfd -[r|w|u|a|x] [-n] [-b] DESCRIPTOR FILE PROGRAM...")
	}
	to, file := c.fds[0], c.rest[0]
	from, err := openFor(file, flags, nonblock)
	if err != nil {
		return nil, fmt.Errorf("cannot %w", err)
	}
	if change {
		if err := syscall.SetNonblock(from, !nonblock); err != nil {
			return nil, fmt.Errorf("cannot change the mode of %s: %w", file, err)
		}
	}
	if err := moveAway(from, to); err != nil {
		return nil, fmt.Errorf("cannot use %s as descriptor %d: %w", file, to, err)
	}
	return c.rest[1:], nil
}

// openFor opens a file. A FIFO is opened for writing at once without a reader if
// nonblock is set, which the kernel refuses: a reader of ours helps.
func openFor(name string, flags int, nonblock bool) (int, error) {
	if !nonblock {
		return rawfile.Open(name, flags)
	}
	if flags&syscall.O_WRONLY == 0 {
		return rawfile.Open(name, flags|syscall.O_NONBLOCK)
	}
	fd, err := rawfile.Open(name, flags|syscall.O_NONBLOCK)
	if err == nil {
		return fd, nil
	}
	if info, serr := os.Stat(name); serr != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return fd, err
	}
	reader, rerr := rawfile.Open(name, syscall.O_RDONLY|syscall.O_NONBLOCK)
	if rerr != nil {
		return -1, rerr
	}
	defer func() { _ = syscall.Close(reader) }()
	return rawfile.Open(name, flags|syscall.O_NONBLOCK)
}

// moveAway moves a descriptor to a number.
func moveAway(from, to int) error {
	if err := move(from, to); err != nil {
		return err
	}
	if from != to {
		return syscall.Close(from)
	}
	return nil
}

func fdmove(_ *Process, argv []string) ([]string, error) {
	c, ok := descriptors(argv, "c", 2, 1)
	if !ok {
		return nil, Usage("fdmove [-c] TO FROM PROGRAM...")
	}
	to, from := c.fds[0], c.fds[1]
	err := move(from, to)
	if err == nil && from != to && len(c.options) == 0 {
		err = syscall.Close(from)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot make descriptor %d of %d: %w", to, from, err)
	}
	return c.rest, nil
}

func fdclose(_ *Process, argv []string) ([]string, error) {
	c, ok := descriptors(argv, "", 1, 1)
	if !ok {
		return nil, Usage("fdclose DESCRIPTOR PROGRAM...")
	}
	_ = syscall.Close(c.fds[0]) // it may be closed already
	return c.rest, nil
}

func fdswap(_ *Process, argv []string) ([]string, error) {
	c, ok := descriptors(argv, "", 2, 1)
	if !ok {
		return nil, Usage("fdswap DESCRIPTOR DESCRIPTOR PROGRAM...")
	}
	third, err := syscall.Dup(c.fds[0])
	if err == nil {
		err = move(c.fds[1], c.fds[0])
	}
	if err == nil {
		err = moveAway(third, c.fds[1])
	}
	if err != nil {
		return nil, fmt.Errorf("cannot swap descriptors %d and %d: %w", c.fds[0], c.fds[1], err)
	}
	return c.rest, nil
}

func fdblock(_ *Process, argv []string) ([]string, error) {
	c, ok := descriptors(argv, "n", 1, 1)
	if !ok {
		return nil, Usage("fdblock [-n] DESCRIPTOR PROGRAM...")
	}
	if err := syscall.SetNonblock(c.fds[0], len(c.options) > 0); err != nil {
		return nil, fmt.Errorf("cannot change the mode of descriptor %d: %w", c.fds[0], err)
	}
	return c.rest, nil
}

// fdreserve names descriptors that are free.
func fdreserve(p *Process, argv []string) ([]string, error) {
	c, ok := descriptors(argv, "", 1, 1)
	if !ok {
		return nil, Usage("fdreserve N PROGRAM...")
	}
	n := c.fds[0]
	var held []int
	defer func() {
		for _, fd := range held {
			_ = syscall.Close(fd)
		}
	}()
	for i := range n {
		fd, err := rawfile.Open("/dev/null", syscall.O_RDONLY)
		if err != nil {
			return nil, fmt.Errorf("cannot reserve %d descriptors: %w", n, err)
		}
		held = append(held, fd)
		p.Set("FD"+strconv.Itoa(i), strconv.Itoa(fd))
	}
	return c.rest, nil
}

// piperw makes a pipe of two descriptors.
func piperw(_ *Process, argv []string) ([]string, error) {
	c, ok := descriptors(argv, "", 2, 1)
	if !ok || c.fds[0] == c.fds[1] {
		return nil, Usage("piperw READ-DESCRIPTOR WRITE-DESCRIPTOR PROGRAM...")
	}
	r, w, err := pipe()
	if err == nil && w == c.fds[0] { // do not lose it below
		w, err = syscall.Dup(w)
	}
	if err == nil {
		err = moveAway(r, c.fds[0])
	}
	if err == nil {
		err = moveAway(w, c.fds[1])
	}
	if err != nil {
		return nil, fmt.Errorf("cannot make a pipe of descriptors %d and %d: %w", c.fds[0], c.fds[1], err)
	}
	return c.rest, nil
}

// heredoc makes a descriptor from which a text can be read.
func heredoc(p *Process, argv []string) ([]string, error) {
	c, ok := descriptors(argv, "d", 1, 2)
	if !ok {
		return nil, Usage("heredoc [-d] DESCRIPTOR TEXT PROGRAM...")
	}
	r, w, err := pipe()
	if err != nil {
		return nil, err
	}
	if err := p.feed(w, c.rest[0], len(c.options) > 0); err != nil {
		return nil, err
	}
	_ = syscall.Close(w)
	if err := moveAway(r, c.fds[0]); err != nil {
		return nil, fmt.Errorf("cannot use descriptor %d: %w", c.fds[0], err)
	}
	return c.rest[1:], nil
}

// pipeCapacity is what a pipe takes without a reader in every kernel: pipe(7).
const pipeCapacity = 4096

// feed writes a text into a pipe that nobody reads yet: a short one at once, a long one
// by a child.
func (p *Process) feed(w int, text string, grandchild bool) error {
	if len(text) <= pipeCapacity {
		return Write(w, text)
	}
	files := standard()
	files[1] = uintptr(w)
	_, err := p.child(grandchild, []string{"execline-text", text}, files)
	return err
}

// text writes its argument.
func text(_ *Process, argv []string) ([]string, error) { return nil, Write(1, argv[1]) }

func cd(_ *Process, argv []string) ([]string, error) {
	_, rest, ok := Options(argv[1:], "LP")
	if !ok || len(rest) < 2 {
		return nil, Usage("cd DIRECTORY PROGRAM...")
	}
	if err := os.Chdir(rest[0]); err != nil {
		return nil, fmt.Errorf("cannot change the directory: %w", err)
	}
	return rest[1:], nil
}

func umask(_ *Process, argv []string) ([]string, error) {
	_, rest, ok := Options(argv[1:], "")
	if !ok || len(rest) < 2 {
		return nil, Usage("umask MODE PROGRAM...")
	}
	mode, err := strconv.ParseUint(rest[0], 8, 16)
	if err != nil {
		return nil, Usage("umask MODE PROGRAM...")
	}
	syscall.Umask(int(mode))
	return rest[1:], nil
}
