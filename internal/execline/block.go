//go:build linux

package execline

import (
	"errors"
	"fmt"
	"strings"
)

var errUnterminated = &Exit{CodeUsage, errors.New("a block is missing, or is not closed: put it in { }")}

// block takes a quoted block from the front of a line: words that begin with a
// space, up to an empty one. The words lose that space.
func (p *Process) block(argv []string) (block, rest []string, err error) {
	for i, w := range argv {
		if w == "" {
			return block, argv[i+1:], nil
		}
		unquoted, quoted := strings.CutPrefix(w, " ")
		if !quoted {
			if err := p.strict(w); err != nil {
				return nil, nil, err
			}
		}
		block = append(block, unquoted)
	}
	return nil, nil, errUnterminated
}

// strict objects to an unquoted word in a block as much as EXECLINE_STRICT wants.
func (p *Process) strict(word string) error {
	err := fmt.Errorf("the word %q of a block is not quoted", word)
	switch level, _ := p.Get("EXECLINE_STRICT"); level {
	case "", "0":
		return nil
	case "1":
		p.warn("execline", err)
		return nil
	default:
		return &Exit{CodeUsage, err}
	}
}

// blocks takes n of them.
func (p *Process) blocks(argv []string, n int) (blocks [][]string, rest []string, err error) {
	rest = argv
	for range n {
		var b []string
		if b, rest, err = p.block(rest); err != nil {
			return nil, nil, err
		}
		blocks = append(blocks, b)
	}
	return blocks, rest, nil
}
