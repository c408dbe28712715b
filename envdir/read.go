package envdir

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/sillelien/baseinit/envdir/entries"
)

// Read returns the variables that the environment directory dir holds.
//
// Names that begin with "." or hold "=" are skipped, and so are sub-directories.
// Symbolic links are followed. In a value, one newline at the end is cut off
// and each NUL becomes a newline.
//
// A file that cannot be read, or is no regular file (a FIFO could make the
// caller wait for ever), is an error that names it. The errors of several files
// are joined, and the variables of all other files are returned beside it. The
// result is nil only if dir itself cannot be read; the error then wraps
// [io/fs.ErrNotExist] if there is no such directory.
func Read(dir string) (Env, error) {
	env := Env{}
	var errs []error
	err := entries.Each(dir, func(name string, content []byte, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot read %s: %w", filepath.Join(dir, name), err))
			return
		}
		value, set := entries.Value(content)
		env = append(env, Var{Name: name, Value: value, Unset: !set})
	})
	if err != nil {
		return nil, fmt.Errorf("cannot %w", err)
	}
	return env, errors.Join(errs...)
}
