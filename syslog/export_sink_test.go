//go:build linux

package syslog

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// Connections may have so many clients.
const MaxConnections = maxConnections

// FrameTimeout is how long a message waits for its end.
const FrameTimeout = frameTimeout

// Framed is a message of a stream, and how many bytes are missing.
type Framed struct {
	Text string
	Cut  int
}

// Frames gives the messages of a stream that comes in chunks, and then ends.
func Frames(maxSize int, chunks ...[]byte) []Framed {
	c := newConnection(nil, maxSize)
	for _, chunk := range chunks {
		c.take(chunk)
	}
	c.finish()
	return c.framed()
}

// ServeStream takes messages from conn until it ends.
func ServeStream(conn net.Conn, maxSize int, each func(Framed)) {
	c := newConnection(conn, maxSize)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.run()
		c.queue.close()
	}()
	for {
		for _, f := range c.framed() {
			each(f)
		}
		if _, closed := c.queue.take(nil); closed {
			<-done
			return
		}
		<-c.queue.wake
	}
}

func newConnection(conn net.Conn, maxSize int) *connection {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &connection{
		conn: conn, origin: &origin{}, maxSize: maxSize, queue: newQueue(1<<20, 1<<30, false),
		senders: newSenders(nil), timer: timer,
	}
}

func (c *connection) framed() (all []Framed) {
	q := c.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	data := q.next.data
	for _, r := range q.next.records {
		all = append(all, Framed{string(data[:r.size]), int(r.cut)})
		data = data[r.size:]
	}
	q.messages, q.bytes = 0, 0
	q.next.reset()
	return all
}

// Queue is what lies between readers and the writer.
type Queue struct{ q *queue }

func NewQueue(maxMessages, maxBytes int, block bool) Queue {
	return Queue{newQueue(maxMessages, maxBytes, block)}
}

// Put is what a reader does with what it has received together.
func (q Queue) Put(messages ...string) {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	var arrivals []arrival
	for _, m := range messages {
		arrivals = append(arrivals, arrival{data: []byte(m), sender: nobody})
	}
	q.q.put(&origin{}, time.Now(), arrivals, timer)
}

// Taken is a message, or a gap of so many.
type Taken struct {
	Text    string
	Missing int
}

// Take is what the writer does.
func (q Queue) Take() (all []Taken, closed bool) {
	b, closed := q.q.take(nil)
	if b == nil {
		return nil, closed
	}
	data := b.data
	for _, r := range b.records {
		all = append(all, Taken{string(data[:r.size]), int(r.missing)})
		data = data[r.size:]
	}
	q.q.take(b) // gives it back, unless there is more
	return all, false
}

func (q Queue) Settled(messages, bytes int) { q.q.settled(counts{}, messages, bytes) }
func (q Queue) Close()                      { q.q.close() }
func (q Queue) HoldsMuch() bool             { return q.q.holdsMuch() }
func (q Queue) Shrink()                     { q.q.shrink() }
func (q Queue) Wake() <-chan struct{}       { return q.q.wake }

// Counts are received, dropped, and waiting.
func (q Queue) Counts() [3]int {
	c, waiting := q.q.stats()
	return [3]int{int(c.received), int(c.dropped), waiting}
}

// Patience is how long a reader waits for room.
const Patience = patience

// HoldsMuch tells whether a sink keeps buffers of a burst.
func (s *SyslogSink) HoldsMuch() bool { return s.queue.holdsMuch() }

// Steps does with a sink that does not run what its goroutines would do: receive
// takes what is in its only socket and queues it, write writes that.
func (s *SyslogSink) Steps() (receive, write func() (ok bool)) {
	d := s.sockets[0].(*datagrams)
	d.timer = time.NewTimer(time.Hour)
	d.timer.Stop()
	fd := d.file.Fd()
	_ = unix.SetNonblock(int(fd), true)
	receive = func() bool {
		if !d.receive(fd) || d.failed != nil {
			return false
		}
		d.deliver()
		return true
	}
	write = func() bool {
		b, _ := s.queue.take(nil)
		written := b != nil
		for b != nil {
			s.writer.write(b)
			s.writer.flush()
			b, _ = s.queue.take(b)
		}
		return written
	}
	return receive, write
}

// ParseAddress reads an entry of Config.Listen and writes it again.
func ParseAddress(text string) (string, error) {
	a, err := parseAddress(text)
	return a.String(), err
}
