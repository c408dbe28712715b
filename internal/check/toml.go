//go:build linux

package check

import (
	"slices"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/s6"
)

// learnTOML is told what services are made of.
func (c *checker) learnTOML(name string, d s6.Definition) {
	if d.File != nil {
		c.tomls[name] = d.File
	}
}

// serviceTOML tells what a service.toml is for, and finds users and programs in it that the
// image lacks. What is wrong with it else, its reader has said.
func (c *checker) serviceTOML(name, path string) string {
	f := c.tomls[name]
	if f == nil {
		return ""
	}
	at := func(key string) execline.Place {
		place := f.At(key)
		return execline.Place{Line: place.Line, Column: place.Col}
	}
	c.user(path, f.User, at("user"))
	for _, group := range append(slices.Clip(f.Groups), f.Group) {
		key := "groups"
		if group == f.Group {
			key = "group"
		}
		c.account(path, at(key), "group", group, "/etc/group")
	}
	for _, command := range []struct {
		key   string
		words []string
	}{{"command", f.Command}, {"finish", f.Finish}, {"undo", f.Undo}, {"stop.command", f.Stop.Command}} {
		if len(command.words) > 0 {
			if missing, found := c.lacks(command.words[0]); found {
				c.findAt(path, at(command.key), missing)
			}
		}
	}
	switch s := find(c.legacy, name); {
	case f.Command == nil:
		return "more about " + name
	case f.Schedule != nil:
		return "service " + name + ", started at its times" + after(f.Requires)
	case s != nil:
		return legacyService(name, s)
	}
	return "longrun " + name
}
