package execline_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/execline"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		script string
		want   []string
	}{
		{"", nil},
		{"#!/usr/bin/execlineb -P\n# nothing\n", nil},
		{"a b\tc\r\nd", []string{"a", "b", "c", "d"}},
		{`a "b c" d\ e`, []string{"a", "b c", "d e"}},
		{`"" x`, []string{"", "x"}},
		{"if { a } b", []string{"if", " a", "", "b"}},
		{"a { b { c } } d", []string{"a", " b", "  c", " ", "", "d"}},
		{`a "{" \} {} x}`, []string{"a", "{", "}", "{}", "x}"}},
		{`"\a\b\t\n\v\f\r\0x41\065\101\"\\"`, []string{"\a\b\t\n\v\f\rA5e\"\\"}},
		{"\"a\\\nb\" c \\\n d", []string{"ab", "c", "d"}},
		{"a#b # c\nd", []string{"a#b", "d"}},
		{`${X} "${Y}"`, []string{"${X}", "${Y}"}},
	} {
		got, err := execline.Parse(tt.script)
		if err != nil {
			t.Errorf("%q: %v", tt.script, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", tt.script, diff)
		}
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		script string
		line   int
		word   string // its beginning
		says   string
	}{
		{"a\nb }\nc", 2, "}", "closes no block"},
		{"if {\n x\n", 1, "{", "not closed"},
		{"if { if { a }\n", 1, "{", "not closed"},
		{"a\n\n\"b\nc", 3, `"b`, "not closed"},
		{`"\0"`, 1, `\0`, "no character"},
		{"a\n\"\\300\"", 2, `\300`, "no character"},
		{`"\0x00"`, 1, `\0x00`, "no character"},
		{"a\x00b", 1, "a", "NUL"},
	} {
		_, err := execline.Parse(tt.script)
		got, ok := errors.AsType[*execline.SyntaxError](err)
		if !ok {
			t.Errorf("%q: error %v, want a SyntaxError", tt.script, err)
			continue
		}
		if got.Line != tt.line || !strings.HasPrefix(got.Word, tt.word) || !strings.Contains(got.Error(), tt.says) {
			t.Errorf("%q: got %q (line %d, word %q), want line %d, word %q and %q",
				tt.script, got, got.Line, got.Word, tt.line, tt.word, tt.says)
		}
	}
}

// FuzzParse: no text makes it panic; what it gives has no NUL and well-formed blocks.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a { b } c", `"\0x41\`, "{ } }", "#", "\\", "\"\\\n", "$A ${B", "if -n { s6-test $# -ne 0 } x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, script string) {
		argv, err := execline.Parse(script)
		if err != nil {
			if serr, ok := errors.AsType[*execline.SyntaxError](err); !ok || serr.Line < 1 || serr.Line > 1+strings.Count(script, "\n") {
				t.Fatalf("%q: error %v", script, err)
			}
			return
		}
		for _, w := range argv {
			if strings.ContainsRune(w, 0) {
				t.Fatalf("%q: NUL in %q", script, w)
			}
		}
		again, err := execline.Parse(quoted(argv))
		if err != nil || !cmp.Equal(again, argv) {
			t.Fatalf("%q: %q read back as %q: %v", script, argv, again, err)
		}
	})
}

// quoted is a script of one quoted word for each.
func quoted(argv []string) string {
	var b strings.Builder
	for _, w := range argv {
		b.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(w) + "\" ")
	}
	return b.String()
}

// TestPlaces: each word of the command line has the place where it begins, the end of a block
// that of its bracket.
func TestPlaces(t *testing.T) {
	t.Parallel()
	argv, places, err := execline.ParsePlaces("#!/bin/execlineb\na \"b\nc\" d\n\tif { e\\\n  { f } }  g")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, p := range places {
		got = append(got, fmt.Sprintf("%q %d:%d", argv[i], p.Line, p.Column))
	}
	want := []string{`"a" 2:1`, `"b\nc" 2:3`, `"d" 3:4`, `"if" 4:2`, `" e\n" 4:7`, `"  f" 5:5`, `" " 5:7`, `"" 5:9`, `"g" 5:12`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
