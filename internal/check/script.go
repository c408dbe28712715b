//go:build linux

package check

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sillelien/baseinit/internal/s6/smallfile"
)

// use is what a script is run for.
type use int

const (
	asScript  use = iota // once
	asService            // for as long as the container
	asFinish             // after each end of a service
)

// script finds what is wrong with a script, and tells what it is run by.
func (c *checker) script(path string, as use) (by string) {
	if by, done := c.by[path]; done {
		return by
	}
	c.by[path] = "" // a script may lead back to itself
	c.by[path] = c.readScript(path, as)
	return c.by[path]
}

func (c *checker) readScript(path string, as use) (by string) {
	head, err := readHead(path)
	first, _, _ := strings.Cut(string(head), "\n")
	line, hasLine := strings.CutPrefix(first, "#!")
	line = strings.Trim(line, " \t")
	broken := Finding{File: path, Severity: Error, Code: NotAScript}
	switch {
	case err != nil: // who reads the tree says so, if that is wrong
	case isProgram(head):
		return ", a program"
	case len(head) == 0:
		broken.Text = "is empty" + endsCannot
		c.find(broken)
	case !hasLine && bytes.IndexByte(head[:min(len(head), 256)], 0) >= 0:
		broken.Text = "is neither a program nor a script" + endsCannot
		c.find(broken)
	case !hasLine || line == "":
		c.shell(path, as)
		return ", by /bin/sh, as it has no #! line"
	case strings.HasSuffix(line, "\r"):
		c.find(Finding{
			File: path, Line: 1, Column: len(first), Severity: Error, Code: CRLF,
			Text: "its first line ends in CRLF: there is no such interpreter" + endsMissed, Fix: c.unDOS(path),
		})
	default:
		c.interpreter(path, line, as)
		return ", by " + line
	}
	return ""
}

func (c *checker) unDOS(path string) string {
	return `sed -i 's/\r$//' ` + strings.TrimPrefix(path, c.root)
}

// interpreter finds what is wrong with the line behind #!. All after the first blanks is
// one argument: execve(2).
func (c *checker) interpreter(path, line string, as use) {
	name, argument := line, ""
	if blank := strings.IndexAny(line, " \t"); blank >= 0 {
		name, argument = line[:blank], strings.TrimLeft(line[blank:], " \t")
	}
	wrong := Finding{File: path, Line: 1, Column: 3, Severity: Warning, Code: NoInterpreter}
	switch dir, base := filepath.Split(name); {
	case dir == "":
		wrong.Text = name + " is no absolute path, and is looked for in the working directory"
		c.find(wrong)
		return
	case base == "env", strings.HasPrefix(base, "with-contenv") && c.isOurs(base) && dir != "/usr/local/bin/":
		c.passed(path, argument, as)
	default:
		c.language(path, name, argument, as)
	}
	if _, found := c.below(name); found || !c.whole {
		return
	}
	wrong.Text = "there is no " + name + endsMissed
	if c.isOurs(filepath.Base(name)) {
		wrong.Fix = "link it to /init"
	}
	c.find(wrong)
}

// passed finds what is wrong with the argument of env or with-contenv, a program.
func (c *checker) passed(path, argument string, as use) {
	if split, found := strings.CutPrefix(argument, "-S"); found {
		words := strings.Fields(split)
		for len(words) > 0 && strings.Contains(words[0], "=") {
			words = words[1:]
		}
		if len(words) > 0 && !strings.ContainsAny(split, `"'\$-`) {
			argument = words[0]
		}
	}
	switch {
	case strings.HasPrefix(argument, "-"), strings.Contains(argument, "="):
	case strings.ContainsAny(argument, " \t"):
		c.find(Finding{
			File: path, Line: 1, Column: 3, Severity: Error, Code: NoInterpreter,
			Text: fmt.Sprintf("its first line makes %q one word, and there is no such program%s", argument, endsMissed), Fix: "take the second word away (set -e can be a line of its own)",
		})
	default:
		if f, is := c.lacks(argument); is {
			f.File, f.Line, f.Column, f.Code = path, 1, 3, NoInterpreter
			c.find(f)
		}
		c.language(path, argument, "", as)
	}
}

// language looks into a script by what it is run by.
func (c *checker) language(path, by, argument string, as use) {
	shells := []string{"sh", "bash", "ash", "dash", "ksh", "mksh", "bashio"}
	base := filepath.Base(by)
	if base == "busybox" {
		base = argument
	}
	switch {
	case base == "execlineb":
		c.execline(path, as)
	case slices.Contains(shells, base):
		c.shell(path, as)
	}
}

// scriptText reads a script, and keeps its text for what one script may say of another.
func (c *checker) scriptText(path string) (text string, ok bool) {
	data, err := smallfile.Read(path, scriptLimit)
	if err != nil {
		return "", false // who reads the tree says so, if that is wrong
	}
	c.texts.Write(data)
	c.texts.WriteByte('\n')
	return string(data), true
}

// isMentioned tells whether a script has one of the texts in it.
func (c *checker) isMentioned(texts ...string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(c.texts.String(), text) })
}
