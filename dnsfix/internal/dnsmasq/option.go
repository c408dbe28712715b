package dnsmasq

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// option is a row of the table of all options that dnsmasq has.
type option struct {
	name  string
	short byte
	arg   arity

	set       setter
	include   includer // instead of set
	usage     usage
	refusal   string // why baseinit does not have it
	shortBare bool   // the short form of an optional value has none, else it must
}

// arity says whether an option has a value.
type arity uint8

const (
	none arity = iota
	required
	// optional values of a long option are written behind "=" only. Its short
	// form must have a value, or have none.
	optional
)

// usage says what it means when an option is given again.
type usage uint8

const (
	// many options add up, and repeated flags are harmless.
	many usage = iota
	// last is for options whose last value counts.
	last
	// once is for options that may be given once on the command line and once in
	// files, which win.
	once
	// idle is for options that ask for what is so anyway.
	idle
)

// takes says whether the option has a value in the form given.
func (o *option) takes(long bool) arity {
	switch {
	case long || o.arg != optional:
		return o.arg
	case o.shortBare:
		return none
	}
	return required
}

// table finds options.
type table struct {
	byName map[string]*option
	names  []string // in the order of the options
	shorts [128]*option
}

func newTable() *table {
	all := slices.Concat(known(), refused())
	t := &table{byName: make(map[string]*option, len(all)), names: make([]string, 0, len(all))}
	for i := range all {
		o := &all[i]
		t.byName[o.name] = o
		t.names = append(t.names, o.name)
		if o.short != 0 {
			t.shorts[o.short] = o
		}
	}
	return t
}

// abbreviated returns the option whose name begins like that, as getopt_long(3)
// does: it must be the only one.
func (t *table) abbreviated(name string) (*option, error) {
	if o := t.byName[name]; o != nil {
		return o, nil
	}
	begin := t.beginning(name)
	switch {
	case name == "" || len(begin) == 0:
		return nil, t.unknown(name, "--")
	case len(begin) == 1:
		return t.byName[begin[0]], nil
	}
	return nil, fmt.Errorf("it is short for more than one option: write one of --%s", strings.Join(begin, ", --"))
}

func (t *table) beginning(with string) (names []string) {
	for _, n := range t.names {
		if strings.HasPrefix(n, with) {
			names = append(names, n)
		}
	}
	return names
}

// unknown is the error for a name that no option has.
func (t *table) unknown(name, dashes string) error {
	if begin := t.beginning(name); name != "" && len(begin) == 1 {
		return fmt.Errorf("there is no such option: write %s%s", dashes, begin[0])
	}
	if near, ok := nearest(name, t.names); ok {
		return fmt.Errorf("there is no such option: did you mean %s%s?", dashes, near)
	}
	return errors.New("there is no such option: see dnsmasq(8)")
}
