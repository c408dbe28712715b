//go:build linux

// Package s6log is what s6-log(8) does: it reads lines, selects them, puts a stamp or
// another prefix before them, and gives them to log directories, standard output,
// standard error and status files. See https://skarnet.org/software/s6/s6-log.html and
// package logdir.
package s6log

import (
	"errors"
	"fmt"
	"time"

	"github.com/sillelien/baseinit/internal/logdir"
)

// ErrScript is for a logging script with a mistake.
var ErrScript = errors.New("the logging script is wrong")

// Options are those of the command.
type Options struct {
	Blocking  bool           // no line is read before all others are where they are to go
	Protected bool           // SIGTERM is nothing
	LineLimit int            // bytes after which a line is cut; 0: none
	StampDirs bool           // a TAI64N stamp before what goes to directories, once option -t
	StampErr  bool           // and before what goes to standard error, once option -e
	Notify    int            // the descriptor on which to say that all is ready; negative: none
	Quiet     bool           // no warnings
	Zone      *time.Location // of times that people read
}

// Script is a logging script, as it was read.
type Script struct {
	rules []rule
	dirs  []logdir.Config
	// Extra tells that what stands after the last action is for nothing.
	Extra bool
}

// rule is what is done with the lines that are selected there.
type rule struct {
	selections []selection
	actions    []action
}

// action is one thing to do with a line.
type action struct {
	kind   kind
	tai    bool // a TAI64N stamp before it
	iso    bool // the local time before it
	prefix string
	limit  int    // of an alert or a status; 0: none
	file   string // the status file
	dir    int    // index of the directory
}

// kind is what an action does.
type kind byte

const (
	toStdout kind = iota
	toStderr
	toStatus
	toDir
)

// wrong is a mistake in a directive.
func wrong(directive, why string) error {
	return fmt.Errorf("%w at %q: %s", ErrScript, directive, why)
}
