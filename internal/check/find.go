//go:build linux

package check

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/s6/smallfile"
	"github.com/sillelien/baseinit/internal/servicefile"
)

// find notes what is wrong with a file.
func (c *checker) find(f Finding) {
	if target, elsewhere := c.elsewhere(f.File); elsewhere {
		f = Finding{File: f.File, Code: LinkOut, Text: "is a link to " + target + ", which is followed only in the container: not checked"}
	}
	file := f.File
	f.File = strings.TrimPrefix(file, c.root)
	f = f.complete()
	all := c.found[file]
	if slices.Contains(all, f) {
		return
	}
	all = append(all, f)
	for i := len(all) - 1; i > 0 && f.isBefore(all[i-1]); i-- {
		all[i], all[i-1] = all[i-1], f
	}
	c.found[file] = all
}

// isBefore tells whether a finding is about an earlier place than another one.
func (f Finding) isBefore(g Finding) bool {
	return f.Line < g.Line || f.Line == g.Line && f.Column < g.Column
}

// findAt notes what is wrong with a place in a file.
func (c *checker) findAt(file string, at execline.Place, f Finding) {
	f.File, f.Line, f.Column = file, at.Line, at.Column
	c.find(f)
}

// learn takes what the readers of the tree say.
func (c *checker) learn(notes []s6.Note, err error) {
	for _, n := range notes {
		c.note(n.File, n.Text)
	}
	c.wrong(err, Error, "", endsBoot)
}

// note takes what a reader says that stops nothing. What to do may stand behind it.
func (c *checker) note(file, text string) {
	f := Finding{File: file, Severity: Warning, Code: Skipped, Text: c.inside(text)}
	if before, fix, found := strings.Cut(f.Text, " ("); found && strings.HasSuffix(fix, "it where the image is built)") {
		f.Text, f.Fix = before, strings.TrimSuffix(fix, ")")
	}
	switch {
	case strings.Contains(text, "not executable"):
		f.Code = NotExecutable
	case strings.HasPrefix(text, "is never run: "):
		f.Code = DeadFinish
	case strings.HasPrefix(text, "is shell ("):
		f.Code, f.Line = ShellInUp, 1
		f.Text = strings.TrimSuffix(f.Text, " (better: a script of its own, named here)")
	case strings.HasPrefix(text, "begins with "):
		f.Code, f.Line = ShellInUp, 1
	case strings.HasPrefix(text, "has no run file") && exists(file+"/finish"):
		c.find(Finding{File: file + "/finish", Severity: Warning, Code: DeadFinish, Text: "is never run: there is no run file beside it"})
	}
	c.find(f)
}

// wrong takes errors, which name files. How they end goes after them. Where no code is given, it
// is told from the file.
func (c *checker) wrong(err error, severity Severity, code Code, end string) {
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for _, err := range list {
		wrong, ok := errors.AsType[*smallfile.Error](err)
		if !ok {
			continue
		}
		f := Finding{File: wrong.File, Severity: severity, Code: code, Text: c.inside(reason(wrong)) + end}
		if dir, place, found := strings.Cut(wrong.File, "/service.toml:"); found {
			f.File = dir + "/service.toml"
			f.at(place)
		}
		if code == "" {
			c.classify(&f, wrong)
		}
		f.split()
		if f.Code == FixAttrs && (strings.HasPrefix(f.Text, "there is no user") || strings.HasPrefix(f.Text, "there is no group")) {
			f.Code = WrongUser
		}
		if wrong.Missing && !c.whole {
			f.Severity, f.Text = Warning, strings.TrimSuffix(f.Text, end)+", unless in the image that this is copied to"
		}
		c.find(f)
	}
}

// split takes the place from the text that begins with one: "line N: " or "line N:COLUMN: ".
func (f *Finding) split() {
	place, text, found := strings.Cut(strings.TrimPrefix(f.Text, "line "), ": ")
	if found && f.at(place) {
		f.Text = text
	}
}

// at makes N or N:COLUMN the place, if it is one.
func (f *Finding) at(place string) bool {
	line, column, _ := strings.Cut(place, ":")
	n, err := strconv.Atoi(line)
	if err == nil {
		f.Line = n
		f.Column, _ = strconv.Atoi(column) // or none
	}
	return err == nil
}

// classify finds out what an error is about.
func (c *checker) classify(f *Finding, wrong *smallfile.Error) {
	switch base := filepath.Base(wrong.File); {
	case errors.Is(wrong.Err, fs.ErrPermission):
		f.Code = Unreadable
	case wrong.Missing && isDir(wrong.File):
		f.Code = Incomplete
	case wrong.Missing && base == servicefile.Name && !strings.Contains(f.Text, "there is no service"):
		f.Code = TOML
	case wrong.Missing:
		f.Code = UnknownName
		c.unknown(f)
	case strings.HasPrefix(f.Text, "bundles hold each other"):
		f.Code = Cycle
		_, name, _ := strings.Cut(wrong.Error()[strings.LastIndex(wrong.Error(), " -> "):], "> ")
		f.Line = lineOf(wrong.File, name)
	case strings.Contains(f.Text, "another service of that name"):
		f.Code = Duplicate
	case base == servicefile.Name:
		f.Code = TOML
	case base == "run":
		f.Code = NotAScript
	case isDir(wrong.File) || !exists(wrong.File):
		f.Code = Unreadable
	case strings.HasPrefix(f.Text, "it holds "):
		f.Code, f.Line = Value, 1
	default:
		f.Code = Value
	}
}

// unknown adds to a finding about a name where it stands, and which was perhaps meant.
func (c *checker) unknown(f *Finding) {
	_, name, found := strings.Cut(f.Text, `there is no service "`)
	if !found {
		_, name, _ = strings.Cut(f.Text, `there is no longrun "`)
	}
	name, _, _ = strings.Cut(name, `"`)
	if f.Line == 0 {
		f.Line = lineOf(f.File, name)
	}
	c.later = append(c.later, func() { // when all names are known
		if near := nearestName(name, c.services()); near != "" {
			c.suggest(f.File, f.Code, name, near)
		}
	})
}

// suggest makes a name what to do about the findings that are about another one.
func (c *checker) suggest(file string, code Code, name, near string) {
	for i := range c.found[file] {
		if f := &c.found[file][i]; f.Code == code && strings.Contains(f.Text, strconv.Quote(name)) {
			f.Fix = "did you mean " + near + "?"
		}
	}
}

// services are the names of all services and bundles.
func (c *checker) services() (all []string) {
	for name := range c.rc.Bundles {
		all = append(all, name)
	}
	for i := range c.legacy {
		all = append(all, c.legacy[i].Name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// lineOf is the line of a file on which a name stands alone, or 0.
func lineOf(file, name string) int {
	data, err := smallfile.Read(file, scriptLimit)
	if err != nil {
		return 0
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if strings.TrimSpace(line) == name {
			return n
		}
	}
	return 0
}

// reason is what an error says without the file's name, which its line begins with.
func reason(err *smallfile.Error) string {
	text := err.Error()
	_, after, found := strings.Cut(text, err.File+":")
	switch {
	case !found:
		return text
	case strings.HasPrefix(after, " "):
		return after[1:]
	}
	return "line " + after
}

// inside makes the paths in what a reader of the tree says those in the container.
func (c *checker) inside(text string) string {
	if c.root == "" {
		return text
	}
	return strings.ReplaceAll(text, c.root+"/", "/")
}
