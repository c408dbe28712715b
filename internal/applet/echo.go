//go:build linux

package applet

import (
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// echo is s6-echo: its words with blanks between them, and a newline.
func echo(_ *execline.Process, argv []string) ([]string, error) {
	options, words, ok := execline.Options(argv[1:], "ns:")
	separator, end := " ", "\n"
	for _, o := range options {
		if o.Letter == 'n' {
			end = ""
		} else {
			separator = o.Arg
		}
	}
	if !ok {
		return nil, errUsage
	}
	return nil, execline.Write(1, strings.Join(words, separator)+end)
}
