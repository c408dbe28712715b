//go:build linux

package logdir

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Buffer gives what is not yet written, for whole lines to be appended to, and Keep
// takes it back. That is how a line gets here without a copy on its way.
func (d *Dir) Buffer() []byte { return d.pending }

// Keep takes the buffer with more lines in it.
func (d *Dir) Keep(buf []byte) { d.pending = buf }

// Pending is how many bytes are not yet written.
func (d *Dir) Pending() int { return len(d.pending) }

// Busy tells whether there is something to do: lines to write, or a rotation to end.
func (d *Dir) Busy() bool { return len(d.pending) > 0 || len(d.steps) > 0 }

// Wait is how long Work has nothing to do, whatever is pending: not at all, until the
// pause after a failure is over, or negative: until Reap.
func (d *Dir) Wait(now time.Time) time.Duration {
	switch {
	case d.child != 0 && (len(d.pending) == 0 || d.full()):
		return -1
	case d.deadline.After(now):
		return d.deadline.Sub(now)
	}
	return 0
}

// Work goes on with the rotation, if there is one, and writes what is pending. While a
// processor reads what was current, the new current takes lines, up to its size.
func (d *Dir) Work() {
	if time.Now().Before(d.deadline) {
		return
	}
	for {
		if d.child == 0 && len(d.steps) > 0 && !d.goOn() {
			return
		}
		if len(d.steps) == 0 && d.full() {
			d.Rotate()
			continue
		}
		if len(d.pending) == 0 || d.full() || !d.write() {
			return
		}
	}
}

// full tells whether current is due for a rotation. It is not in the middle of a line,
// nor while there is a previous that nobody will take away.
func (d *Dir) full() bool {
	return !d.abandoned && d.whole && d.size > 0 && d.size+d.config.Tolerance >= d.config.Size
}

// write writes as many lines as make current full, or all.
func (d *Dir) write() bool {
	part := d.pending
	if room := d.config.Size - d.config.Tolerance - d.size; room < int64(len(part)) {
		from := max(int(room)-1, 0)
		if end := bytes.IndexByte(part[from:], '\n'); end >= 0 {
			part = part[:from+end+1]
		}
	}
	n, err := syscall.Write(d.current, part)
	if n > 0 {
		d.size += int64(n)
		d.whole = part[n-1] == '\n'
		d.pending = d.pending[:copy(d.pending, d.pending[n:])]
	}
	if err != nil && !errors.Is(err, syscall.EINTR) {
		d.later(&os.PathError{Op: "write", Path: d.path("current"), Err: err})
		return false
	}
	return true
}

// later says what failed, and when it is tried again.
func (d *Dir) later(err error) {
	d.config.Warn(fmt.Errorf("%w; tried again after %v", err, d.config.Retry))
	d.deadline = time.Now().Add(d.config.Retry)
}

// End tells the directory that nothing more will come. It is done when Busy no longer
// is true. What failed is tried again at once, and a processor that fails from now on is
// not run again: who stops a logger does not wait for one that never gets well.
func (d *Dir) End() {
	if !d.ending {
		d.ending, d.deadline = true, time.Time{}
	}
}

// Close marks current as finished and gives the directory up. What a processor has not
// dealt with is left for the next life to find, and then current is not marked either.
func (d *Dir) Close() error {
	defer d.close()
	if len(d.pending) > 0 || len(d.steps) > 0 || d.abandoned {
		return nil
	}
	err := syscall.Fsync(d.current)
	if err == nil {
		err = syscall.Fchmod(d.current, modeDone)
	}
	if err != nil {
		return fmt.Errorf("cannot finish %s: %w", d.path("current"), err)
	}
	return nil
}
