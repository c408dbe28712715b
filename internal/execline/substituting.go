//go:build linux

package execline

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// directive reads a substituting word's own arguments: what it substitutes, and
// what comes after them.
type directive func(p *Process, argv []string) ([]substitution, []string, error)

// define puts a value in.
func define(p *Process, argv []string) ([]string, error) {
	subs, rest, err := p.defineDirective(argv)
	if err != nil {
		return nil, err
	}
	return substitute(rest, subs...)
}

func (p *Process) defineDirective(argv []string) ([]substitution, []string, error) {
	options, rest, ok := Options(argv[1:], transformFlags)
	t := transform{delims: defaultDelims}
	for _, o := range options {
		t.set(o)
	}
	if !ok || len(rest) < 2 {
		return nil, nil, Usage("define [-N | -n] [-s] [-C | -c] [-d DELIMITERS] NAME VALUE PROGRAM...")
	}
	values, err := t.apply(rest[1])
	return []substitution{{rest[0], values}}, rest[2:], err
}

// importas puts a variable's value in. import, of execline before 2.6, uses the
// variable's name for both.
func importas(p *Process, argv []string) ([]string, error) {
	subs, rest, err := p.importDirective(argv)
	if err != nil {
		return nil, err
	}
	return substitute(rest, subs...)
}

func (p *Process) importDirective(argv []string) ([]substitution, []string, error) {
	options, rest, ok := Options(argv[1:], "iuD:"+transformFlags)
	t := transform{delims: defaultDelims}
	insist, unset := false, false
	var fallback *string
	for _, o := range options {
		switch o.Letter {
		case 'i':
			insist = true
		case 'u':
			unset = true
		case 'D':
			fallback = &o.Arg
		default:
			t.set(o)
		}
	}
	const flags = "[-i | -D DEFAULT] [-u] [-N | -n] [-s] [-C | -c] [-d DELIMITERS] "
	as := 1 // where the variable's name is
	if strings.HasSuffix(argv[0], "import") {
		as = 0
	}
	switch {
	case (!ok || len(rest) < 2) && as == 1:
		return nil, nil, Usage("importas " + flags + "NAME VARIABLE PROGRAM...")
	case !ok || len(rest) < 1:
		return nil, nil, Usage("import " + flags + "VARIABLE PROGRAM...")
	}
	variable := rest[as]
	value, set := p.Get(variable)
	switch {
	case !set && insist:
		return nil, nil, &Exit{CodeUsage, fmt.Errorf("%s is not set", variable)}
	case !set && fallback != nil:
		value, set = *fallback, true
	}
	if unset {
		p.Unset(variable)
	}
	sub := substitution{key: rest[0]}
	var err error
	if set {
		sub.values, err = t.apply(value)
	}
	return []substitution{sub}, rest[1+as:], err
}

// multidefine puts the parts of a value in.
func multidefine(p *Process, argv []string) ([]string, error) {
	subs, rest, err := p.multidefineDirective(argv)
	if err != nil {
		return nil, err
	}
	return substitute(rest, subs...)
}

func (p *Process) multidefineDirective(argv []string) ([]substitution, []string, error) {
	options, rest, ok := Options(argv[1:], "0rCcNnd:")
	t := transform{delims: defaultDelims, split: true}
	none, all := false, false
	for _, o := range options {
		switch o.Letter {
		case '0':
			none = true
		case 'r':
			all = true
		default:
			t.set(o)
		}
	}
	if !ok || len(rest) < 2 {
		return nil, nil, Usage("multidefine [-0] [-r] [-C | -c] [-N | -n] [-d DELIMITERS] VALUE { NAME... } PROGRAM...")
	}
	values, err := t.apply(rest[0])
	if err != nil {
		return nil, nil, err
	}
	names, rest, err := p.block(rest[1:])
	if err != nil {
		return nil, nil, err
	}
	if len(names) == 0 {
		return nil, nil, &Exit{CodeUsage, fmt.Errorf("the block of names is empty")}
	}
	var subs []substitution
	for i, name := range names {
		sub := substitution{key: name}
		switch {
		case i >= len(values) && !none:
			sub.values = []string{""}
		case i < len(values) && all && i == len(names)-1:
			sub.values = values[i:]
		case i < len(values):
			sub.values = values[i : i+1]
		}
		if name != "" {
			subs = append(subs, sub)
		}
	}
	return subs, rest, nil
}

// multisubstitute makes several substitutions at once.
func multisubstitute(p *Process, argv []string) ([]string, error) {
	block, rest, err := p.block(argv[1:])
	if err != nil {
		return nil, err
	}
	var all []substitution
	for len(block) > 0 {
		read := directives(block[0])
		if read == nil {
			return nil, &Exit{CodeUsage, fmt.Errorf("%q is not one of define, importas, elglob, elgetpositionals and multidefine", block[0])}
		}
		var subs []substitution
		if subs, block, err = read(p, block); err != nil {
			return nil, err
		}
		all = append(all, subs...)
	}
	return substitute(rest, all...)
}

func directives(name string) directive {
	switch name {
	case "define":
		return (*Process).defineDirective
	case "importas", "import":
		return (*Process).importDirective
	case "multidefine":
		return (*Process).multidefineDirective
	case "elglob":
		return (*Process).globDirective
	case "elgetpositionals":
		return (*Process).positionalDirective
	}
	return nil
}

// elglob puts the names of files in.
func elglob(p *Process, argv []string) ([]string, error) {
	subs, rest, err := p.globDirective(argv)
	if err != nil {
		return nil, err
	}
	return substitute(rest, subs...)
}

func (p *Process) globDirective(argv []string) ([]substitution, []string, error) {
	options, rest, ok := Options(argv[1:], "vwsme0")
	given := Given(options)
	if !ok || len(rest) < 2 {
		return nil, nil, Usage("elglob [-v] [-w] [-s] [-m] [-e] [-0] NAME PATTERN PROGRAM...")
	}
	pattern := rest[1]
	if given['e'] {
		pattern = strings.ReplaceAll(pattern, `\`, `\\`)
	}
	names, err := filepath.Glob(pattern)
	if err != nil && given['w'] {
		return nil, nil, fmt.Errorf("cannot match %q: %w", rest[1], err)
	}
	names = shown(pattern, names)
	sort.Strings(names)
	if given['m'] {
		for i, name := range names {
			if fi, err := os.Stat(name); err == nil && fi.IsDir() {
				names[i] += "/"
			}
		}
	}
	if len(names) == 0 && !given['0'] {
		names = []string{rest[1]}
	}
	return []substitution{{rest[0], names}}, rest[2:], nil
}

// shown leaves hidden files out that the pattern does not name: glob(7).
func shown(pattern string, names []string) []string {
	var kept []string
	want := strings.Split(filepath.Clean(pattern), "/")
	for _, name := range names {
		hidden := false
		for i, part := range strings.Split(name, "/") {
			hidden = hidden || strings.HasPrefix(part, ".") && i < len(want) && !strings.HasPrefix(want[i], ".")
		}
		if !hidden {
			kept = append(kept, name)
		}
	}
	return kept
}
