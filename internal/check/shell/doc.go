// Package shell reads what commands a script for sh or bash consists of, and in what order.
// It runs nothing and knows no more of the language than that takes: expansions stay as they
// are written.
//
// A script that it does not follow is no error but not read at all, so that who looks for
// mistakes in it is silent rather than wrong.
package shell

import (
	"slices"
	"strings"
)

// Kind is what a command is.
type Kind int

// The kinds of commands.
const (
	Simple   Kind = iota // a program, a builtin or a function with its arguments
	Group                // { ...; }
	Subshell             // ( ... )
	Loop                 // while, until, for, select
	Choice               // if, case
	Function             // a definition, which runs nothing
	Test                 // [[ ... ]] and (( ... ))
)

// Word is one word without its quotes. What it stands for is not known if it holds an
// expansion: see IsCertain.
type Word struct {
	Text         string
	Line, Column int  // counted from 1; columns are bytes
	quoted       bool // some of it is in quotes
	literal      bool // it holds no expansion
}

// IsCertain tells whether the word is known: it holds no expansion and no pattern.
func (w Word) IsCertain() bool { return w.literal }

// Command is one command.
type Command struct {
	Kind         Kind
	Words        []Word // of a simple command, without assignments and redirections
	Assigns      []string
	Line, Column int
	// Name is what a function is called.
	Name string
	// Inner are all the lists that it holds, Ends those of them after which it ends.
	Inner, Ends []List
}

// Pipeline is the commands that are connected by |.
type Pipeline []Command

// Statement is pipelines that are connected by && and ||.
type Statement struct {
	Pipelines  []Pipeline
	Background bool // it ends in &
}

// List is statements one after the other.
type List []Statement

// Each calls use with each command of the list and of those inside it.
func (l List) Each(use func(*Command)) {
	for _, s := range l {
		for _, p := range s.Pipelines {
			for i := range p {
				use(&p[i])
				for _, inner := range p[i].Inner {
					inner.Each(use)
				}
			}
		}
	}
}

// HasBackground tells whether something in the list is started in the background.
func (l List) HasBackground() bool {
	found := slices.ContainsFunc(l, func(s Statement) bool { return s.Background })
	l.Each(func(c *Command) {
		for _, inner := range c.Inner {
			found = found || slices.ContainsFunc(inner, func(s Statement) bool { return s.Background })
		}
	})
	return found
}

// Is tells whether the command is simple and its first word is one of the names.
func (c *Command) Is(names ...string) bool {
	return c.Kind == Simple && len(c.Words) > 0 && slices.Contains(names, c.Words[0].Text)
}

// isName tells whether a text can be the name of a variable.
func isName(text string) bool {
	return text != "" && (text[0] < '0' || text[0] > '9') &&
		strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}
