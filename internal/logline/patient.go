package logline

import (
	"io"
	"time"
)

// stallAfter is how long a log may take nothing before it counts as stalled.
const stallAfter = 100 * time.Millisecond

// Patient gives a writer of the same lines for who may wait, such as who copies what a
// service prints. While the log is being read, its Write waits for room, which slows the
// service down as the log itself would. Lines are dropped only when the log has taken nothing
// for 100 ms, and then at once until it does.
func (w *Writer) Patient() io.Writer { return patient{w} }

type patient struct{ w *Writer }

func (p patient) Write(lines []byte) (int, error) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	p.w.awaitRoom(len(lines))
	p.w.put(lines)
	return len(lines), nil
}

// awaitRoom returns when there is room for n bytes, or no hope of it. It is for those who
// hold the lock, and gives it up while it waits.
func (w *Writer) awaitRoom(n int) {
	for w.full(n) {
		if w.room == nil {
			w.room = make(chan struct{})
		}
		room, before := w.room, w.progress
		w.mu.Unlock()
		timer := time.NewTimer(stallAfter)
		select {
		case <-room:
		case <-timer.C:
		}
		timer.Stop()
		w.mu.Lock()
		if w.progress == before {
			return
		}
	}
}

// full tells whether it helps to wait for room.
func (w *Writer) full(n int) bool {
	return len(w.next) > 0 && len(w.next)+n > w.limit && w.gap == 0 && !w.closed
}

// tellWaiters says that there may be room.
func (w *Writer) tellWaiters() {
	if w.room != nil {
		close(w.room)
		w.room = nil
	}
}
