//go:build linux

package servicedir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Make makes a service directory's own parts below dir, which must be there, in the place
// of what an earlier life has left, and gives who keeps them. The control FIFO gets the
// mode and the group of the one that like names, if there is one: images ship it to let
// others than root control a service. The status is first until the keeper writes another.
func Make(dir, like string, first Status) (*Keeper, error) {
	mode, gid := shipped(like)
	supervise, event := filepath.Join(dir, "supervise"), filepath.Join(dir, "event")
	err := errors.Join(os.RemoveAll(supervise), os.Mkdir(supervise, 0o700))
	if info, serr := os.Lstat(event); serr != nil || !info.IsDir() { // else somebody may listen there already
		err = errors.Join(err, os.RemoveAll(event), os.Mkdir(event, 0o700))
	}
	// A fifodir that its group may listen in: https://skarnet.org/software/s6/fifodir.html.
	err = errors.Join(err, os.Chmod(event, fs.ModeSetgid|fs.ModeSticky|0o730))
	if err == nil {
		err = first.Write(dir) // before anybody can take it for supervised
	}
	if err != nil {
		return nil, fmt.Errorf("cannot supervise %s: %w", dir, err)
	}
	k := &Keeper{}
	if k.lock, err = Lock(filepath.Join(supervise, "lock")); err != nil {
		return nil, err
	}
	path := filepath.Join(supervise, "control")
	if k.control, err = MakeControl(path); err != nil {
		_ = k.lock.Close()
		return nil, err
	}
	if mode != 0 {
		_ = os.Chown(path, -1, gid) // who is not root may do so within limits
		_ = os.Chmod(path, mode)
		_ = os.Chmod(supervise, 0o711)
	}
	_ = Notify(dir, string(EventStart)) // who does not hear it finds the lock
	return k, nil
}

// Keeper is whom a service directory is kept by.
type Keeper struct{ lock, control *os.File }

// Read reads commands, a letter each. It ends with Close.
func (k *Keeper) Read(buf []byte) (int, error) { return k.control.Read(buf) }

// Close says that nobody keeps the directory any more.
func (k *Keeper) Close() { _, _ = k.control.Close(), k.lock.Close() }

// Lock makes a file and locks it: that is how the programs of s6 see whether somebody
// keeps the directory. The lock is that of fcntl_locking(2), which goes when the process
// closes any descriptor of the file.
func Lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot make %s: %w", path, err)
	}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK}); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("cannot lock %s: %w", path, err)
	}
	return f, nil
}

// shipped gives the mode and the group of a FIFO, 0 if there is none.
func shipped(path string) (fs.FileMode, int) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != fs.ModeNamedPipe {
		return 0, 0
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0
	}
	return info.Mode().Perm(), int(st.Gid)
}

// MakeControl makes a control FIFO and opens it to read.
func MakeControl(path string) (*os.File, error) {
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return nil, fmt.Errorf("cannot make %s: %w", path, err)
	}
	// Open for writing, too: a FIFO whose last writer has gone is at its end, fifo(7).
	return os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
}

// Supervised tells whether somebody reads the commands for a service directory.
func Supervised(dir string) bool {
	fd, err := open(filepath.Join(dir, "supervise", "control"), syscall.O_WRONLY)
	if err == nil {
		_ = syscall.Close(fd)
	}
	return err == nil
}

// Send writes commands for a service directory, a letter each.
func Send(dir, letters string) error {
	return Tell(filepath.Join(dir, "supervise", "control"), letters)
}

// Tell writes letters into a control FIFO. The error is ErrUnsupervised if there is one
// that nobody reads.
func Tell(control, letters string) error {
	fd, err := open(control, syscall.O_WRONLY)
	if errors.Is(err, syscall.ENXIO) {
		return fmt.Errorf("cannot control %s: %w", filepath.Dir(filepath.Dir(control)), ErrUnsupervised)
	}
	if err != nil {
		return fmt.Errorf("cannot control %s: %w", filepath.Dir(filepath.Dir(control)), err)
	}
	defer func() { _ = syscall.Close(fd) }()
	if _, err := syscall.Write(fd, []byte(letters)); err != nil { // it is less than PIPE_BUF: all or nothing
		return fmt.Errorf("cannot write to %s: %w", control, err)
	}
	return nil
}
