// Package setting reads what may be set by a flag or by a variable of the environment, of
// which the flag counts.
package setting

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
)

// Setting is one variable of the environment, and one flag, that set something of an S.
type Setting[S any] struct {
	Variable string
	Flag     string // without dashes; "" if there is none
	// Default is what holds without it, and Meaning what it is for, as the
	// documentation has them.
	Default, Meaning string
	// Set takes the value over. Its error says what it can be. Nil: somebody else does.
	Set func(s *S, value string) error
}

// Reader reads settings from flags, and what they leave open from the environment.
type Reader[S any] struct {
	settings []Setting[S]
	given    []given
}

// given is what was given for a setting.
type given struct{ flag, variable, value string }

// NewReader adds the flags to a set.
func NewReader[S any](flags *flag.FlagSet, settings []Setting[S]) *Reader[S] {
	r := &Reader[S]{settings, make([]given, len(settings))}
	for i := range settings {
		if s := &settings[i]; s.Set != nil {
			r.given[i] = given{flag: s.Flag, variable: s.Variable}
			flags.StringVar(&r.given[i].value, s.Flag, os.Getenv(s.Variable), "")
		}
	}
	return r
}

// Read adds to s what was said, when the flags have been parsed. The error names
// the settings that are wrong, and what they can be. One that is empty counts as
// unset.
func (r *Reader[S]) Read(s *S) error {
	return read(r.given, func(i int, value string) error { return r.settings[i].Set(s, value) })
}

// read is Read for any S: what is generic is linked once for each.
func read(all []given, set func(i int, value string) error) error {
	var errs []error
	for i, g := range all {
		if g.value == "" {
			continue
		}
		if err := set(i, g.value); err != nil {
			errs = append(errs, fmt.Errorf("--%s or %s is %q: %w", g.flag, g.variable, g.value, err))
		}
	}
	return errors.Join(errs...)
}

// Bool reads 0 or 1.
func Bool(value string) (bool, error) {
	if value != "0" && value != "1" {
		return false, errors.New("it can be 0 or 1")
	}
	return value == "1", nil
}

// Mode reads whether a part of the container is off, and whether the container does not
// start without it.
func Mode(value string) (off, required bool, err error) {
	switch value {
	case "on", "off", "required":
		return value == "off", value == "required", nil
	}
	return false, false, errors.New("it can be on, off or required")
}

// Table is the documentation of settings, as Markdown.
func Table[S any](settings []Setting[S]) string {
	var b strings.Builder
	b.WriteString("| variable | flag | default | meaning |\n|--|--|--|--|\n")
	for _, s := range settings {
		name := ""
		if s.Flag != "" {
			name = "`--" + s.Flag + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", s.Variable, name, s.Default, s.Meaning)
	}
	return b.String()
}
