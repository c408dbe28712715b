package check

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Severity is how much a finding matters.
type Severity int

// The severities. A note is about what cannot be known here. A warning is about what works
// otherwise than its author may think, an error about what ends the boot, or a script, with a
// code of its own.
const (
	Info Severity = iota
	Warning
	Error
)

// String is the severity as a word.
func (s Severity) String() string { return [...]string{"note", "warning", "error"}[s] }

// MarshalText gives the word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is one thing that is wrong, or may be.
type Finding struct {
	// File is the path in the container, or the name of something that is no file.
	File string `json:"file"`
	// Line and Column are counted from 1, columns in bytes. 0: the file as a whole.
	Line     int      `json:"line,omitempty"`
	Column   int      `json:"column,omitempty"`
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	// Text says what is wrong, Fix what to do.
	Text string `json:"text"`
	Fix  string `json:"fix"`
}

// String is the finding as it is printed: "warning: FILE:LINE:COLUMN: TEXT; FIX [CODE]".
func (f Finding) String() string {
	place := ""
	switch {
	case f.Column > 0:
		place = fmt.Sprintf(":%d:%d", f.Line, f.Column)
	case f.Line > 0:
		place = fmt.Sprintf(":%d", f.Line)
	}
	return harmless(fmt.Sprintf("%s: %s%s: %s; %s [%s]", f.Severity, f.File, place, f.Text, f.Fix, f.Code))
}

// Line is what becomes of one file, and what was found in it.
type Line struct {
	// File is the path in the container, or the name of something that is no file.
	File string
	// Text is empty if nothing becomes of it.
	Text     string
	Findings []Finding
}

// harmless takes away what the name of a file could do to a terminal.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, text)
}

// Report is what becomes of a tree, in the order of the container's life.
type Report struct {
	Lines []Line
	// Files and Services are how many there are.
	Files, Services int
}

// Add puts a finding in front that is about none of the files.
func (r *Report) Add(f Finding) {
	f = f.complete()
	r.Lines = append([]Line{{File: f.File, Findings: []Finding{f}}}, r.Lines...)
}

// complete adds what its code says.
func (f Finding) complete() Finding {
	if f.Fix == "" {
		f.Fix = kindOf(f.Code).Fix
	}
	return f
}

// Ignore takes the findings of some kinds away.
func (r *Report) Ignore(codes ...Code) {
	for i := range r.Lines {
		l := &r.Lines[i]
		l.Findings = slices.DeleteFunc(l.Findings, func(f Finding) bool { return slices.Contains(codes, f.Code) })
	}
}

// Findings are all that is wrong, in the order of the container's life.
func (r *Report) Findings() []Finding {
	all := []Finding{} // in JSON an array, even if it is empty
	for _, l := range r.Lines {
		all = append(all, l.Findings...)
	}
	return all
}

// Count is how many findings have that severity.
func (r *Report) Count(s Severity) int { return r.counts()[s] }

// counts is how many findings there are of each severity.
func (r *Report) counts() (n [3]int) {
	for _, l := range r.Lines {
		for i := range l.Findings {
			n[l.Findings[i].Severity]++
		}
	}
	return n
}

// Write prints a line for each file, unless quiet, and each finding, and how many there are of
// what.
func (r *Report) Write(w io.Writer, quiet bool) error {
	out := bufio.NewWriter(w)
	for _, l := range r.Lines {
		if l.Text != "" && !quiet {
			fmt.Fprintln(out, harmless(l.File+": "+l.Text))
		}
		for _, f := range l.Findings {
			fmt.Fprintln(out, f)
		}
	}
	if n := r.counts(); !quiet {
		sums := []string{many(r.Files, "file"), many(r.Services, "service"), many(n[Warning], "warning"), many(n[Error], "error")}
		fmt.Fprintln(out, strings.Join(sums, ", "))
	}
	return out.Flush()
}

func many(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
