//go:build linux

package check

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// scriptLimit bounds the scripts that are parsed; longer ones are not.
const scriptLimit = 1 << 20

const endsUsage = " (code 100)"

// execline finds what is wrong with an execline script.
func (c *checker) execline(path string, as use) {
	text, ok := c.scriptText(path)
	if !ok {
		return
	}
	argv, at, err := execline.ParsePlaces(text)
	if wrong, ok := errors.AsType[*execline.SyntaxError](err); ok {
		_, reason, _ := strings.Cut(wrong.Error(), ": ")
		c.find(Finding{File: path, Line: wrong.Line, Severity: Error, Code: Execline, Text: reason + endsUsage})
		return
	}
	c.run(path, chain{argv, at}, as)
}

// run finds words that cannot be run, as far along a line as it is certain which words are.
func (c *checker) run(path string, line chain, as use) {
	for len(line.argv) > 0 {
		word := line.argv[0]
		if f, is := c.lacks(word); is {
			c.findAt(path, line.at[0], f)
			return
		}
		g, known := grammarOf(chainWords, word)
		if !known {
			if as == asService {
				c.foreground(path, line, func() {})
			}
			return
		}
		rest, user, at, ok := g.take(line)
		if !ok || strings.Contains(strings.Join(line.argv[1:len(line.argv)-len(rest.argv)], ""), "$") {
			return // a substitution may be no word, or many
		}
		if word == "export" && line.argv[1] == "PATH" {
			return
		}
		c.user(path, user, at)
		for range g.data {
			if _, rest, ok = c.block(path, line, rest); !ok {
				return
			}
		}
		for range g.blocks {
			var block chain
			if block, rest, ok = c.block(path, line, rest); !ok {
				return
			}
			c.run(path, block, asScript)
		}
		line = rest
	}
}

// block takes a block from the rest of a line that begins with the word that needs it.
func (c *checker) block(path string, head, line chain) (block, rest chain, ok bool) {
	word := head.argv[0]
	wrong := Finding{Severity: Error, Code: Execline, Text: word + " needs a block" + endsUsage}
	for i, w := range line.argv {
		if w == "" {
			block.at = line.at[:i]
			return block, line.from(line.argv[i+1:]), true
		}
		inner, quoted := strings.CutPrefix(w, " ")
		switch {
		case !quoted && strings.Contains(w, "$"):
			return block, rest, false
		case !quoted:
			wrong.Text = fmt.Sprintf("%s needs a block before %q%s", word, w, endsUsage)
			c.findAt(path, line.at[i], wrong)
			return block, rest, false
		}
		block.argv = append(block.argv, inner)
	}
	c.findAt(path, head.at[0], wrong)
	return block, rest, false
}
