//go:build linux

package applet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/execline"
)

// ln is s6-ln: ln(1) of POSIX, but that -f replaces a link in one step, so that there is
// one at any time.
func ln(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "nsfLP")
	if !ok || len(rest) < 2 {
		return nil, errUsage
	}
	given := execline.Given(options)
	link := func(source, name string) error { return hardLink(source, name, follows(options)) }
	if given['s'] {
		link = os.Symlink
	}
	if given['f'] {
		link = replacing(link)
	}
	sources, target := rest[:len(rest)-1], rest[len(rest)-1]
	into := isDir(target, given['n'])
	if len(sources) > 1 && !into {
		return nil, fail(execline.CodeUsage, "%s is no directory: several links cannot have one name", target)
	}
	for _, source := range sources {
		name := target
		if into {
			name = filepath.Join(target, filepath.Base(source))
		}
		if err := link(source, name); err != nil {
			return nil, fmt.Errorf("cannot link: %w", err)
		}
	}
	return nil, nil
}

// follows tells whether the last of -L and -P is -L.
func follows(options []execline.Option) bool {
	follow := false
	for _, o := range options {
		if o.Letter == 'L' || o.Letter == 'P' {
			follow = o.Letter == 'L'
		}
	}
	return follow
}

// isDir tells whether links go into a directory of that name; with itself one that a
// symbolic link leads to is none.
func isDir(name string, itself bool) bool {
	stat := os.Stat
	if itself {
		stat = os.Lstat
	}
	st, err := stat(name)
	return err == nil && st.IsDir()
}

func hardLink(source, name string, follow bool) error {
	flags := 0
	if follow {
		flags = unix.AT_SYMLINK_FOLLOW
	}
	if err := unix.Linkat(unix.AT_FDCWD, source, unix.AT_FDCWD, name, flags); err != nil {
		return &os.LinkError{Op: "link", Old: source, New: name, Err: err}
	}
	return nil
}

// replacing makes links that replace what is there.
func replacing(link func(source, name string) error) func(source, name string) error {
	return func(source, name string) error {
		err := link(source, name)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		draft := name + ":s6-ln:" + strconv.Itoa(os.Getpid())
		if err := link(source, draft); err != nil {
			return err
		}
		defer func() { _ = unix.Unlink(draft) }() // rename(2) keeps it where both are one file
		return renameFile(draft, name)
	}
}
