// Package logline is how PID 1 writes to its stdout and stderr: its own messages,
// and the lines that it captures from services.
//
// A [Writer] never makes its caller wait. When the container's log is not read (a
// stalled log driver, a pipe to a stopped program), lines wait in memory up to
// a limit, then the newest are dropped, counted, and owned up to in the log as soon
// as it is read again. Who can wait for a log that is read, but slowly, loses nothing:
// [Writer.Patient]. [NewCore] makes the lines of a zap logger.
//
// The write to a pipe that nobody can read any more raises SIGPIPE. It ends
// a Go program that writes through os.Stdout or os.Stderr (os/signal), but not one
// that writes through a Writer, which calls write(2) itself. PID 1 should
// therefore write through nothing else, and say zap.ErrorOutput(zapcore.AddSync(w)).
// Where something else may write, take SIGPIPE with signal.Notify and not with
// signal.Ignore, which children inherit.
package logline

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"
)

// Config is what a Writer may be told. The zero value is good.
type Config struct {
	// Limit is how many bytes of lines may wait while others are being
	// written. As many again may be in the midst of that. Default 1 MiB.
	Limit int
	// Format is that of the line which says how many lines were dropped.
	// Default Text.
	Format Format
	// Turn is held while lines are being written. Who writes to the same file through
	// another Writer or Blocking, as where stdout and stderr are one pipe, has the same:
	// the kernel keeps lines of more than PIPE_BUF bytes apart for nobody. Nil: nobody does.
	Turn *sync.Mutex
}

// Stats counts what a Writer was given. Every line is in one of Lines, Dropped
// and Waiting.
type Stats struct {
	Lines   uint64 // written
	Bytes   uint64 // of the lines written
	Dropped uint64 // for want of room, because write(2) failed, or after Close
	Waiting uint64 // neither yet
}

// Writer writes lines to a file descriptor and never blocks its caller. All its
// methods may be called from many goroutines.
//
// There is a goroutine only while there is something to write, and memory only in
// proportion to what waits: a Writer that is not used costs nothing.
type Writer struct {
	fd     int
	limit  int
	format Format
	turn   *sync.Mutex
	start  func() // w.drain; kept, since `go w.drain()` would allocate

	mu      sync.Mutex
	next    []byte // the lines that wait
	gap     uint64 // how many lines were dropped after those in next
	spare   []byte // next's successor
	writing bool   // drain runs
	closed  bool
	idle    chan struct{} // closed when drain ends; nil if nobody waits for that
	stats   Stats

	room     chan struct{} // closed when there may be room; nil if nobody waits for that
	progress uint64        // grows with each write that has ended

	owed uint64 // drain's own: dropped lines that the log does not mention yet
}

// New returns a Writer to the descriptor fd, usually 1 or 2. It leaves the
// descriptor's flags alone: O_NONBLOCK would hold for every process that shares
// it. Where another process has set that flag, it waits with poll(2).
func New(fd int, cfg Config) *Writer {
	w := &Writer{fd: fd, limit: cfg.Limit, format: cfg.Format, turn: cfg.Turn}
	if w.limit <= 0 {
		w.limit = 1 << 20
	}
	w.start = w.drain
	return w
}

// Write takes one or more whole lines; a newline that is missing at the end is
// added. It always returns len(p) and nil: a line for which there is no room is
// counted, and so is every line after Close. Lines of one call stay together.
//
// Once a line was dropped, so is all that follows, until the lines that wait
// are on their way out: a log with one gap is easier to read than one with many.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.put(p)
	return len(p), nil
}

// put is for those who hold the lock.
func (w *Writer) put(p []byte) {
	n := w.fitting(p)
	w.keep(p[:n])
	w.drop(p[n:])
	if !w.writing && (len(w.next) > 0 || w.gap > 0) {
		w.writing = true
		go w.start()
	}
}

// fitting returns how much of p can be kept: whole lines.
func (w *Writer) fitting(p []byte) int {
	free := w.limit - len(w.next)
	switch {
	case w.closed || w.gap > 0:
		return 0
	case len(p) <= free:
		return len(p)
	}
	return bytes.LastIndexByte(p[:max(free, 0)], '\n') + 1
}

func (w *Writer) keep(p []byte) {
	w.next = append(w.next, p...)
	if len(p) > 0 && p[len(p)-1] != '\n' {
		w.next = append(w.next, '\n')
	}
	w.stats.Waiting += countLines(p)
}

func (w *Writer) drop(p []byte) {
	n := countLines(p)
	w.stats.Dropped += n
	if !w.closed {
		w.gap += n
	}
}

// Stats returns the counts as of now.
func (w *Writer) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stats
}

// Close takes no further lines and waits until all are written, at most until ctx
// ends. The error then says how many were not: write(2) may hang for ever in a
// pipe that is not read, which keeps no process from exiting.
func (w *Writer) Close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	w.tellWaiters()
	if !w.writing {
		w.mu.Unlock()
		return nil
	}
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
	idle := w.idle
	w.mu.Unlock()

	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	n := w.Stats().Waiting
	if n == 0 {
		return nil
	}
	return fmt.Errorf("cannot write the last %s to %s: %w", plural(n, "line"), w.stream(), context.Cause(ctx))
}

// keptBuffer is the largest buffer that is kept when there is nothing to write.
const keptBuffer = 16 << 10

// drain writes all there is. Write starts it, one at a time.
func (w *Writer) drain() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.next) > 0 || w.gap > 0 {
		batch, gap := w.next, w.gap
		w.next, w.gap = w.spare[:0], 0
		w.progress++
		w.tellWaiters()
		w.mu.Unlock()
		w.deliver(batch, gap)
		w.mu.Lock()
		w.spare = batch
	}
	if cap(w.next) > keptBuffer {
		w.next = nil
	}
	if cap(w.spare) > keptBuffer {
		w.spare = nil
	}
	w.writing = false
	if w.idle != nil {
		close(w.idle)
		w.idle = nil
	}
}

// deliver writes batch, and then that gap lines were dropped. What the descriptor
// does not take (EPIPE, EBADF, ENOSPC, EIO) counts as dropped.
func (w *Writer) deliver(batch []byte, gap uint64) {
	if w.turn != nil {
		w.turn.Lock() // for all of it, so that lines of one Write stay together
		defer w.turn.Unlock()
	}
	for len(batch) > 0 {
		n := firstWrite(batch)
		w.settle(batch[:n], w.ownUp() && writeAll(w.fd, batch[:n]) == nil)
		batch = batch[n:]
	}
	w.owed += gap
	w.ownUp()
}

// settle counts lines that no longer wait.
func (w *Writer) settle(p []byte, written bool) {
	n := countLines(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.progress++
	w.stats.Waiting -= n
	if written {
		w.stats.Lines += n
		w.stats.Bytes += uint64(len(p))
		return
	}
	w.stats.Dropped += n
	w.owed += n
}

// ownUp writes how many lines are missing at this place, if any are, and says
// whether it could.
func (w *Writer) ownUp() bool {
	if w.owed == 0 {
		return true
	}
	note := appendEntry(nil, w.format, w.stream(), zapcore.Entry{
		Level:   zapcore.WarnLevel,
		Time:    time.Now(),
		Message: "dropped " + plural(w.owed, "line") + " here: the log took no more",
	}, nil)
	if writeAll(w.fd, note) != nil {
		return false
	}
	w.owed = 0
	return true
}

func (w *Writer) stream() string {
	if w.fd == 1 {
		return "stdout"
	}
	return "stderr"
}

// countLines counts the newlines of p, and what follows the last one.
func countLines(p []byte) uint64 {
	n := bytes.Count(p, []byte{'\n'})
	if len(p) > 0 && p[len(p)-1] != '\n' {
		n++
	}
	return uint64(n)
}

func plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
