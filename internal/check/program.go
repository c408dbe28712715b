//go:build linux

package check

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// programDirs are where programs are looked for: all that a container's PATH may hold.
func programDirs(path string) []string {
	const usual = "/command:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	dirs := strings.Split(usual+":"+path, ":")
	return slices.DeleteFunc(dirs, func(dir string) bool { return !filepath.IsAbs(dir) })
}

// below finds the file that a path of the container is, below root. Links lead where they
// lead in the container.
func (c *checker) below(path string) (file string, found bool) {
	const most = 40 // links, as path_resolution(7) has it
	at, links := "/", 0
	for path != "" {
		var name string
		name, path, _ = strings.Cut(path, "/")
		next := filepath.Join(at, name) // ".." does not lead out
		target, err := os.Readlink(c.root + next)
		if err != nil || name == "" {
			at = next
			continue
		}
		if links++; links > most {
			return "", false
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		path = target + "/" + path
	}
	return c.root + at, exists(c.root + at)
}

// inRoot is the directory that a path is for the container, which may be a link in it.
func (c *checker) inRoot(dir string) string {
	if target, found := c.below(strings.TrimPrefix(dir, c.root)); found && c.root != "" {
		return target
	}
	return dir
}

// elsewhere tells whether a file is a link that leads to one place from here, and to another
// one in the container.
func (c *checker) elsewhere(file string) (target string, is bool) {
	target, err := os.Readlink(file)
	if err != nil || c.root == "" || !filepath.IsAbs(target) {
		return "", false
	}
	_, found := c.below(target)
	return target, found || !c.whole
}

// lacks tells what is wrong with a word that is run, empty if nothing is, or that is not
// certain. It is never an error: fix-attrs.d and scripts may mend it first.
func (c *checker) lacks(word string) (severity Severity, text string) {
	if word == "" || strings.Contains(word, "$") {
		return Info, ""
	}
	paths := []string{word}
	switch {
	case !strings.Contains(word, "/"):
		if !c.whole || c.isOurs(word) {
			return Info, ""
		}
		paths = nil
		for _, dir := range c.dirs {
			paths = append(paths, dir+"/"+word)
		}
	case !filepath.IsAbs(word):
		return Info, "" // it depends on the directory
	}
	for _, path := range paths {
		if file, found := c.below(path); found {
			return c.unfit(file, word)
		}
	}
	if !c.whole || c.isOurs(filepath.Base(word)) {
		return Info, ""
	}
	return Warning, fmt.Sprintf("there is no program %s%s", word, endsMissed)
}

// unfit tells why a file cannot be run, if it cannot. A script of the tree is checked, too.
func (c *checker) unfit(file, word string) (severity Severity, text string) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return Info, ""
	case info.IsDir():
		return Warning, word + " is a directory" + endsCannot
	case info.Mode()&0o111 == 0:
		return Warning, word + " is not executable" + endsCannot
	}
	c.script(file)
	return Info, ""
}

// script finds what is wrong with a script, and tells what it is run by.
func (c *checker) script(path string) (by string) {
	if by, done := c.by[path]; done {
		return by
	}
	c.by[path] = "" // a script may lead back to itself
	c.by[path] = c.readScript(path)
	return c.by[path]
}

func (c *checker) readScript(path string) (by string) {
	head, err := readHead(path)
	first, _, _ := strings.Cut(string(head), "\n")
	line, hasLine := strings.CutPrefix(first, "#!")
	line = strings.Trim(line, " \t")
	switch {
	case err != nil: // who reads the tree says so, if that is wrong
	case isProgram(head):
		return ", a program"
	case len(head) == 0:
		c.find(path, Error, "is empty"+endsCannot)
	case !hasLine && bytes.IndexByte(head[:min(len(head), 256)], 0) >= 0:
		c.find(path, Error, "is neither a program nor a script"+endsCannot)
	case !hasLine || line == "":
		return ", by /bin/sh, as it has no #! line"
	case strings.HasSuffix(line, "\r"):
		c.find(path, Error, `its first line ends in CRLF: there is no such interpreter (code 127; sed -i 's/\r$//' `+strings.TrimPrefix(path, c.root)+")")
	default:
		c.interpreter(path, line)
		return ", by " + line
	}
	return ""
}

// interpreter finds what is wrong with the line behind #!. All after the first blanks is
// one argument: execve(2).
func (c *checker) interpreter(path, line string) {
	name, argument := line, ""
	if blank := strings.IndexAny(line, " \t"); blank >= 0 {
		name, argument = line[:blank], strings.TrimLeft(line[blank:], " \t")
	}
	switch dir, base := filepath.Split(name); {
	case dir == "":
		c.find(path, Warning, name+" is no absolute path, and is looked for in the working directory")
		return
	case base == "execlineb":
		c.execline(path)
	case base == "env", strings.HasPrefix(base, "with-contenv") && c.isOurs(base) && dir != "/usr/local/bin/":
		c.passed(path, argument)
	}
	if _, found := c.below(name); found || !c.whole {
		return
	}
	text := "there is no " + name + endsMissed
	if c.isOurs(filepath.Base(name)) {
		text += ": link it to /init"
	}
	c.find(path, Warning, text)
}

// passed finds what is wrong with the argument of env or with-contenv, a program.
func (c *checker) passed(path, argument string) {
	switch {
	case strings.HasPrefix(argument, "-"), strings.Contains(argument, "="):
	case strings.ContainsAny(argument, " \t"):
		c.find(path, Error, fmt.Sprintf("its first line makes %q one word, and there is no such program%s", argument, endsMissed))
	default:
		if severity, text := c.lacks(argument); text != "" {
			c.find(path, severity, text)
		}
		if filepath.Base(argument) == "execlineb" {
			c.execline(path)
		}
	}
}

// readHead reads the beginning of a file, and no FIFO holds it up.
func readHead(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fs.ErrInvalid
	}
	return io.ReadAll(io.LimitReader(f, 4096))
}

func isProgram(head []byte) bool { return bytes.HasPrefix(head, []byte("\x7fELF")) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// foreign warns of a command of s6 itself in the place of ours.
func (c *checker) foreign() {
	for _, path := range [...]string{"/command/s6-rc", "/usr/bin/s6-rc"} {
		file, found := c.below(path)
		head, err := readHead(file)
		if found && err == nil && isProgram(head) && !c.isInit(file) {
			c.find(c.root+path, Warning, "is s6's own, which needs a database that is not made here: link it to /init")
		}
	}
}

// isInit tells whether a file is this program, or the container's, or most likely a copy.
func (c *checker) isInit(file string) bool {
	info, err := os.Stat(file)
	if err != nil {
		return false
	}
	inside, _ := c.below("/init")
	for _, name := range [...]string{inside, "/proc/self/exe"} {
		if other, err := os.Stat(name); err == nil && other.Size() == info.Size() {
			return true
		}
	}
	return false
}
