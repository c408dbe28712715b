//go:build linux

package s6log

import (
	"errors"
	"fmt"
	"regexp"
)

// selection selects or deselects lines.
type selection struct {
	sign byte           // +, - or f
	re   *regexp.Regexp // nil: every line
}

// newSelection reads +REGEXP, -REGEXP or f. What is no POSIX extended regular
// expression may still be one with \w, \s or \b, which those of glibc have too.
func newSelection(text string) (selection, error) {
	s, pattern := selection{sign: text[0]}, text[1:]
	if pattern == "" {
		return s, nil
	}
	if s.sign == 'f' {
		return s, errors.New("nothing may follow the letter")
	}
	var err error
	if s.re, err = regexp.CompilePOSIX(pattern); err == nil {
		return s, nil
	}
	if s.re, err = regexp.Compile(pattern); err != nil {
		return s, fmt.Errorf("cannot use the regular expression: %w", err)
	}
	return s, nil
}

// apply tells whether a line is selected after it, when it was before or not, and was
// acted upon or not.
func (s *selection) apply(line []byte, selected, acted bool) bool {
	switch s.sign {
	case '+':
		return selected || s.matches(line)
	case '-':
		return selected && !s.matches(line)
	}
	return !acted
}

func (s *selection) matches(line []byte) bool { return s.re == nil || s.re.Match(line) }
