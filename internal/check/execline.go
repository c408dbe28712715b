//go:build linux

package check

import (
	"fmt"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/s6/smallfile"
)

// scriptLimit bounds the scripts that are parsed; longer ones are not.
const scriptLimit = 1 << 20

const endsUsage = " (code 100)"

// execline finds what is wrong with an execline script.
func (c *checker) execline(path string) {
	text, err := smallfile.Read(path, scriptLimit)
	if err != nil {
		return // who reads the tree says so, if that is wrong
	}
	argv, err := execline.Parse(string(text))
	if err != nil {
		c.find(path, Error, err.Error()+endsUsage)
		return
	}
	c.run(path, argv)
}

// run finds words that cannot be run, as far along a line as it is certain which words are.
func (c *checker) run(path string, argv []string) {
	for len(argv) > 0 {
		word := argv[0]
		if severity, text := c.lacks(word); text != "" {
			c.find(path, severity, text)
			return
		}
		options, words, blocks, known := grammar(word)
		_, rest, ok := execline.Options(argv[1:], options)
		if !known || !ok || len(rest) < words || strings.Contains(strings.Join(rest[:words], ""), "$") {
			return // a substitution may be no word, or many
		}
		if word == "export" && rest[0] == "PATH" {
			return
		}
		argv = rest[words:]
		for range blocks {
			if argv, ok = c.block(path, word, argv); !ok {
				return
			}
		}
	}
}

// block takes a block from a line and looks at it.
func (c *checker) block(path, word string, argv []string) (rest []string, ok bool) {
	var block []string
	for i, w := range argv {
		if w == "" {
			c.run(path, block)
			return argv[i+1:], true
		}
		inner, quoted := strings.CutPrefix(w, " ")
		switch {
		case !quoted && strings.Contains(w, "$"):
			return nil, false
		case !quoted:
			c.find(path, Error, fmt.Sprintf("%s needs a block before %q%s", word, w, endsUsage))
			return nil, false
		}
		block = append(block, inner)
	}
	c.find(path, Error, word+" needs a block"+endsUsage)
	return nil, false
}

// grammar tells what stands between a word and the next one that is run: options, so many
// words, so many blocks, each of which is run. It knows the words that are used most.
func grammar(word string) (options string, words, blocks int, known bool) {
	switch word {
	case "with-contenv":
		return "", 0, 0, true
	case "exec":
		return "cla:", 0, 0, true
	case "foreground":
		return "", 0, 1, true
	case "background":
		return "d", 0, 1, true
	case "pipeline":
		return "drw", 0, 1, true
	case "if":
		return "nXtx:", 0, 1, true
	case "ifelse", "ifte":
		return "nX", 0, 2, true
	case "ifthenelse":
		return "Xs", 0, 3, true
	case "backtick":
		return "iIxD:NnEe", 1, 1, true
	case "s6-setuidgid", "unexport", "umask", "fdclose":
		return "", 1, 0, true
	case "cd":
		return "LP", 1, 0, true
	case "export":
		return "", 2, 0, true
	case "fdmove":
		return "c", 2, 0, true
	case "redirfd":
		return "rwuaxnb", 2, 0, true
	case "importas":
		return "iuD:NnsCcd:", 2, 0, true
	case "define":
		return "NnsCcd:", 2, 0, true
	}
	return "", 0, 0, false
}
