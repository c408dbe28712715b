//go:build linux

package applet

import (
	"fmt"
	"os"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// ls is s6-ls: the names in a directory, hidden ones with -a or -A only. They come sorted,
// where those of the real one come in any order.
func ls(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "0aAx:")
	end, hidden, without := "\n", false, map[string]bool{}
	for _, o := range options {
		switch o.Letter {
		case '0':
			end = "\x00"
		case 'a', 'A':
			hidden = true
		case 'x':
			without[o.Arg] = true
		}
	}
	if !ok || len(rest) != 1 {
		return nil, errUsage
	}
	entries, err := os.ReadDir(rest[0])
	if err != nil {
		return nil, fmt.Errorf("cannot list: %w", err)
	}
	var b strings.Builder
	for _, e := range entries {
		if (hidden || !strings.HasPrefix(e.Name(), ".")) && !without[e.Name()] {
			b.WriteString(e.Name() + end)
		}
	}
	return nil, execline.Write(1, b.String())
}
