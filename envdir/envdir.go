// Package envdir reads and writes environment directories: one file for each
// variable, named like the variable, holding its value. Shell scripts change
// the environment of what starts later by writing such files, and envdir(8),
// s6-envdir and s6-overlay's with-contenv read them.
//
// The rules are those of s6-envdir -fL. What surprises most: a file of no bytes
// does not mean an empty value, it means that the variable is unset; a file that
// holds one newline means an empty value. One newline at the end of a file is not
// part of the value, so that `echo` and `printf` do the same; all other
// bytes are, and there is no size limit.
//
// [Read] and [Write] convert between a directory and a list of variables,
// [Overlay] puts one over the environment of a process, and [Container] is the
// live environment of a container.
package envdir

import (
	"slices"
	"strings"
)

// Var is one file of an environment directory.
type Var struct {
	// Name is the variable's and the file's name: not empty, no "=", no "/",
	// and no "." at its beginning.
	Name string
	// Value may hold any byte but NUL, newlines and invalid UTF-8 included.
	Value string
	// Unset is true for a file of no bytes: a process that is started with
	// this environment does not have the variable. Value is then "".
	Unset bool
}

// Env is the content of an environment directory. [Read] returns it in byte
// order of the names, with each name once.
type Env []Var

// Lookup returns the value of the variable name, and whether it is set: false
// when e does not have it, and when e unsets it.
func (e Env) Lookup(name string) (value string, set bool) {
	i := slices.IndexFunc(e, func(v Var) bool { return v.Name == name })
	if i < 0 {
		return "", false
	}
	return e[i].Value, !e[i].Unset
}

// Overlay returns base, a list of NAME=VALUE strings as in [os.Environ], with the
// variables of over set or removed. Overlay(nil, over) is what over alone makes.
//
// A name that is in base more than once appears once, with its last value, as in
// [os/exec.Cmd]: execve(2) would pass on all of them, and getenv(3) and the
// shells do not agree which one counts. Variables keep the place of their first
// appearance, new ones follow in the order of over. A string without "=" is
// no variable and stays as it is. Neither argument is changed.
func Overlay(base []string, over Env) []string {
	out := make([]string, 0, len(base)+len(over))
	at := make(map[string]int, len(base)+len(over))
	put := func(name, entry string) {
		if i, ok := at[name]; ok {
			out[i] = entry
			return
		}
		at[name] = len(out)
		out = append(out, entry)
	}
	for _, entry := range base {
		if name, _, ok := strings.Cut(entry, "="); ok {
			put(name, entry)
		} else {
			out = append(out, entry)
		}
	}
	for _, v := range over {
		if v.Unset {
			put(v.Name, "")
		} else {
			put(v.Name, v.Name+"="+v.Value)
		}
	}
	return slices.DeleteFunc(out, func(entry string) bool { return entry == "" })
}
