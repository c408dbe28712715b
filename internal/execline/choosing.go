//go:build linux

package execline

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
)

// conditional is what the words for conditions have in common.
type conditional struct {
	negate, tolerant bool
	code             int // to end with instead of the condition's; negative: none
}

func (c *conditional) read(args []string, spec, usage string) ([]string, error) {
	c.code = -1
	options, rest, ok := Options(args, spec)
	for _, o := range options {
		switch o.Letter {
		case 'n':
			c.negate = true
		case 'X':
			c.tolerant = true
		case 't':
			c.code = 0
		case 'x':
			n, valid := natural(o.Arg, 255)
			ok, c.code = ok && valid, n
		}
	}
	if !ok {
		return nil, Usage(usage)
	}
	return rest, nil
}

// holds runs the condition.
func (p *Process) holds(c conditional, argv []string) (bool, result, error) {
	r, err := p.condition(argv, c.tolerant)
	return (r == result{}) != c.negate, r, err
}

func ifWord(p *Process, argv []string) ([]string, error) {
	var c conditional
	rest, err := c.read(argv[1:], "nXtx:", "if [-X] [-n] [-t | -x CODE] { PROGRAM... } PROGRAM...")
	if err != nil {
		return nil, err
	}
	block, rest, err := p.block(rest)
	if err != nil {
		return nil, err
	}
	ok, r, err := p.holds(c, block)
	switch {
	case err != nil:
		return nil, err
	case ok:
		return rest, nil
	case c.code >= 0:
		return nil, exitOf(result{code: c.code})
	case c.negate:
		return nil, &Exit{1, nil}
	}
	return nil, exitOf(r)
}

func ifelse(p *Process, argv []string) ([]string, error) {
	var c conditional
	rest, err := c.read(argv[1:], "nX", "ifelse [-X] [-n] { PROGRAM... } { PROGRAM... } PROGRAM...")
	if err != nil {
		return nil, err
	}
	blocks, rest, err := p.blocks(rest, 2)
	if err != nil {
		return nil, err
	}
	ok, _, err := p.holds(c, blocks[0])
	if ok {
		rest = blocks[1]
	}
	return rest, err
}

func ifte(p *Process, argv []string) ([]string, error) {
	var c conditional
	rest, err := c.read(argv[1:], "nX", "ifte [-X] [-n] { PROGRAM... } { PROGRAM... } PROGRAM...")
	if err != nil {
		return nil, err
	}
	blocks, rest, err := p.blocks(rest, 2)
	if err != nil {
		return nil, err
	}
	if len(rest) == 0 {
		return nil, Usage("ifte [-X] [-n] { PROGRAM... } { PROGRAM... } PROGRAM...")
	}
	ok, _, err := p.holds(c, rest)
	if ok {
		return blocks[0], err
	}
	return blocks[1], err
}

func ifthenelse(p *Process, argv []string) ([]string, error) {
	var c conditional
	rest, err := c.read(argv[1:], "Xs", "ifthenelse [-X] { PROGRAM... } { PROGRAM... } { PROGRAM... } PROGRAM...")
	if err != nil {
		return nil, err
	}
	blocks, rest, err := p.blocks(rest, 3)
	if err != nil {
		return nil, err
	}
	ok, _, err := p.holds(c, blocks[0])
	if err != nil {
		return nil, err
	}
	branch := blocks[2]
	if ok {
		branch = blocks[1]
	}
	p.Set("?", strconv.Itoa(p.tolerantly(argv[0], branch)))
	return rest, nil
}

// caseWord runs the program of the first pattern that matches a value.
func caseWord(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], "SseEinN")
	given := Given(options)
	if !ok || len(rest) < 2 {
		return nil, Usage("case [-S | -s] [-E | -e] [-i] [-n | -N] VALUE { PATTERN { PROGRAM... } ... } PROGRAM...")
	}
	value := rest[0]
	block, rest, err := p.block(rest[1:])
	if err != nil {
		return nil, err
	}
	for len(block) > 0 {
		pattern := block[0]
		var program []string
		if program, block, err = p.block(block[1:]); err != nil {
			return nil, err
		}
		parts, err := matches(value, pattern, given)
		if err != nil {
			return nil, err
		}
		if parts == nil {
			continue
		}
		if given['N'] && !given['s'] {
			p.Set("#", strconv.Itoa(len(parts)-1))
			p.Set("0", pattern)
			for i, part := range parts[1:] {
				p.Set(strconv.Itoa(i+1), part)
			}
		}
		return program, nil
	}
	return rest, nil
}

// matches gives the value and the parts of it that the pattern's subexpressions
// match, or nil. A pattern matches all of a value.
func matches(value, pattern string, given map[byte]bool) ([]string, error) {
	if given['s'] {
		ok, err := path.Match(pattern, value)
		if err != nil {
			return nil, &Exit{CodeUsage, fmt.Errorf("cannot use the pattern %q: %w", pattern, err)}
		}
		if ok {
			return []string{value}, nil
		}
		return nil, nil
	}
	text := "^(?:" + pattern + ")$"
	if given['i'] {
		text = "(?i)" + text
	}
	re, err := compile(text)
	if err != nil {
		return nil, err
	}
	return re.FindStringSubmatch(value), nil
}

// compile makes a regular expression that looks for the longest match, as POSIX's do.
func compile(text string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, &Exit{CodeUsage, fmt.Errorf("cannot use the pattern: %w", err)}
	}
	re.Longest()
	return re, nil
}

// Matcher gives what tells whether an extended regular expression matches a line.
func Matcher(text string) (func(line []byte) bool, error) {
	re, err := compile(text)
	if err != nil {
		return nil, err
	}
	return re.Match, nil
}
