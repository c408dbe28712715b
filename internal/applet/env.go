//go:build linux

package applet

import (
	"fmt"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// env is s6-env: env(1) of POSIX. The program is looked for in the PATH that it gets.
func env(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "i")
	if !ok {
		return nil, errUsage
	}
	if len(options) > 0 {
		p.Env = nil
	}
	for len(rest) > 0 {
		name, value, assigns := strings.Cut(rest[0], "=")
		if !assigns {
			break
		}
		p.Set(name, value)
		rest = rest[1:]
	}
	p.SearchNewPath()
	if len(rest) == 0 {
		return nil, printAll(p.Env, "\n", true)
	}
	return rest, nil
}

// printenv is s6-printenv: all variables, none in particular.
func printenv(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "n0d:")
	end, last := "\n", true
	for _, o := range options {
		switch o.Letter {
		case 'n':
			last = false
		case '0':
			end = "\x00"
		case 'd':
			end = o.Arg[:min(1, len(o.Arg))]
		}
	}
	if !ok || len(rest) > 0 {
		return nil, errUsage
	}
	if end == "" {
		return nil, printNetstrings(p.Env)
	}
	return nil, printAll(p.Env, end, last)
}

// printAll prints words with something between them, and after the last one too.
func printAll(words []string, end string, last bool) error {
	text := strings.Join(words, end)
	if last && len(words) > 0 {
		text += end
	}
	return execline.Write(1, text)
}

// printNetstrings prints words so that any byte can be in them: with their length.
func printNetstrings(words []string) error {
	var b strings.Builder
	for _, w := range words {
		fmt.Fprintf(&b, "%d:%s,", len(w), w)
	}
	return execline.Write(1, b.String())
}
