package syslog

import (
	"bytes"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// frameTimeout is how long a message without its end is waited for: some
	// clients send none after their last.
	frameTimeout = 5 * time.Second
	// idleTimeout is how long a connection may say nothing.
	idleTimeout = time.Hour
	// readSize is how much is read at once.
	readSize = 16 << 10
)

// connection is one client of a stream socket.
type connection struct {
	conn     net.Conn
	origin   *origin
	maxSize  int
	queue    *queue
	senders  *senders
	pid      int // of the client, on a unix socket
	uid, gid int

	stopping atomic.Bool
	timer    *time.Timer
	chunk    []byte
	data     []byte // what has come of the next frames
	long     *longFrame
}

// longFrame is one that is longer than a message may be: what comes of it is
// counted and not kept.
type longFrame struct {
	kept    []byte
	skipped int
	left    int // bytes; negative: until a newline or NUL
}

// run takes messages until the client ends, or stop is called.
func (c *connection) run() {
	defer c.conn.Close()
	c.timer = time.NewTimer(time.Hour)
	defer c.timer.Stop()
	for {
		_ = c.conn.SetReadDeadline(time.Now().Add(c.timeout()))
		if c.stopping.Load() {
			c.drain()
			return
		}
		n, err := c.conn.Read(c.buffer())
		c.take(c.chunk[:n])
		switch {
		case err == nil:
		case c.stopping.Load():
		case errors.Is(err, os.ErrDeadlineExceeded) && c.partial():
			c.finish()
		default:
			c.finish()
			return
		}
	}
}

// buffer is made when the client has connected, not before.
func (c *connection) buffer() []byte {
	if c.chunk == nil {
		c.chunk = make([]byte, readSize)
	}
	return c.chunk
}

func (c *connection) timeout() time.Duration {
	if c.partial() {
		return frameTimeout
	}
	return idleTimeout
}

func (c *connection) partial() bool { return len(c.data) > 0 || c.long != nil }

// stop makes run take what is there, and return.
func (c *connection) stop() {
	c.stopping.Store(true)
	_ = c.conn.SetReadDeadline(time.Unix(1, 0))
}

// drain takes what has come already. On a unix socket, who sends after it has begun
// gets EPIPE, so that nothing is accepted only to be thrown away.
func (c *connection) drain() {
	defer c.finish()
	local, ok := c.conn.(*net.UnixConn)
	if ok {
		_ = local.CloseRead()
	}
	socket, ok := c.conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return
	}
	for began := time.Now(); local != nil || time.Since(began) < drainLimit; {
		n := 0
		err = raw.Control(func(fd uintptr) { n, _ = syscall.Read(int(fd), c.buffer()) })
		if err != nil || n <= 0 {
			return
		}
		c.take(c.chunk[:n])
	}
}

// take queues the messages that chunk makes whole.
func (c *connection) take(chunk []byte) {
	if c.long != nil {
		chunk = c.skip(chunk)
	}
	c.data = append(c.data, chunk...)
	rest := c.data
	for len(rest) > 0 && c.long == nil {
		message, size, err := nextFrame(rest)
		if err != nil {
			message, size = rest, len(rest)+1 // at least
		}
		if size > len(rest) {
			if len(message) > c.maxSize {
				c.begin(message, size-len(rest), err)
				rest = nil
			}
			break
		}
		if size > 1 { // some end with NUL and newline
			c.emit(message, 0)
		}
		rest = rest[size:]
	}
	c.data = append(c.data[:0], rest...)
	if len(c.data) == 0 && cap(c.data) > readSize {
		c.data = nil
	}
}

// begin starts on a frame that is too long.
func (c *connection) begin(message []byte, left int, err error) {
	if err != nil {
		left = -1
	}
	kept := cutAtRune(message[:c.maxSize])
	c.long = &longFrame{kept: bytes.Clone(kept), skipped: len(message) - len(kept), left: left}
}

// skip passes over the rest of a long frame, and gives what follows it.
func (c *connection) skip(chunk []byte) []byte {
	n, ended := c.long.left, c.long.left >= 0 && c.long.left <= len(chunk)
	after := n
	if n < 0 {
		n = bytes.IndexAny(chunk, "\n\x00")
		ended = n >= 0
		after = n + 1
	}
	if !ended {
		c.long.skipped += len(chunk)
		if c.long.left >= 0 {
			c.long.left -= len(chunk)
		}
		return nil
	}
	c.long.skipped += n
	c.emit(c.long.kept, c.long.skipped)
	c.long = nil
	return chunk[after:]
}

// finish queues a message that will not end any more.
func (c *connection) finish() {
	if c.long != nil {
		c.emit(c.long.kept, c.long.skipped)
		c.long = nil
	}
	if message, _, err := nextFrame(c.data); len(c.data) > 0 {
		if err != nil {
			message = c.data
		}
		c.emit(message, 0)
	}
	c.data = nil
}

func (c *connection) emit(message []byte, cut int) {
	if len(message) > c.maxSize {
		kept := cutAtRune(message[:c.maxSize])
		message, cut = kept, cut+len(message)-len(kept)
	}
	now := time.Now()
	a := arrival{data: message, sender: nobody, pid: c.pid, uid: c.uid, gid: c.gid, cut: cut}
	if c.pid > 0 {
		a.sender = c.senders.of(c.pid, now)
	}
	c.queue.put(c.origin, now, []arrival{a}, c.timer)
}
