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
	by     map[string]string // what the scripts that have been read are run by
	said   []Line            // what becomes of files and directories, in their order
	found  map[string][]Line // what is wrong with files
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
		by: map[string]string{}, found: map[string][]Line{},
	}
	_, shell := c.below("/bin/sh")
	c.whole = c.root == "" || shell
	if profile := c.root + settings.ConfigDir(); settings.RuntimeProfile != "" && !isDir(profile) {
		c.find(profile, Error, "there is no such S6_RUNTIME_PROFILE"+endsBoot)
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
	sources.Defaults.LookOnly = true
	for i, dir := range sources.Dirs {
		sources.Dirs[i] = c.inRoot(dir)
	}
	return sources
}

// read reads services as the boot does.
func (c *checker) read() {
	var notes []s6.Note
	var err error
	c.legacy, notes, err = s6.Services(c.etc("services.d"), s6.Defaults{LookOnly: true})
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
			c.find(s.Dir+"/run", Error, "s6-rc.d has a service of that name, too"+endsBoot)
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
	_, err := supervisor.New(supervisor.Config{Services: services})
	if loop, ok := errors.AsType[*supervisor.LoopError](err); ok {
		file := s6.DependencyFile(dirs[loop.Names[0]], loop.Names[1])
		if !exists(file) {
			file = dirs[loop.Names[0]]
		}
		c.find(file, Error, loop.Error()+endsBoot)
	}
}

// learn takes what the readers of the tree say.
func (c *checker) learn(notes []s6.Note, err error) {
	for _, n := range notes {
		c.find(n.File, Warning, c.inside(n.Text))
	}
	c.wrong(err, Error, endsBoot)
}

// wrong takes errors, which name files. How they end goes after them.
func (c *checker) wrong(err error, severity Severity, end string) {
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for _, err := range list {
		wrong, ok := errors.AsType[*smallfile.Error](err)
		switch {
		case !ok:
		case wrong.Missing && !c.whole:
			c.find(wrong.File, Warning, c.inside(reason(wrong))+", unless in the image that this is copied to")
		default:
			c.find(wrong.File, severity, c.inside(reason(wrong))+end)
		}
	}
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

// find notes what is wrong with a file.
func (c *checker) find(file string, severity Severity, text string) {
	if target, elsewhere := c.elsewhere(file); elsewhere {
		severity, text = Info, "is a link to "+target+", which is followed only in the container: not checked"
	}
	l := Line{Severity: severity, Text: text}
	if !slices.Contains(c.found[file], l) {
		c.found[file] = append(c.found[file], l)
	}
}

// say notes what becomes of a file, empty if nothing does.
func (c *checker) say(file string, severity Severity, text string) {
	c.said = append(c.said, Line{file, severity, text})
}

// conclude makes the lines of what was said and found. What was found about files that are
// in none of the directories comes last.
func (c *checker) conclude() {
	for _, l := range c.said {
		if l = c.line(l); l.Text != "" {
			c.report.Lines = append(c.report.Lines, l)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(c.found)) {
		c.report.Lines = append(c.report.Lines, c.line(Line{File: file}))
	}
}

// line adds what was found about a file to what becomes of it. With an error nothing does.
func (c *checker) line(l Line) Line {
	var texts []string
	for _, f := range c.found[l.File] {
		l.Severity = max(l.Severity, f.Severity)
		texts = append(texts, f.Text)
	}
	delete(c.found, l.File)
	if l.Severity < Error && l.Text != "" {
		texts = slices.Insert(texts, 0, l.Text)
	}
	l.File, l.Text = strings.TrimPrefix(l.File, c.root), strings.Join(texts, "; ")
	return l
}

// files says of each file below a directory what about says of it, by its name there, and of
// a directory what has been found about it. Links to directories are followed where those
// of services can be, at the top.
func (c *checker) files(dir string, about func(name string) (Severity, string)) {
	c.walk(dir, "", about)
}

func (c *checker) walk(dir, below string, about func(name string) (Severity, string)) {
	path := filepath.Join(dir, below)
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && len(c.found[path]) == 0 {
		c.find(path, Warning, "cannot be listed: "+smallfile.Cause(err).Error())
	}
	c.say(path, Info, "")
	for _, e := range entries {
		name := filepath.Join(below, e.Name())
		if e.IsDir() || below == "" && isDir(filepath.Join(dir, name)) {
			c.walk(dir, name, about)
			continue
		}
		severity, text := Info, "hidden, skipped"
		if !isHidden(name) {
			severity, text = about(name)
		}
		c.report.Files++
		c.say(filepath.Join(dir, name), severity, text)
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
