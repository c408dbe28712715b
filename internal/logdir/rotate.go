//go:build linux

package logdir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/rawfile"
	"github.com/sillelien/baseinit/internal/tai64n"
)

// step is one part of a rotation. One that fails is tried again, and those before it
// are not.
type step func(d *Dir) error

// Rotate makes current an archive, unless it is empty or that is under way already.
func (d *Dir) Rotate() {
	if len(d.steps) > 0 || d.abandoned || d.size == 0 || !d.whole {
		return
	}
	d.steps = []step{
		func(d *Dir) error { return named(syscall.Fsync(d.current), "fsync", d.path("current")) },
		func(d *Dir) error { return d.rename("current", "previous") },
		(*Dir).openCurrent,
		func(d *Dir) error { return os.Chmod(d.path("previous"), modeDone) },
	}
	if len(d.config.Processor) == 0 {
		d.steps = append(d.steps, func(d *Dir) error { return d.archive("previous", 's') })
		return
	}
	d.steps = append(d.steps,
		(*Dir).process,
		func(d *Dir) error { return d.sync("processed") },
		func(d *Dir) error { return os.Chmod(d.path("processed"), modeDone) },
		func(d *Dir) error { return d.sync("newstate") },
		func(d *Dir) error { return d.remove("previous") },
		func(d *Dir) error { return d.rename("newstate", "state") },
		func(d *Dir) error { return d.archive("processed", 's') },
	)
}

// goOn does what is left of the rotation, as far as it goes, and tells whether lines
// can be written.
func (d *Dir) goOn() bool {
	for len(d.steps) > 0 {
		if err := d.steps[0](d); err != nil {
			d.later(fmt.Errorf("cannot rotate: %w", err))
			return false
		}
		if d.child != 0 { // it ends the step
			return true
		}
		d.steps = d.steps[1:]
	}
	return true
}

// sync makes what a processor has written safe.
func (d *Dir) sync(name string) error {
	fd, err := rawfile.Open(d.path(name), syscall.O_WRONLY|syscall.O_CREAT|syscall.O_APPEND)
	if err != nil {
		return err
	}
	defer func() { _ = syscall.Close(fd) }()
	return named(syscall.Fsync(fd), "fsync", d.path(name))
}

// archive gives a file the name of an archive, if it is there, and removes the archives
// that are too many. A second name that it has is one that the real s6-log gave it
// before it was killed.
func (d *Dir) archive(name string, suffix byte) error {
	var st syscall.Stat_t
	if err := syscall.Stat(d.path(name), &st); err != nil {
		if errors.Is(err, syscall.ENOENT) {
			return nil
		}
		return &os.PathError{Op: "stat", Path: d.path(name), Err: err}
	}
	if st.Nlink > 1 {
		if err := d.remove(name); err != nil {
			return err
		}
		return d.trim()
	}
	for t := time.Now(); ; t = t.Add(1) {
		stamped := string(append(tai64n.Append(nil, t), '.', suffix))
		if _, err := os.Lstat(d.path(stamped)); err == nil {
			continue
		}
		if err := d.rename(name, stamped); err != nil {
			return err
		}
		return d.trim()
	}
}

// trim removes the oldest archives until the others are few and small enough.
func (d *Dir) trim() error {
	entries, err := os.ReadDir(d.config.Path)
	if err != nil {
		return err
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return !isArchive(e.Name()) })
	sizes, total := make([]int64, len(entries)), int64(0)
	for i, e := range entries {
		if info, err := e.Info(); err == nil {
			sizes[i] = info.Size()
			total += sizes[i]
		}
	}
	for i, e := range entries {
		if len(entries)-i <= d.config.Archives && (d.config.TotalSize == 0 || total <= d.config.TotalSize) {
			break
		}
		total -= sizes[i]
		if err := d.remove(e.Name()); err != nil {
			d.config.Warn(fmt.Errorf("cannot remove an old archive: %w", err))
		}
	}
	return nil
}

// isArchive tells whether a name is a label with ".s" or ".u".
func isArchive(name string) bool {
	label, kind := strings.CutSuffix(name, ".s")
	if !kind {
		label, kind = strings.CutSuffix(name, ".u")
	}
	_, ok := tai64n.Parse([]byte(label))
	return kind && ok && len(label) == tai64n.Length
}

func (d *Dir) rename(from, to string) error {
	if err := syscall.Rename(d.path(from), d.path(to)); err != nil {
		return &os.LinkError{Op: "rename", Old: d.path(from), New: filepath.Base(to), Err: err}
	}
	return nil
}

// named gives an error the call and the file that it is about.
func named(err error, op, path string) error {
	if err != nil {
		return &os.PathError{Op: op, Path: path, Err: err}
	}
	return nil
}
