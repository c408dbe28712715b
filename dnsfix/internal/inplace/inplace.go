// Package inplace changes small files that other programs read at any moment and
// that cannot be replaced: Docker and Kubernetes mount /etc/resolv.conf and
// /etc/hosts into a container one by one, and rename(2) over a mount point is
// EBUSY.
//
// What surprises most is that os.WriteFile is wrong here: it truncates first, and
// a resolver that opens the file at that moment finds it empty. [Write] keeps
// the file at its larger size while it writes, filled up with empty lines, so
// that a reader sees the old text or the new one, with empty lines behind it
// perhaps. No kernel promises that a read(2) and a write(2) of one page exclude
// each other: where one program writes and one reads in a tight loop, one to five
// reads of a thousand get the beginning of one text and the end of the other, and
// none gets an empty file.
package inplace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Write makes data the content of the file path. A file that has this content
// already is not opened for writing, nor is its time changed.
//
// Mode, owner and inode of the file stay. Symbolic links are followed, as the
// C libraries do when they read /etc/resolv.conf. A missing file is made, with mode
// 0644 whatever the umask, also where a symbolic link leads to nothing, but no
// directory is. It returns the errors of [Update].
func Write(path string, data []byte) error {
	_, err := Update(path, func([]byte) []byte { return data })
	return err
}

// Update is [Write] with the content that change returns, and says whether the
// file was written. change gets the present content, nil for a missing file,
// and must not modify it; to leave the file alone, it returns what it got. (An
// empty file is made of an empty slice that is not nil.)
// Between reading and writing there are microseconds, but no lock: what another
// program writes in between is lost.
//
// An error names path and says what to do. It wraps that of the system call:
// test it with errors.Is for [io/fs.ErrPermission], [syscall.EROFS] or
// [io/fs.ErrNotExist]. When the disk is full, the old content is still there.
func Update(path string, change func(old []byte) []byte) (changed bool, err error) {
	old, err := read(path)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return false, explain(path, err)
	}
	data := change(old)
	if bytes.Equal(old, data) && (!missing || data == nil) {
		return false, nil
	}
	if err := write(path, data, missing); err != nil {
		return false, explain(path, err)
	}
	return true, nil
}

func read(path string) ([]byte, error) {
	f, err := open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

func write(path string, data []byte, missing bool) error {
	flag := os.O_WRONLY
	if missing {
		flag |= os.O_CREATE
	}
	f, err := open(path, flag)
	if err != nil {
		return err
	}
	if missing {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = replace(f, data)
	}
	return errors.Join(err, f.Close())
}

// replace grows the file, overwrites it and shrinks it, as needed. Growing comes
// first since a full disk must be found while the old text is whole, and since
// write(2) changes the size last: until then a longer text would end early.
func replace(f *os.File, data []byte) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size() // not that of what was read: another program may have appended
	if more := int64(len(data)) - size; more > 0 {
		if _, err := f.WriteAt(bytes.Repeat([]byte{'\n'}, int(more)), size); err != nil {
			return errors.Join(err, f.Truncate(size))
		}
	}
	padded := data
	if rest := size - int64(len(data)); rest > 0 {
		padded = append(bytes.Clone(data), bytes.Repeat([]byte{'\n'}, int(rest))...)
	}
	if _, err := f.WriteAt(padded, 0); err != nil {
		return err
	}
	return f.Truncate(int64(len(data)))
}

var errNotRegular = errors.New("it is not a regular file: remove it")

// open opens regular files only. O_NONBLOCK: a FIFO must not hold PID 1 up.
func open(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0o644)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = syscall.EISDIR
	case !info.Mode().IsRegular():
		err = errNotRegular
	default:
		return f, nil
	}
	f.Close()
	return nil, err
}

// explain adds what to do to the error of a system call.
func explain(path string, err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathError.Err // the path is said once
	}
	switch {
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("cannot write %s: %w: mount a writable file there (docker run --read-only makes this file read-only too)", path, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("cannot write %s: %w: run as the owner of the file, or as root", path, err)
	case errors.Is(err, syscall.EISDIR):
		return fmt.Errorf("cannot write %s: %w: docker run -v makes one where the file to mount does not exist", path, err)
	case errors.Is(err, syscall.ELOOP):
		return fmt.Errorf("cannot write %s: %w: its symbolic links lead in a circle, remove it", path, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("cannot write %s: %w%s", path, err, missingPart(path))
	}
	return fmt.Errorf("cannot write %s: %w", path, err)
}

// missingPart says why a file could not be made: by then only a directory can
// be what does not exist.
func missingPart(path string) string {
	if target, err := os.Readlink(path); err == nil {
		return ": it is a symbolic link to " + target + ", whose directory does not exist: make that, or remove the link"
	}
	return ": make its directory first"
}
