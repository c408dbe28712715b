package check

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Severity is how much a line matters.
type Severity int

// The severities. A warning is about what works otherwise than its author may think, an
// error about what ends the boot, or a script, with a code of its own.
const (
	Info Severity = iota
	Warning
	Error
)

// String is what stands before a line.
func (s Severity) String() string { return [...]string{"", "warning: ", "error: "}[s] }

// Line is what becomes of one file.
type Line struct {
	// File is the path in the container, or the name of something that is no file.
	File     string
	Severity Severity
	Text     string
}

// String is the line as it is printed. What a file's name could do to a terminal it does not.
func (l Line) String() string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, l.Severity.String()+l.File+": "+l.Text)
}

// Report is what becomes of a tree, in the order of the container's life.
type Report struct {
	Lines []Line
	// Files and Services are how many there are.
	Files, Services int
}

// Count is how many lines have that severity.
func (r *Report) Count(s Severity) (n int) {
	for _, l := range r.Lines {
		if l.Severity == s {
			n++
		}
	}
	return n
}

// Write prints the lines, and how many there are of what.
func (r *Report) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, l := range r.Lines {
		fmt.Fprintln(out, l)
	}
	fmt.Fprintf(out, "%s, %s, %s, %s\n", many(r.Files, "file"), many(r.Services, "service"), many(r.Count(Warning), "warning"), many(r.Count(Error), "error"))
	return out.Flush()
}

func many(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
