//go:build linux

package execline

import (
	"bytes"
	"strconv"
	"strings"
	"syscall"
)

// loop is what the loops have in common.
type loop struct {
	parallel, insert bool
	codes            map[int]bool // nil: no code ends it
	breaks           bool         // codes are those that end it, else those that do not

	children []int
}

const loopFlags = "Eepo:x:"

// set notes an option. It is not ok if its value is none.
func (l *loop) set(o Option) (ok bool) {
	switch o.Letter {
	case 'E', 'e':
		l.insert = o.Letter == 'E'
	case 'p':
		l.parallel = true
	case 'o', 'x':
		l.breaks = o.Letter == 'x'
		l.codes, ok = codeList(o.Arg)
		return ok
	}
	return true
}

func codeList(text string) (map[int]bool, bool) {
	codes := map[int]bool{}
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseUint(strings.TrimSpace(part), 10, 16)
		if err != nil {
			return nil, false
		}
		codes[int(n)] = true
	}
	return codes, true
}

// ends tells whether a run ends the loop.
func (l *loop) ends(r result) bool {
	if l.codes == nil {
		return false
	}
	return l.codes[r.approximate()] == l.breaks
}

// turn runs the loop's program once.
func (l *loop) turn(p *Process, name, value string, argv []string) error {
	sub := *p
	sub.Set(name, value)
	argv, err := sub.inserted(l.insert, name, argv)
	if err != nil {
		return err
	}
	if l.parallel {
		pid, err := sub.start(argv, standard())
		l.children = append(l.children, pid)
		return err
	}
	r, err := sub.run(argv)
	if err == nil && l.ends(r) {
		return &Exit{r.approximate(), nil}
	}
	return err
}

// finish waits for what runs in parallel.
func (l *loop) finish() error {
	failed := false
	for _, pid := range l.children {
		r, err := wait(pid)
		if err != nil {
			return err
		}
		failed = failed || l.ends(r)
	}
	if failed {
		return &Exit{1, nil}
	}
	return nil
}

func forx(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], loopFlags)
	var l loop
	for _, o := range options {
		ok = l.set(o) && ok
	}
	if !ok || len(rest) < 2 {
		return nil, Usage("forx [-E | -e] [-p] [-o CODES | -x CODES] VARIABLE { VALUE... } PROGRAM...")
	}
	name := rest[0]
	if err := checkVariable(name); err != nil {
		return nil, err
	}
	values, rest, err := p.block(rest[1:])
	if err != nil {
		return nil, err
	}
	for _, value := range values {
		if err := l.turn(p, name, value, rest); err != nil {
			return nil, err
		}
	}
	return nil, l.finish()
}

func loopwhilex(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], "no:x:")
	l := loop{codes: map[int]bool{0: true}}
	negate := false
	for _, o := range options {
		if o.Letter == 'n' {
			negate = true
			continue
		}
		ok = l.set(o) && ok
	}
	if !ok || len(rest) == 0 {
		return nil, Usage("loopwhilex [-n] [-o CODES | -x CODES] PROGRAM...")
	}
	for {
		r, err := p.run(rest)
		if err != nil {
			return nil, err
		}
		if l.ends(r) != negate {
			return nil, exitOf(r)
		}
	}
}

// splitter is how a stream becomes the values of a loop.
type splitter struct {
	keepDelim, crunch bool
	delims            string
}

const splitFlags = "NnCc0d:"

func (s *splitter) set(o Option) {
	switch o.Letter {
	case 'N', 'n':
		s.keepDelim = o.Letter == 'N'
	case 'C', 'c':
		s.crunch = o.Letter == 'C'
	case '0':
		s.delims = "\x00"
	case 'd':
		s.delims = o.Arg
	}
}

// each calls f for each value that can be read. It stops at an error.
func (s *splitter) each(fd int, f func(string) error) error {
	if s.delims == "" {
		return s.eachNetstring(fd, f)
	}
	var left []byte
	buf := make([]byte, 8192)
	for {
		n, err := read(fd, buf)
		if err != nil {
			return err
		}
		left = append(left, buf[:n]...)
		for {
			at := bytes.IndexAny(left, s.delims)
			if s.delims == "\x00" {
				at = bytes.IndexByte(left, 0)
			}
			if at < 0 {
				break
			}
			value := string(left[:at])
			if s.keepDelim {
				value = string(left[:at+1])
			}
			skip := s.crunch && at == 0
			left = left[at+1:]
			if !skip {
				if err := f(value); err != nil {
					return err
				}
			}
		}
		if n == 0 {
			break
		}
	}
	if len(left) == 0 || !s.keepDelim {
		return nil // what no delimiter ends is no value: so does the real one
	}
	return f(string(left))
}

func (s *splitter) eachNetstring(fd int, f func(string) error) error {
	data, err := readAll(fd)
	if err != nil {
		return err
	}
	values, err := netstrings(string(data))
	if err != nil {
		return err
	}
	for _, value := range values {
		if err := f(value); err != nil {
			return err
		}
	}
	return nil
}

func forstdin(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], loopFlags+splitFlags)
	var l loop
	s := splitter{delims: "\n"}
	for _, o := range options {
		ok = l.set(o) && ok
		s.set(o)
	}
	if !ok || len(rest) < 2 {
		return nil, Usage("forstdin [-E | -e] [-p | -o CODES | -x CODES] [-N | -n] [-C | -c] [-0 | -d DELIMITERS] VARIABLE PROGRAM...")
	}
	if err := checkVariable(rest[0]); err != nil {
		return nil, err
	}
	read := false
	err := s.each(0, func(value string) error {
		read = true
		return l.turn(p, rest[0], value, rest[1:])
	})
	if err == nil {
		err = l.finish()
	}
	if err == nil && !read {
		err = &Exit{1, nil}
	}
	return nil, err
}

// forbacktickx loops over what a program writes. The loop's program has our input.
func forbacktickx(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], loopFlags+splitFlags)
	var l loop
	s := splitter{delims: "\n"}
	for _, o := range options {
		ok = l.set(o) && ok
		s.set(o)
	}
	if !ok || len(rest) < 2 {
		return nil, Usage("forbacktickx [-E | -e] [-p | -o CODES | -x CODES] [-N | -n] [-C | -c] [-0 | -d DELIMITERS] VARIABLE { PROGRAM... } PROGRAM...")
	}
	name := rest[0]
	if err := checkVariable(name); err != nil {
		return nil, err
	}
	gen, rest, err := p.block(rest[1:])
	if err != nil {
		return nil, err
	}
	r, w, err := pipe()
	if err != nil {
		return nil, err
	}
	files := standard()
	files[1] = uintptr(w)
	pid, err := p.start(gen, files)
	_ = syscall.Close(w)
	if err != nil {
		return nil, err
	}
	read := false
	err = s.each(r, func(value string) error {
		read = true
		return l.turn(p, name, value, rest)
	})
	_ = syscall.Close(r)
	if err != nil {
		return nil, err
	}
	if _, err := wait(pid); err != nil {
		return nil, err
	}
	err = l.finish()
	if err == nil && !read {
		err = &Exit{1, nil}
	}
	return nil, err
}
