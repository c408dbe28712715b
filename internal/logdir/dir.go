//go:build linux

package logdir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/rawfile"
)

// The modes of what is written and of what is complete.
const (
	modeOpen = 0o644
	modeDone = 0o744
	isDone   = 0o100
)

// ErrLocked is for a directory that somebody else writes to.
var ErrLocked = errors.New("another process writes to it")

// Dir is a log directory that this process writes to. One goroutine uses it.
type Dir struct {
	config  Config
	lock    int
	current int
	size    int64  // of current
	whole   bool   // current ends with a line's end
	pending []byte // not yet written

	steps     []step    // what is left of a rotation
	child     int       // the processor; 0: none
	deadline  time.Time // before it nothing is tried
	ending    bool      // see End
	abandoned bool      // previous is left for the next life
}

// Open locks the directory, makes archives of what an earlier life left behind, and
// opens current. ErrLocked is one of its errors.
func Open(config Config) (*Dir, error) {
	d := &Dir{config: config, lock: -1, current: -1, whole: true}
	if err := d.open(); err != nil {
		d.close()
		return nil, fmt.Errorf("cannot use the log directory: %w", err)
	}
	return d, nil
}

func (d *Dir) open() error {
	// Set group id, as s6-log has it, lets who reads the logs be a group of its own.
	if err := syscall.Mkdir(d.config.Path, syscall.S_ISGID|0o700); err != nil && !errors.Is(err, syscall.EEXIST) {
		return &os.PathError{Op: "mkdir", Path: d.config.Path, Err: err}
	}
	if err := d.takeLock(); err != nil {
		return err
	}
	info, err := os.Stat(d.path("current"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err != nil || info.Mode()&isDone == 0 {
		if err := d.recover(); err != nil {
			return err
		}
	}
	return d.openCurrent()
}

func (d *Dir) takeLock() (err error) {
	name := d.path("lock")
	if d.lock, err = rawfile.Open(name, syscall.O_WRONLY|syscall.O_CREAT); err != nil {
		return err
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: unix.SEEK_SET}
	err = unix.FcntlFlock(uintptr(d.lock), unix.F_SETLK, &lock)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) {
		err = ErrLocked
	}
	if err != nil {
		return &os.PathError{Op: "lock", Path: name, Err: err}
	}
	return nil
}

// recover makes archives of what is there. What a processor has made already is
// complete only if it is marked so; else what it was to read is kept. An empty current
// is no archive: a container that is killed often would have nothing else.
func (d *Dir) recover() error {
	for _, name := range [...]string{"state", "newstate"} {
		if err := d.remove(name); err != nil {
			return err
		}
	}
	left, unwanted, suffix := "previous", "processed", byte('u')
	if info, err := os.Stat(d.path("processed")); err == nil && info.Mode()&isDone != 0 {
		left, unwanted, suffix = "processed", "previous", 's'
	}
	if err := d.remove(unwanted); err != nil {
		return err
	}
	if err := d.archive(left, suffix); err != nil {
		return err
	}
	if info, err := os.Stat(d.path("current")); err == nil && info.Size() > 0 {
		if err := d.archive("current", 'u'); err != nil {
			return err
		}
	}
	fd, err := rawfile.Open(d.path("state"), syscall.O_WRONLY|syscall.O_CREAT|syscall.O_TRUNC)
	if err == nil {
		err = syscall.Close(fd)
	}
	return err
}

// openCurrent opens a current, also in place of the one that has become previous.
func (d *Dir) openCurrent() error {
	name := d.path("current")
	fd, err := rawfile.Open(name, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_APPEND)
	if err != nil {
		return err
	}
	var st syscall.Stat_t
	if err = syscall.Fchmod(fd, modeOpen); err == nil {
		err = syscall.Fstat(fd, &st)
	}
	if err != nil {
		_ = syscall.Close(fd)
		return &os.PathError{Op: "fchmod", Path: name, Err: err}
	}
	if d.current >= 0 {
		_ = syscall.Close(d.current)
	}
	d.current, d.size, d.whole = fd, st.Size, true
	return nil
}

func (d *Dir) path(name string) string { return filepath.Join(d.config.Path, name) }

func (d *Dir) remove(name string) error {
	if err := syscall.Unlink(d.path(name)); err != nil && !errors.Is(err, syscall.ENOENT) {
		return &os.PathError{Op: "unlink", Path: d.path(name), Err: err}
	}
	return nil
}

func (d *Dir) close() {
	for _, fd := range [...]int{d.current, d.lock} {
		if fd >= 0 {
			_ = syscall.Close(fd)
		}
	}
}
