//go:build linux

package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/s6/smallfile"
)

// user finds a user, or a group behind a colon, that is not in the image.
func (c *checker) user(path, spec string, at execline.Place) {
	user, groups, _ := strings.Cut(strings.TrimPrefix(spec, ":"), ":") // chpst -u :UID:GID
	c.account(path, at, "user", user, "/etc/passwd")
	for group := range strings.SplitSeq(groups, ":") {
		c.account(path, at, "group", group, "/etc/group")
	}
}

// account finds a user or a group that is not in its file. A number needs no name, and of a
// variable nothing is known.
func (c *checker) account(path string, at execline.Place, kind, name, file string) {
	known := c.accounts(file)
	if _, err := strconv.ParseUint(name, 10, 32); name == "" || err == nil || known == nil || slices.Contains(known, name) || strings.ContainsAny(name, "$`*") {
		return
	}
	f := Finding{Severity: Warning, Code: WrongUser, Text: "there is no " + kind + " " + strconv.Quote(name) + " in " + file}
	if near := nearestName(name, known); near != "" {
		f.Fix = "did you mean " + near + "?"
	}
	c.later = append(c.later, func() { // when it is known whether a script adds any
		if !c.isMentioned("useradd", "adduser", "usermod", "groupadd", "addgroup", "groupmod", "/etc/passwd", "/etc/group") {
			c.findAt(path, at, f)
		}
	})
}

// accounts are the names in a file of the image, nil if there is none: it is then not known
// what names there will be.
func (c *checker) accounts(file string) []string {
	const limit = 1 << 20
	if names, done := c.names[file]; done {
		return names
	}
	inside, _ := c.below(file)
	data, _ := smallfile.Read(inside, limit)
	var names []string
	for line := range strings.Lines(string(data)) {
		if name, _, found := strings.Cut(strings.TrimSpace(line), ":"); found && name != "" {
			names = append(names, name)
		}
	}
	c.names[file] = names
	return names
}
