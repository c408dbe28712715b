//go:build linux

package applet

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/execline"
)

// hiercopy is s6-hiercopy: it copies a tree with its modes, as root also with its owners,
// and follows no links. What is there already stays, or is written over.
func hiercopy(_ *execline.Process, argv []string) ([]string, error) {
	if len(argv) != 3 {
		return nil, errUsage
	}
	if err := copyTree(argv[1], argv[2]); err != nil {
		return nil, fmt.Errorf("cannot copy: %w", err)
	}
	return nil, nil
}

// copyTree copies a file or directory. A directory gets its mode last: it may be one
// that nothing can be put into.
func copyTree(from, to string) error {
	var st syscall.Stat_t
	if err := syscall.Lstat(from, &st); err != nil {
		return &os.PathError{Op: "stat", Path: from, Err: err}
	}
	var err error
	if st.Mode&syscall.S_IFMT == syscall.S_IFDIR {
		err = copyDir(from, to)
	} else {
		err = copyFile(from, to, &st)
	}
	if err != nil {
		return err
	}
	return copyAttributes(to, &st)
}

func copyDir(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := makeDir(to, 0o700); err != nil {
		return err
	}
	for _, e := range entries {
		if err := copyTree(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies all but a directory. Other than a regular file nothing can be written
// over, so what is there goes.
func copyFile(from, to string, st *syscall.Stat_t) error {
	kind := st.Mode & syscall.S_IFMT
	if kind == syscall.S_IFREG {
		return copyContents(from, to)
	}
	_ = syscall.Unlink(to) // what cannot be removed is in the way of what follows
	if kind == syscall.S_IFLNK {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	if err := unix.Mknod(to, st.Mode, int(st.Rdev)); err != nil {
		return &os.PathError{Op: "make", Path: to, Err: err}
	}
	return nil
}

func copyContents(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		_ = target.Close()
		return err
	}
	return target.Close()
}

// copyAttributes gives a copy its owner, and then its mode: chown(2) takes some of it away.
func copyAttributes(to string, st *syscall.Stat_t) error {
	if os.Geteuid() == 0 {
		if err := os.Lchown(to, int(st.Uid), int(st.Gid)); err != nil {
			return err
		}
	}
	if st.Mode&syscall.S_IFMT == syscall.S_IFLNK {
		return nil // has none of its own
	}
	return os.Chmod(to, fileMode(uint64(st.Mode)))
}
