//go:build linux

package applet

import (
	"path"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// basename is s6-basename.
func basename(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "n")
	if !ok || len(rest) == 0 || len(rest) > 2 {
		return nil, errUsage
	}
	name := path.Base(rest[0])
	if len(rest) == 2 && name != rest[1] {
		name = strings.TrimSuffix(name, rest[1])
	}
	return nil, writeWord(name, options)
}

// dirname is s6-dirname.
func dirname(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "n")
	if !ok || len(rest) != 1 {
		return nil, errUsage
	}
	trimmed := strings.TrimRight(rest[0], "/")
	if trimmed == "" && rest[0] != "" {
		return nil, writeWord("/", options)
	}
	return nil, writeWord(path.Dir(trimmed), options)
}

// writeWord prints a word; any option leaves the newline out.
func writeWord(word string, options []execline.Option) error {
	if len(options) == 0 {
		word += "\n"
	}
	return execline.Write(1, word)
}
