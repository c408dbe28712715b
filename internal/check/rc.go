//go:build linux

package check

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/supervisor"
)

// sourceDir is about a directory of source directories of s6-rc.
func (c *checker) sourceDir(dir string) {
	overlay := slices.Contains(c.sources().Overlay, dir)
	c.files(dir, func(path string) string {
		name, file, inside := strings.Cut(path, "/")
		switch {
		case !inside:
			return "" // is no source directory
		case overlay && s6.IsOverlays(name):
			return "s6-overlay's own, which baseinit does itself"
		}
		return c.rcFile(name, filepath.Join(dir, name), file)
	})
}

// rcFile tells what a file of a source directory means.
func (c *checker) rcFile(name, dir, file string) string {
	s := find(c.rc.Services, name)
	_, isBundle := c.rc.Bundles[name]
	switch {
	case c.base(name) != nil, s != nil && s.Oneshot:
		return c.oneshotFile(name, s, dir, file)
	case s != nil:
		return c.longrunFile(s, dir, file)
	case isBundle:
		return c.bundleFile(name, dir, file)
	}
	c.misnamed(dir, file, anyFiles)
	return name + "'s own file"
}

// base finds a oneshot that is run before fix-attrs.d.
func (c *checker) base(name string) *s6.Script {
	i := slices.IndexFunc(c.rc.Base, func(s s6.Script) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &c.rc.Base[i]
}

// oneshotFile tells what a file means to a oneshot; s is nil if it is run before fix-attrs.d.
func (c *checker) oneshotFile(name string, s *supervisor.Service, dir, file string) string {
	switch {
	case file == "type":
		return name + " is a oneshot"
	case file == "up" && s == nil:
		c.command(dir+"/up", c.base(name).Argv)
		return "oneshot " + name + ", runs before fix-attrs.d"
	case file == "up":
		c.command(dir+"/up", s.Command)
		c.started(s, dir+"/up")
		return "oneshot " + name + c.starts(s)
	case file == "down" && s == nil:
		c.find(Finding{File: dir + "/down", Severity: Warning, Code: Ignored, Text: "is never run: the services of bundle base are over before others start"})
		return ""
	case file == "down":
		c.command(dir+"/down", s.Undo)
		return "runs when " + name + " is stopped"
	case strings.HasPrefix(file, "dependencies"), strings.HasPrefix(file, "timeout-"), file == "flag-essential":
		return c.serviceFile(name, dir, file)
	case file == "finish":
		c.later = append(c.later, func() { // unless down names it
			if !c.isMentioned(name+"/finish", "./finish") {
				c.find(Finding{File: dir + "/finish", Severity: Warning, Code: DeadFinish, Text: "is never run: " + name + " is a oneshot", Fix: "what is to be done when it is stopped goes into down"})
			}
		})
	}
	c.misnamed(dir, file, oneshotFiles)
	return name + "'s own file"
}

func (c *checker) longrunFile(s *supervisor.Service, dir, file string) string {
	switch {
	case file == "type":
		return s.Name + " is a longrun"
	case file == "run":
		c.started(s, dir+"/run")
		return "longrun " + s.Name + c.starts(s) + c.script(dir+"/run", asService)
	case file == "log/run":
		c.find(Finding{File: dir + "/log/run", Severity: Warning, Code: Ignored, Text: "means nothing in s6-rc.d, ignored", Fix: "use producer-for"})
		return ""
	case file == "down", file == "up", top(file) == "log", top(file) == "contents", top(file) == "contents.d":
		return "means nothing for a longrun, ignored"
	}
	return c.serviceFile(s.Name, dir, file)
}

// command finds what is wrong with an up or down file, by the words that run it.
func (c *checker) command(path string, argv []string) {
	switch {
	case len(argv) == 0: // it is wrong, and said to be
	case filepath.Base(argv[0]) == "execlineb":
		c.execline(path, asScript)
	default:
		c.script(path, asScript)
	}
}

func (c *checker) bundleFile(name, dir, file string) string {
	member, isMember := strings.CutPrefix(file, "contents.d/")
	switch {
	case isMember:
		return "bundle " + name + " holds " + member
	case file == "type":
		return name + " is a bundle"
	case file == "contents":
		return "names what bundle " + name + " holds"
	case top(file) == "dependencies.d", file == "dependencies":
		c.find(Finding{File: filepath.Join(dir, file), Severity: Warning, Code: Ignored, Text: "means nothing for a bundle, ignored"})
		return ""
	}
	c.misnamed(dir, file, bundleFiles)
	return name + "'s own file"
}

// started warns of a service that nobody starts: most likely it was forgotten in user's
// contents.d, unless a hook puts it there.
func (c *checker) started(s *supervisor.Service, file string) {
	if s.Down && c.settings.Stage2Hook == "" {
		c.find(Finding{File: file, Severity: Warning, Code: NotStarted, Text: "is not started: no bundle of the boot leads to it"})
	}
}

// starts tells who starts a service of s6-rc.d, and after what.
func (c *checker) starts(s *supervisor.Service) string {
	text := ", not started"
	if !s.Down {
		text = ", started for others"
		for _, bundle := range [...]string{"user", "user2", "top", "base"} {
			if slices.Contains(c.rc.Bundles[bundle], s.Name) {
				text = ", started by bundle " + bundle
				break
			}
		}
	}
	needs := slices.Clone(s.Requires)
	if slices.Contains(c.rc.Late, s.Name) {
		needs = append(needs, "services.d")
	}
	return text + after(needs)
}
