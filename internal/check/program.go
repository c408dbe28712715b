//go:build linux

package check

import (
	"bytes"
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

// lacks tells what is wrong with a word that is run. It is not so if nothing is, or if that is
// not certain. It is never an error: fix-attrs.d and scripts may mend it first.
func (c *checker) lacks(word string) (f Finding, is bool) {
	if word == "" || strings.ContainsAny(word, "$`") {
		return f, false
	}
	paths := []string{word}
	switch {
	case !strings.Contains(word, "/"):
		if !c.whole || c.isOurs(word) {
			return f, false
		}
		paths = nil
		for _, dir := range c.dirs {
			paths = append(paths, dir+"/"+word)
		}
	case !filepath.IsAbs(word):
		return f, false // it depends on the directory
	}
	for _, path := range paths {
		if file, found := c.below(path); found {
			return c.unfit(file, word)
		}
	}
	if !c.whole || c.isOurs(filepath.Base(word)) {
		return f, false
	}
	return Finding{Severity: Warning, Code: NoProgram, Text: "there is no program " + word + endsMissed}, true
}

// unfit tells why a file cannot be run, if it cannot. A script of the tree is checked, too.
func (c *checker) unfit(file, word string) (f Finding, is bool) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return f, false
	case info.IsDir():
		return Finding{Severity: Warning, Code: NotAScript, Text: word + " is a directory" + endsCannot}, true
	case info.Mode()&0o111 == 0:
		return Finding{Severity: Warning, Code: NotExecutable, Text: word + " is not executable" + endsCannot}, true
	}
	c.script(file, asScript)
	return f, false
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
			c.find(Finding{File: c.root + path, Severity: Warning, Code: Foreign, Text: "is s6's own, which needs a database that is not made here"})
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
