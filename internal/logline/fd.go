package logline

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// pipeBuf is PIPE_BUF of Linux, see pipe(7): a write of at most so many bytes
// arrives in one piece. A longer one may be mixed with what services write to the
// same pipe.
const pipeBuf = 4096

// firstWrite returns how many bytes of lines the next write(2) takes: as many
// whole lines as arrive in one piece, or one longer line.
func firstWrite(lines []byte) int {
	if len(lines) <= pipeBuf {
		return len(lines)
	}
	if end := bytes.LastIndexByte(lines[:pipeBuf], '\n'); end >= 0 {
		return end + 1
	}
	return bytes.IndexByte(lines, '\n') + 1
}

// writeAll writes p, waiting as long as it takes.
func writeAll(fd int, p []byte) error {
	for len(p) > 0 {
		n, err := syscall.Write(fd, p)
		switch {
		case n > 0:
			p = p[n:]
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			awaitRoom(fd)
		case err != nil:
			return err
		default:
			return io.ErrShortWrite
		}
	}
	return nil
}

// awaitRoom returns when fd takes more, or when the next write would fail.
func awaitRoom(fd int) {
	// Whatever poll's own result is, the next write knows better.
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, -1)
}

// Blocking is an io.Writer on a file descriptor whose Write waits as long as it
// takes, for who has a goroutine for that: with EAGAIN, too, and without SIGPIPE
// ending the process.
type Blocking struct {
	FD int
	// Turn is held during a Write, see Config. Nil: nobody else writes to the file.
	Turn *sync.Mutex
}

// Write writes all of p, or gives the error of write(2).
func (b Blocking) Write(p []byte) (int, error) {
	if b.Turn != nil {
		b.Turn.Lock()
		defer b.Turn.Unlock()
	}
	if err := writeAll(b.FD, p); err != nil {
		return 0, err
	}
	return len(p), nil
}
