package dnsmasq

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// includer reads the files that an option names.
type includer func(r *reading, v value) error

func includeFile(r *reading, v value) error {
	path, err := v.path()
	if err != nil {
		return err
	}
	return r.file(path, false)
}

func includeServers(r *reading, v value) error {
	path, err := v.path()
	if err != nil {
		return err
	}
	return r.file(path, true)
}

// includeDir reads the files of DIRECTORY[,EXTENSION...] in the order of their
// names: those that end in an extension that begins with *, if one does, and not
// those that end in one of the others.
func includeDir(r *reading, v value) error {
	fields, err := v.fields()
	if err != nil {
		return err
	}
	if fields[0] == "" {
		return errors.New("it names no directory: give DIRECTORY[,EXTENSION...]")
	}
	return r.dir(r.absolute(fields[0]), fields[1:])
}

func (r *reading) absolute(path string) string { return absolute(r.Dir, path) }

func (r *reading) dir(path string, extensions []string) error {
	entries, err := os.ReadDir(filepath.Join(r.Root, path))
	if err != nil {
		return fmt.Errorf("cannot list directory: %w: create it, or remove the option", err)
	}
	var errs []error
	for _, e := range entries {
		name := filepath.Join(path, e.Name())
		if !wanted(e.Name(), extensions) || !r.regular(name) {
			continue
		}
		errs = append(errs, r.file(name, false))
	}
	return errors.Join(errs...)
}

// wanted says whether a file of a --conf-dir is read.
func wanted(name string, extensions []string) bool {
	if name[0] == '.' || strings.HasSuffix(name, "~") || name[0] == '#' && strings.HasSuffix(name, "#") {
		return false
	}
	must, does := false, false
	for _, ext := range extensions {
		end, only := strings.CutPrefix(ext, "*")
		has := end != "" && len(name) > len(end) && strings.HasSuffix(name, end)
		if has && !only {
			return false
		}
		must, does = must || only, does || has
	}
	return does || !must
}

func (r *reading) regular(path string) bool {
	info, err := os.Stat(filepath.Join(r.Root, path))
	return err == nil && info.Mode().IsRegular()
}

// file reads a configuration file, unless that has been done: it may name itself.
func (r *reading) file(path string, onlyAsks bool) error {
	content, err := r.content(path)
	if err != nil {
		return fmt.Errorf("cannot read configuration file: %w: create it, or remove the option", err)
	}
	outer, asks := r.inFile, r.onlyAsks
	r.inFile, r.onlyAsks = true, onlyAsks
	number := 0
	for line := range strings.SplitSeq(content, "\n") {
		if number++; r.full() {
			break
		}
		r.line(line, Origin{File: path, Line: number})
	}
	r.inFile, r.onlyAsks = outer, asks
	return nil
}

// content returns "" for a file that has been read before.
func (r *reading) content(path string) (string, error) {
	if path == os.DevNull {
		return "", nil
	}
	host := filepath.Join(r.Root, path)
	info, err := os.Stat(host)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() { // a FIFO would hold us up, a device may not end
		return "", &fs.PathError{Op: "read", Path: host, Err: errors.New("not a regular file")}
	}
	if slices.ContainsFunc(r.visited, func(v os.FileInfo) bool { return os.SameFile(v, info) }) {
		return "", nil
	}
	r.visited = append(r.visited, info)
	r.opts.Files = append(r.opts.Files, path)
	content, err := os.ReadFile(host)
	return string(content), err
}

// line reads NAME, NAME=VALUE, or nothing, and a comment.
func (r *reading) line(text string, from Origin) {
	text = strings.Trim(withoutComment(text), " \t\r")
	if text == "" {
		return
	}
	name, v, has := strings.Cut(text, "=")
	name, v = strings.TrimRight(name, blanks), strings.TrimLeft(v, blanks)
	opt := r.table.byName[name]
	if opt == nil {
		err := r.table.unknown(name, "")
		if bare := strings.TrimLeft(name, "-"); r.table.byName[bare] != nil {
			err = fmt.Errorf("in a file options have no dashes: write %s", bare)
		}
		r.fail(name, from, err)
		return
	}
	r.apply(opt, use{written: text, bare: name, from: from, text: v, has: has, arg: opt.arg})
}

// withoutComment cuts off what begins with a "#" that is first or follows a blank,
// and is not quoted.
func withoutComment(line string) string {
	for i := 0; i < len(line); {
		if line[i] == '#' && (i == 0 || strings.IndexByte(blanks, line[i-1]) >= 0) {
			return line[:i]
		}
		_, _, size, err := next(line[i:])
		if err != nil {
			return line // the value will say so
		}
		i += size
	}
	return line
}
