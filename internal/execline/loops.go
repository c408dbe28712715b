//go:build linux

package execline

import (
	"bytes"
	"errors"
	"io"
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
		n, ok := natural(strings.TrimSpace(part), mostWords)
		if !ok {
			return nil, false
		}
		codes[n] = true
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
		n, err := Descriptor(fd).Read(buf)
		if err != nil && !errors.Is(err, io.EOF) {
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

// stream is a loop over what can be read.
type stream struct {
	loop
	splitter
	variable string
}

// newStream reads the words that forstdin and forbacktickx begin with, and gives the rest.
func newStream(name, block string, argv []string) (*stream, []string, error) {
	options, rest, ok := Options(argv, loopFlags+splitFlags)
	s := &stream{splitter: splitter{delims: "\n"}}
	for _, o := range options {
		ok = s.loop.set(o) && ok
		s.splitter.set(o)
	}
	if !ok || len(rest) < 2 {
		return nil, nil, Usage(name + " [-E | -e] [-p | -o CODES | -x CODES] [-N | -n] [-C | -c] [-0 | -d DELIMITERS] VARIABLE " + block + "PROGRAM...")
	}
	s.variable = rest[0]
	return s, rest[1:], checkVariable(s.variable)
}

// over runs the program for each value, and tells whether there was any.
func (s *stream) over(p *Process, fd int, argv []string) (some bool, err error) {
	err = s.each(fd, func(value string) error {
		some = true
		return s.turn(p, s.variable, value, argv)
	})
	return some, err
}

// end ends a loop that nothing has cut short: with 1 if there was no value.
func (s *stream) end(some bool) error {
	err := s.finish()
	if err == nil && !some {
		err = &Exit{1, nil}
	}
	return err
}

func forstdin(p *Process, argv []string) ([]string, error) {
	s, rest, err := newStream("forstdin", "", argv[1:])
	if err != nil {
		return nil, err
	}
	some, err := s.over(p, 0, rest)
	if err != nil {
		return nil, err
	}
	return nil, s.end(some)
}

// forbacktickx loops over what a program writes. The loop's program has our input.
func forbacktickx(p *Process, argv []string) ([]string, error) {
	s, rest, err := newStream("forbacktickx", "{ PROGRAM... } ", argv[1:])
	if err != nil {
		return nil, err
	}
	generator, rest, err := p.block(rest)
	if err != nil {
		return nil, err
	}
	fd, pid, err := p.startReading(generator)
	if err != nil {
		return nil, err
	}
	some, err := s.over(p, fd, rest)
	_ = syscall.Close(fd)
	if err != nil {
		return nil, err
	}
	if _, err := wait(pid); err != nil {
		return nil, err
	}
	return nil, s.end(some)
}
