package s6

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sillelien/baseinit/internal/s6/smallfile"
)

// Script is one boot script, of cont-init.d or cont-finish.d.
type Script struct {
	// Name is the name within its directory, Path the absolute one.
	Name, Path string
	// Argv runs it: the script, or its interpreter and the script.
	Argv []string
	// Note is what a person should hear about it, or empty. It is one of a few
	// constant texts, so that equal ones can be told at once for many files.
	Note string
	// Err says why it cannot be run. It counts as a script that ended with
	// code 126, "found and not executable".
	Err error
}

// Scripts lists the scripts in dir in the order in which they run: by name, byte
// by byte, as the C locale sorts. Files that start with a dot are no scripts;
// there is no other filter, so "10-x.bak" runs. A directory that does not exist
// holds none; one that cannot be read is an error that names it.
func Scripts(dir string) ([]Script, error) { return scripts(dir, false) }

// LookAtScripts is Scripts, and leaves the modes of the scripts as they are.
func LookAtScripts(dir string) ([]Script, error) { return scripts(dir, true) }

func scripts(dir string, lookOnly bool) ([]Script, error) {
	dir, entries, err := list(dir)
	if err != nil {
		return nil, &smallfile.Error{File: dir, Err: err}
	}
	scripts := make([]Script, 0, len(entries))
	for _, e := range entries {
		s := Script{Name: e.Name(), Path: filepath.Join(dir, e.Name())}
		if s.Argv, s.Note, err = command(s.Path, s.Path, lookOnly); err != nil {
			s.Err = fmt.Errorf("cannot run %s: %w", s.Path, err)
		}
		scripts = append(scripts, s)
	}
	return scripts, nil
}

// list gives the entries of a directory that are not hidden, sorted, and the
// directory's absolute name. One that does not exist has none.
func list(dir string) (string, []fs.DirEntry, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir, nil, fmt.Errorf("cannot list %s: %w", dir, err)
	}
	// ReadDir opens with O_DIRECTORY, which no FIFO can hold up.
	entries, err := os.ReadDir(abs)
	if errors.Is(err, fs.ErrNotExist) {
		return abs, nil, nil
	}
	if err != nil {
		return abs, nil, fmt.Errorf("cannot list %s: %w", abs, smallfile.Cause(err))
	}
	shown := entries[:0]
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			shown = append(shown, e)
		}
	}
	return abs, shown, nil
}
