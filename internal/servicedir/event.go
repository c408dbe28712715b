//go:build linux

package servicedir

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/tai64n"
)

// The events of a service, a letter each.
const (
	EventStart     = 's' // it is supervised from now on
	EventUp        = 'u' // its run program was started
	EventReady     = 'U' // it says that it is ready
	EventDown      = 'd' // its run program has ended
	EventDownReady = 'D' // its finish program has ended, too
	EventFailed    = 'O' // it failed for good; D follows
	EventExit      = 'x' // it is supervised no longer
)

// prefix is how the names of FIFOs begin that listen in a fifodir.
const prefix = "ftrig1:"

// Notify writes events to all that listen to a service directory. It waits for nobody:
// who does not read loses events, and a FIFO that nobody reads is removed.
func Notify(dir, events string) error {
	event := filepath.Join(dir, "event")
	entries, err := os.ReadDir(event)
	if err != nil {
		return fmt.Errorf("cannot tell who listens in %s: %w", event, err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		path := filepath.Join(event, e.Name())
		fd, err := open(path, syscall.O_WRONLY)
		if errors.Is(err, syscall.ENXIO) {
			_ = os.Remove(path) // its reader was killed
		}
		if err != nil {
			continue
		}
		_, _ = syscall.Write(fd, []byte(events))
		_ = syscall.Close(fd)
	}
	return nil
}

// Listener hears the events of one service directory.
type Listener struct {
	path string
	fd   int
}

// Listen makes a Listener.
func Listen(dir string) (*Listener, error) {
	stamp := tai64n.Append(nil, time.Now())
	path := filepath.Join(dir, "event", fmt.Sprintf("%s%s:%06x", prefix, stamp, rand.N(1<<24)))
	// The name becomes visible when it can be written to: a writer that finds no reader
	// takes it for a dead one.
	hidden := filepath.Join(dir, "event", "."+filepath.Base(path))
	if err := syscall.Mkfifo(hidden, 0o622); err != nil {
		return nil, fmt.Errorf("cannot listen to %s: %w", dir, err)
	}
	_ = syscall.Chmod(hidden, 0o622) // whatever the umask is
	fd, err := open(hidden, syscall.O_RDWR)
	if err == nil {
		if err = syscall.Rename(hidden, path); err != nil {
			_ = syscall.Close(fd)
		}
	}
	if err != nil {
		_ = syscall.Unlink(hidden)
		return nil, fmt.Errorf("cannot listen to %s: %w", dir, err)
	}
	return &Listener{path, fd}, nil
}

// Close ends it.
func (l *Listener) Close() {
	_ = syscall.Unlink(l.path)
	_ = syscall.Close(l.fd)
}

// Await waits until one of the listeners hears something, and gives what each heard.
// A zero deadline is none; when it is over, ok is false.
func Await(listeners []*Listener, deadline time.Time) (heard []string, ok bool, err error) {
	fds := make([]unix.PollFd, len(listeners))
	for i, l := range listeners {
		fds[i] = unix.PollFd{Fd: int32(l.fd), Events: unix.POLLIN}
	}
	for {
		timeout := -1
		if !deadline.IsZero() {
			left := time.Until(deadline)
			if left <= 0 {
				return nil, false, nil
			}
			timeout = int(left/time.Millisecond) + 1
		}
		n, err := unix.Poll(fds, timeout)
		if errors.Is(err, syscall.EINTR) || err == nil && n == 0 {
			continue
		}
		if err != nil {
			return nil, false, fmt.Errorf("cannot wait for events: %w", err)
		}
		heard = make([]string, len(listeners))
		for i, l := range listeners {
			var buf [256]byte
			if n, _ := syscall.Read(l.fd, buf[:]); n > 0 {
				heard[i] = string(buf[:n])
			}
		}
		return heard, true, nil
	}
}
