//go:build linux

package check

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sillelien/baseinit/internal/applet"
	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/s6/smallfile"
	"github.com/sillelien/baseinit/internal/servicefile"
	"github.com/sillelien/baseinit/supervisor"
)

// checker is a check that goes on.
type checker struct {
	root     string // "" for the file system's
	settings s6.Settings
	whole    bool     // programs that are not below root are missing
	dirs     []string // where programs are
	commands []string // that this program is
	report   Report

	rc     s6.RC
	legacy []supervisor.Service
	tomls  map[string]*servicefile.Service // service.toml of services that are right
	by     map[string]string               // what the scripts that have been read are run by
	said   []Line                          // what becomes of files and directories, in their order
	found  map[string][]Finding            // what is wrong with files
	texts  strings.Builder                 // of all scripts
	dense  string                          // the same without blanks
	names  map[string][]string             // of users and groups, by their files
	later  []func()                        // what can be told only when all has been read
}

// Tree checks the tree below root with the S6_ variables that the container will have. Its
// error is that there is no such directory.
func Tree(root string, settings s6.Settings) (Report, error) {
	abs, err := filepath.Abs(root)
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs) // as paths of s6-overlay's own come
	}
	if err != nil {
		return Report{}, fmt.Errorf("cannot check %s: %w", root, smallfile.Cause(err))
	}
	if !isDir(abs) {
		return Report{}, fmt.Errorf("cannot check %s: it is not a directory", root)
	}
	c := &checker{
		root: strings.TrimSuffix(abs, "/"), settings: settings, dirs: programDirs(os.Getenv("PATH")), commands: applet.Names(),
		by: map[string]string{}, tomls: map[string]*servicefile.Service{}, found: map[string][]Finding{}, names: map[string][]string{},
	}
	_, shell := c.below("/bin/sh")
	c.whole = c.root == "" || shell
	if profile := c.root + settings.ConfigDir(); settings.RuntimeProfile != "" && !isDir(profile) {
		c.find(Finding{File: profile, Severity: Error, Code: Environment, Text: "there is no such S6_RUNTIME_PROFILE" + endsBoot})
	} else {
		c.read()
		c.life()
		c.foreign()
	}
	c.conclude()
	return c.report, nil
}

// life goes through a container's life.
func (c *checker) life() {
	c.hook()
	for _, dir := range c.sources().Overlay {
		c.sourceDir(dir)
	}
	c.fixAttrs()
	c.scripts("cont-init.d", "")
	for _, dir := range c.sources().Dirs {
		c.sourceDir(dir)
	}
	c.servicesDir()
	c.cmd()
	c.scripts("cont-finish.d", " at the end")
}

// What becomes of the container, for some mistakes.
const (
	endsBoot   = " (the boot ends with code 100)"
	endsCannot = " (code 126)"
	endsMissed = " (code 127)"
)

func (c *checker) etc(name string) string {
	return c.inRoot(c.root + c.settings.ConfigDir() + "/" + name)
}

func (c *checker) sources() s6.RCSources {
	sources := c.settings.RCSources(c.root)
	sources.Defaults.LookOnly, sources.Defaults.Found = true, c.learnTOML
	for i, dir := range sources.Dirs {
		sources.Dirs[i] = c.inRoot(dir)
	}
	return sources
}

// read reads services as the boot does.
func (c *checker) read() {
	var notes []s6.Note
	var err error
	c.legacy, notes, err = s6.Services(c.etc("services.d"), s6.Defaults{LookOnly: true, Found: c.learnTOML})
	c.learn(notes, err)
	c.rc, notes, err = s6.ReadRC(c.sources())
	c.learn(notes, err)
	c.rc.Order(c.legacy)
	c.report.Services = len(c.legacy) + len(c.rc.Services) + len(c.rc.Base)
	c.compose()
}

// compose finds what is wrong with the services together.
func (c *checker) compose() {
	services, dirs := slices.Clone(c.rc.Services), map[string]string{}
	for i := range services {
		dirs[services[i].Name] = services[i].Dir
	}
	for _, s := range c.legacy {
		if dirs[s.Name] != "" {
			c.find(Finding{File: s.Dir + "/run", Severity: Error, Code: Duplicate, Text: "s6-rc.d has a service of that name, too" + endsBoot})
			continue
		}
		dirs[s.Name] = s.Dir
		services = append(services, s)
	}
	for i := range services {
		if s := &services[i]; s.LogTo != "" { // a pipe would be made for it
			s.Requires, s.LogTo = append(slices.Clip(s.Requires), s.LogTo), ""
		}
	}
	for range services { // each loop has one that no other has, or has been told with it
		_, err := supervisor.New(supervisor.Config{Services: services})
		loop, ok := errors.AsType[*supervisor.LoopError](err)
		if !ok {
			return
		}
		c.loop(loop, dirs[loop.Names[0]])
		s := find(services, loop.Names[0])
		s.Requires = slices.DeleteFunc(slices.Clone(s.Requires), func(name string) bool { return name == loop.Names[1] })
	}
}

// loop notes services that require each other, at the file that makes the first need the next.
func (c *checker) loop(loop *supervisor.LoopError, dir string) {
	f := Finding{Severity: Error, Code: Cycle, Text: loop.Error() + endsBoot}
	f.File = s6.DependencyFile(dir, loop.Names[1])
	f.Line = lineOf(f.File, loop.Names[1])
	if !exists(f.File) {
		f.File = dir
	}
	c.find(f)
}

// say notes what becomes of a file, empty if nothing does.
func (c *checker) say(file, text string) {
	c.said = append(c.said, Line{File: file, Text: text})
}

// conclude makes the lines of what was said and found. What was found about files that are
// in none of the directories comes last.
func (c *checker) conclude() {
	for _, tell := range c.later {
		tell() // which adds no more to do later
	}
	for _, l := range c.said {
		if l = c.line(l); l.Text != "" || len(l.Findings) > 0 {
			c.report.Lines = append(c.report.Lines, l)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(c.found)) {
		c.report.Lines = append(c.report.Lines, c.line(Line{File: file}))
	}
}

// line adds what was found about a file to what becomes of it. With an error nothing does.
func (c *checker) line(l Line) Line {
	l.Findings = c.found[l.File]
	delete(c.found, l.File)
	for _, f := range l.Findings {
		if f.Severity == Error {
			l.Text = ""
		}
	}
	l.File = strings.TrimPrefix(l.File, c.root)
	return l
}

// files says of each file below a directory what about says of it, by its name there, and of
// a directory what has been found about it. Links to directories are followed where those
// of services can be, at the top.
func (c *checker) files(dir string, about func(name string) string) {
	c.walk(dir, "", about)
}

func (c *checker) walk(dir, below string, about func(name string) string) {
	path := filepath.Join(dir, below)
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && len(c.found[path]) == 0 {
		c.find(Finding{File: path, Severity: Warning, Code: Unreadable, Text: "cannot be listed: " + smallfile.Cause(err).Error()})
	}
	c.say(path, "")
	for _, e := range entries {
		name := filepath.Join(below, e.Name())
		if e.IsDir() || below == "" && isDir(filepath.Join(dir, name)) {
			c.walk(dir, name, about)
			continue
		}
		text := "hidden, skipped"
		if !isHidden(name) {
			text = about(name)
		}
		c.report.Files++
		c.say(filepath.Join(dir, name), text)
	}
}

// isHidden tells whether a part of a path begins with a dot.
func isHidden(name string) bool {
	return name[0] == '.' || strings.Contains(name, "/.")
}

func (c *checker) isOurs(name string) bool { return slices.Contains(c.commands, name) }

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
