//go:build linux

// Package applet holds the commands that baseinit is under other names: the small
// programs of s6 and s6-overlay that scripts call. Each is one file and one
// execline.Word, so that a chain of them (with-contenv s6-setuidgid ...) runs in one
// process, also from an execline script.
package applet

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sillelien/baseinit/internal/credential"
	"github.com/sillelien/baseinit/internal/execline"
)

// applet is one command.
type applet struct {
	name  string
	usage string // its arguments
	about string // what it does, in a line
	word  execline.Word
}

// errUsage is the end of a command that was called in a wrong way. How to call it
// is said where it is found.
var errUsage = errors.New("called in a wrong way")

// Find gives the command of that name, or nil. Each knows --help.
func Find(name string) execline.Word {
	switch name {
	case lister.name:
		return lister.run
	case poller:
		return pollCheck
	case credential.Name:
		return become
	}
	for i := range enders {
		if enders[i].name == name {
			return enders[i].run
		}
	}
	for i := range applets {
		if applets[i].name == name {
			return applets[i].run
		}
	}
	return nil
}

// run is the command with what all of them have in common.
func (a *applet) run(p *execline.Process, argv []string) ([]string, error) {
	if len(argv) == 2 && argv[1] == "--help" {
		return nil, execline.Write(1, fmt.Sprintf("usage: %s %s\n%s\n", a.name, a.usage, a.about))
	}
	next, err := a.word(p, argv)
	if errors.Is(err, errUsage) {
		err = execline.Usage(strings.TrimSpace(a.name + " " + a.usage))
	}
	return next, err
}

// exit is the end of a command with a code and nothing to say.
func exit(code int) error {
	if code == 0 {
		return nil
	}
	return &execline.Exit{Code: code}
}

// fail is the end of a command with a code and the reason.
func fail(code int, format string, args ...any) error {
	return &execline.Exit{Code: code, Err: fmt.Errorf(format, args...)}
}
