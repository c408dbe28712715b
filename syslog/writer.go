package syslog

import (
	"fmt"
	"io"
	"time"
)

// pipeBuf is PIPE_BUF of Linux: a write of at most so many bytes arrives in one
// piece, whoever else writes to the pipe: pipe(7).
const pipeBuf = 4096

// idleAfter is how long large buffers are kept after they were last needed.
const idleAfter = time.Second

// settleAfter is how many messages are seen to before the queue is told, if they
// are not written, which takes longer.
const settleAfter = 64

// writer takes messages from the queue and makes of them what the Config says. It
// is one goroutine, so that it may wait.
type writer struct {
	queue     *queue
	parser    parser
	filter    *Filter
	limiter   *limiter
	formatter formatter
	handler   func(*Message)
	services  func(pid int) string
	strangers map[int]bool // children of ours that are no services
	stderr    *output
	stdout    *output // may be stderr

	message Message
	done    counts // since the queue was told last
	settled int    // messages
	bytes   int
	busy    time.Time // when large buffers were last needed
}

// output is one of the two streams.
type output struct {
	w        io.Writer // nil: none
	buf      []byte    // whole lines
	messages int       // in buf
	bytes    int       // that they took in the queue
	lost     uint64    // messages that could not be written, and nobody has been told of
}

func newWriter(cfg *Config, q *queue) *writer {
	w := &writer{
		queue: q, parser: parser{hostname: hostname()}, filter: cfg.Filter,
		limiter: newLimiter(cfg.RateLimit), handler: cfg.Handler, services: cfg.Service, strangers: map[int]bool{},
		formatter: formatter{format: cfg.Format, stamps: cfg.Timestamps, octal: cfg.OctalEscapes, maxLine: cfg.MaxLine},
		stderr:    &output{w: cfg.Stderr},
	}
	w.stdout = w.stderr
	if cfg.Stdout != nil {
		w.stdout = &output{w: cfg.Stdout}
	}
	return w
}

// run ends when the queue is closed and empty.
func (w *writer) run() {
	var b *batch
	for {
		var closed bool
		b, closed = w.queue.take(b)
		switch {
		case b != nil:
			if b.full() {
				w.busy = time.Now()
			}
			w.write(b)
			w.flush()
		case closed:
			w.limiter.expired(w.limiter.end(), w.tellSuppressed)
			w.flush()
			w.ownUp(w.stderr)
			w.ownUp(w.stdout)
			return
		default:
			w.wait()
		}
	}
}

// wait waits for messages, or until something else is to be done.
func (w *writer) wait() {
	var late <-chan time.Time
	if due := w.due(); !due.IsZero() {
		timer := time.NewTimer(time.Until(due))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-w.queue.wake:
		return
	case <-late:
	}
	now := time.Now()
	w.expire(now)
	w.flush()
	if !now.Before(w.busy.Add(idleAfter)) {
		w.shrink()
	}
}

// due is when there is something to do even if nothing comes, or zero.
func (w *writer) due() time.Time {
	due, limited := w.limiter.next()
	if w.queue.holdsMuch() {
		if idle := w.busy.Add(idleAfter); !limited || idle.Before(due) {
			due = idle
		}
	}
	return due
}

// shrink gives back what a burst has taken.
func (w *writer) shrink() {
	w.queue.shrink()
	w.stderr.buf, w.stdout.buf = nil, nil
	w.message = Message{} // it points into what was given back
}

func (w *writer) write(b *batch) {
	data := b.data
	for i := range b.records {
		r := &b.records[i]
		if r.missing > 0 {
			w.tell(time.Unix(0, r.received), "dropped "+plural(uint64(r.missing), "message")+" here: the log took no more")
			continue
		}
		w.one(r, data[:r.size:r.size])
		data = data[r.size:]
		if w.settled >= settleAfter {
			w.settle()
		}
	}
}

// one sees to one message.
func (w *writer) one(r *record, data []byte) {
	m := &w.message
	m.Received, m.From = time.Unix(0, r.received), r.origin.name
	m.PID, m.UID, m.GID = int(r.pid), id(r.uid), id(r.gid)
	m.Comm, m.Service, m.Cut = r.sender.comm, w.service(r.sender), int(r.cut)
	w.parser.parse(m, data, r.origin.local)
	switch {
	case !w.filter.Keep(m):
		w.done.filtered++
	case !w.limiter.allow(m, m.Received):
		w.done.suppressed++
		w.expire(m.Received)
	default:
		w.expire(m.Received)
		w.put(m, 1, len(data))
		return
	}
	w.settled++
	w.bytes += len(data)
}

// A process may log before whoever started it has noted that: fork(2) has not
// returned there yet. Readers must not wait for that, and we may, a little and once.
const (
	startPatience = 10 * time.Millisecond
	startStep     = startPatience / 40
)

// service is that of a message's sender.
func (w *writer) service(s *sender) string {
	if s.service != "" || s.child == 0 || w.services == nil || w.strangers[s.child] {
		return s.service
	}
	for began := time.Now(); time.Since(began) < startPatience; time.Sleep(startStep) {
		if name := w.services(s.child); name != "" {
			return name
		}
	}
	if len(w.strangers) >= maxStrangers {
		clear(w.strangers)
	}
	w.strangers[s.child] = true
	return ""
}

// maxStrangers bounds how many children that are no services are remembered.
const maxStrangers = 1024

// id is a uid or gid, which have 32 bits without a sign, or -1.
func id(kept int32) int {
	if kept == -1 {
		return -1
	}
	return int(uint32(kept))
}

// expire tells of what was suppressed in a time that is over.
func (w *writer) expire(now time.Time) {
	if due, limited := w.limiter.next(); limited && !now.Before(due) {
		w.limiter.expired(now, w.tellSuppressed)
	}
}

// put hands a message on; messages is 0 if it is one of ours.
func (w *writer) put(m *Message, messages, bytes int) {
	if w.handler != nil {
		w.handler(m)
	}
	o := w.stdout
	if m.Severity <= Error {
		o = w.stderr
	}
	if o.w == nil {
		w.done.written += uint64(messages)
		w.settled += messages
		w.bytes += bytes
		return
	}
	start := len(o.buf)
	o.buf, _ = w.formatter.append(o.buf, m)
	if start > 0 && len(o.buf) > pipeBuf {
		w.flushOutput(o, start)
	}
	o.messages += messages
	o.bytes += bytes
	if len(o.buf) >= pipeBuf {
		w.flushOutput(o, len(o.buf))
	}
}

// flush writes what there is, and tells the queue.
func (w *writer) flush() {
	w.flushOutput(w.stderr, len(w.stderr.buf))
	if w.stdout != w.stderr {
		w.flushOutput(w.stdout, len(w.stdout.buf))
	}
	w.settle()
}

// flushOutput writes the first n bytes of an output, which hold all its messages.
func (w *writer) flushOutput(o *output, n int) {
	if n == 0 {
		return
	}
	if w.ownUp(o) && writePieces(o.w, o.buf[:n]) {
		w.done.written += uint64(o.messages)
	} else {
		w.done.dropped += uint64(o.messages)
		o.lost += uint64(o.messages)
	}
	o.buf = o.buf[:copy(o.buf, o.buf[n:])]
	w.settled += o.messages
	w.bytes += o.bytes
	o.messages, o.bytes = 0, 0
	w.settle()
}

// writePieces writes lines in pieces that are not mixed with what others write.
func writePieces(w io.Writer, lines []byte) bool {
	for len(lines) > 0 {
		n := pieceSize(lines)
		if _, err := w.Write(lines[:n]); err != nil {
			return false
		}
		lines = lines[n:]
	}
	return true
}

// ownUp writes that messages could not be written, and tells whether it could.
func (w *writer) ownUp(o *output) bool {
	if o.lost == 0 {
		return true
	}
	note := w.note(time.Now(), "dropped "+plural(o.lost, "message")+" here: they could not be written")
	line, _ := w.formatter.append(nil, &note)
	if _, err := o.w.Write(line); err != nil {
		return false
	}
	o.lost = 0
	return true
}

func (w *writer) settle() {
	if w.settled > 0 {
		w.queue.settled(w.done, w.settled, w.bytes)
		w.done, w.settled, w.bytes = counts{}, 0, 0
	}
}

func (w *writer) tellSuppressed(name string, n uint64) {
	w.tell(time.Now(), fmt.Sprintf("suppressed %s of %s: more than %d in %v", plural(n, "message"), name, w.limiter.limit.Messages, w.limiter.limit.Per))
}

// tell puts a message of our own among the others.
func (w *writer) tell(at time.Time, text string) {
	m := w.note(at, text)
	w.put(&m, 0, 0)
}
