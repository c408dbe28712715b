// Package applet holds the commands that baseinit is under other names: the
// small programs of s6-overlay that scripts call. Each is one file.
package applet

import (
	"fmt"
	"io"
	"path"
)

// The exit codes of applets, as those of s6: a wrong call, a failed system call.
const (
	codeUsage  = 100
	codeSystem = 111
)

// Applet runs a command with its arguments, and gives its exit code if it has
// not become another program.
type Applet func(args []string, stderr io.Writer) int

// Find gives the applet that argv[0] names, or nil.
func Find(argv0 string) Applet {
	switch path.Base(argv0) {
	case "with-contenv", "with-contenv-legacy":
		return withContenv
	}
	return nil
}

func fail(stderr io.Writer, code int, format string, args ...any) int {
	fmt.Fprintf(stderr, format+"\n", args...)
	return code
}
