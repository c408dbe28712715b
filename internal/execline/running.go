//go:build linux

package execline

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"syscall"
)

// execOptions are those of exec and tryexec.
type execOptions struct {
	clear, login bool
	name         string
}

func (e *execOptions) set(o Option) {
	switch o.Letter {
	case 'c':
		e.clear = true
	case 'l':
		e.login = true
	case 'a':
		e.name = o.Arg
	}
}

// line gives the rest of a line that is to be run in this way, or becomes it: a word of
// ours has no other name.
func (p *Process) line(e execOptions, argv []string) ([]string, error) {
	if e.clear {
		p.Env = nil
	}
	if e.name == "" && !e.login {
		return argv, nil
	}
	file := argv[0]
	if p.word(file) != nil {
		return argv, nil // one of ours knows itself by its name
	}
	argv = append([]string(nil), argv...)
	if e.name != "" {
		argv[0] = e.name
	}
	if e.login {
		argv[0] = "-" + argv[0]
	}
	return nil, p.becomeAs(file, argv)
}

func execute(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], "cla:")
	if !ok || len(rest) == 0 {
		return nil, Usage("exec [-c] [-l] [-a NAME] PROGRAM...")
	}
	var e execOptions
	for _, o := range options {
		e.set(o)
	}
	return p.line(e, rest)
}

func tryexec(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], "ncla:")
	var e execOptions
	reverse := false
	for _, o := range options {
		reverse = reverse || o.Letter == 'n'
		e.set(o)
	}
	if !ok || len(rest) == 0 {
		return nil, Usage("tryexec [-n] [-c] [-l] [-a NAME] { PROGRAM... } PROGRAM...")
	}
	first, second, err := p.block(rest)
	if err != nil {
		return nil, err
	}
	if reverse {
		first, second = second, first
	}
	if len(first) == 0 {
		return nil, nil
	}
	if p.word(first[0]) == nil { // it is known only now whether it can be run
		env := p.Env
		if line, err := p.line(e, first); err == nil {
			_ = p.become(line) // the reason does not matter: the other one is for that
		}
		p.Env = env
		return second, nil
	}
	return p.line(e, first)
}

// exit ends with a code, of which the kernel keeps the last eight bits.
func exit(_ *Process, argv []string) ([]string, error) {
	if len(argv) < 2 {
		return nil, nil
	}
	n, ok := natural(argv[1], math.MaxUint32)
	if !ok {
		return nil, Usage("exit [CODE]")
	}
	return nil, exitOf(result{code: n & 255})
}

func foreground(p *Process, argv []string) ([]string, error) {
	block, rest, err := p.block(argv[1:])
	if err != nil {
		return nil, err
	}
	p.Set("?", strconv.Itoa(p.tolerantly(argv[0], block)))
	return rest, nil
}

// tolerantly runs a line, and gives what a child that cannot run it would end with.
func (p *Process) tolerantly(name string, argv []string) int {
	r, err := p.run(argv)
	if err != nil {
		p.warn(name, err)
		return CodeMissing
	}
	return r.exact()
}

func background(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], "d")
	if !ok {
		return nil, Usage("background [-d] { PROGRAM... } PROGRAM...")
	}
	block, rest, err := p.block(rest)
	if err != nil {
		return nil, err
	}
	pid, err := p.child(len(options) > 0, block, standard())
	if err != nil {
		return nil, err
	}
	p.Set("!", pid)
	return rest, nil
}

// child starts a line as our child, or as a grandchild.
func (p *Process) child(grandchild bool, argv []string, files []uintptr) (string, error) {
	if grandchild {
		return p.detached(argv, files)
	}
	pid, err := p.start(argv, files)
	return strconv.Itoa(pid), err
}

func pipeline(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], "drw")
	grandchild, writer := false, false
	for _, o := range options {
		switch o.Letter {
		case 'd':
			grandchild = true
		default:
			writer = o.Letter == 'w'
		}
	}
	if !ok {
		return nil, Usage("pipeline [-d] [-r | -w] { PROGRAM... } PROGRAM...")
	}
	block, rest, err := p.block(rest)
	if err != nil {
		return nil, err
	}
	if len(rest) == 0 {
		return nil, &Exit{CodeUsage, errors.New("there is no program for the other end of the pipe")}
	}
	r, w, err := pipe()
	if err != nil {
		return nil, err
	}
	files := standard()
	ours, theirs, at := r, w, 0
	if writer {
		ours, theirs, at = w, r, 1
	}
	files[1-at] = uintptr(theirs)
	pid, err := p.child(grandchild, block, files)
	if err != nil {
		return nil, err
	}
	_ = syscall.Close(theirs)
	if err := move(ours, at); err != nil {
		return nil, fmt.Errorf("cannot use the pipe: %w", err)
	}
	if ours != at {
		_ = syscall.Close(ours)
	}
	p.Set("!", pid)
	return rest, nil
}

func exitOf(r result) error {
	if code := r.approximate(); code != 0 {
		return &Exit{code, nil}
	}
	return nil
}
