package syslog

import (
	"math"
	"sync"
	"time"
)

// patience is how long a reader waits for room when the queue is full, before it
// drops anything. It keeps a burst from being lost to the scheduler, and no sender
// for longer than it would notice.
const patience = 3 * time.Millisecond

// record is a message that waits, or how many are missing at its place. There may
// be many, so it is small.
type record struct {
	received      int64 // in ns since 1970
	origin        *origin
	sender        *sender
	pid, uid, gid int32
	size          uint32 // in batch.data, behind that of the record before
	cut           uint32
	missing       uint32 // not a message, but a gap of so many
}

// batch is what waits, in the order in which it came.
type batch struct {
	data    []byte
	records []record
}

// Between two messages a buffer of up to these sizes is kept.
const (
	keptBytes   = 64 << 10
	keptRecords = 256
)

func (b *batch) reset() { b.data, b.records = b.data[:0], b.records[:0] }

// large tells whether the buffers should not outlive a burst.
func (b *batch) large() bool { return cap(b.data) > keptBytes || cap(b.records) > keptRecords }

// full tells whether they are needed.
func (b *batch) full() bool { return len(b.data) > keptBytes || len(b.records) > keptRecords }

func (b *batch) shrink() {
	if b.large() {
		*b = batch{}
	}
}

// queue lies between the readers, which must not wait, and the one writer, which
// may have to. What is in it, or taken out of it and not yet written, is bounded
// in messages and in bytes. When it is full, the newest are dropped and a record
// says how many, until an eighth of it is free again.
type queue struct {
	maxMessages, maxBytes int
	block                 bool // instead of dropping

	mu       sync.Mutex
	next     *batch
	spare    *batch
	messages int // waiting, or being written
	bytes    int
	dropping bool
	closed   bool
	readers  int // in the line, or at its head
	counts   counts

	wake chan struct{} // tells the writer that there is something
	line chan struct{} // the reader that has put a token in is the head of the line
	room chan struct{} // tells it that there may be room
}

// counts are what Stats gives, but Waiting.
type counts struct {
	received, written, dropped, filtered, suppressed, cut uint64
}

func newQueue(maxMessages, maxBytes int, block bool) *queue {
	return &queue{
		maxMessages: maxMessages, maxBytes: maxBytes, block: block,
		next: &batch{}, spare: &batch{},
		wake: make(chan struct{}, 1), line: make(chan struct{}, 1), room: make(chan struct{}, 1),
	}
}

// arrival is a message as a reader has it, in a buffer of its own.
type arrival struct {
	data     []byte
	sender   *sender
	pid      int
	uid, gid int
	cut      int
}

// put queues what one reader has received together. Each reader has a timer of
// its own for it.
func (q *queue) put(from *origin, at time.Time, arrivals []arrival, timer *time.Timer) {
	received := at.UnixNano()
	q.mu.Lock()
	head := false
	for i := range arrivals {
		a := &arrivals[i]
		q.counts.received++
		if a.cut > 0 {
			q.counts.cut++
		}
		if !q.dropping && !head && (q.readers > 0 || !q.fits(a)) {
			head = q.lineUp(at, timer)
		}
		for !q.dropping && !q.fits(a) {
			q.dropping = !q.awaitRoom(at, timer)
		}
		if q.dropping {
			q.drop(received)
			continue
		}
		q.add(from, received, a)
	}
	if head {
		q.readers--
		<-q.line
	}
	q.mu.Unlock()
	notify(q.wake)
}

// fits tells whether there is room. A message that is larger than all room is
// let in alone.
func (q *queue) fits(a *arrival) bool {
	return q.messages == 0 || q.messages < q.maxMessages && q.bytes+len(a.data) <= q.maxBytes
}

func (q *queue) add(from *origin, at int64, a *arrival) {
	b := q.next
	b.data = append(b.data, a.data...)
	b.records = append(b.records, record{
		received: at, origin: from, sender: a.sender, pid: int32(a.pid), uid: int32(a.uid), gid: int32(a.gid),
		size: uint32(len(a.data)), cut: uint32(a.cut),
	})
	q.messages++
	q.bytes += len(a.data)
}

// drop notes at the end of what waits that a message is missing there.
func (q *queue) drop(at int64) {
	q.counts.dropped++
	b := q.next
	if last := len(b.records) - 1; last >= 0 && b.records[last].missing > 0 && b.records[last].missing < math.MaxUint32 {
		b.records[last].missing++
		return
	}
	b.records = append(b.records, record{missing: 1, received: at})
}

// lineUp waits until all readers that have waited for longer have had their turn,
// and tells whether that was in time; if not, all begin to drop. Without a line, those
// who come at the right moment would get all the room.
func (q *queue) lineUp(since time.Time, timer *time.Timer) bool {
	q.readers++
	inTime := q.await(q.late(since, timer), q.line, nil)
	timer.Stop()
	if !inTime {
		q.readers--
		q.dropping = true
	}
	return inTime
}

// awaitRoom waits for the writer to get on, and tells whether that was in time. The
// head of the line does so.
func (q *queue) awaitRoom(since time.Time, timer *time.Timer) bool {
	if q.closed {
		return false
	}
	notify(q.wake)
	inTime := q.await(q.late(since, timer), nil, q.room)
	timer.Stop()
	return inTime
}

// await gives the lock up until it can put a token into line, or take one from
// room, or it is late.
func (q *queue) await(late <-chan time.Time, line chan<- struct{}, room <-chan struct{}) bool {
	q.mu.Unlock()
	defer q.mu.Lock()
	select {
	case line <- struct{}{}:
	case <-room:
	case <-late:
		return false
	}
	return true
}

// late gives a channel that ends the waiting, or nil.
func (q *queue) late(since time.Time, timer *time.Timer) <-chan time.Time {
	if q.block {
		return nil
	}
	timer.Reset(patience - time.Since(since))
	return timer.C
}

// take gives all that waits; the previous batch is used again. Without anything
// it is nil, and closed tells whether there will be no more.
func (q *queue) take(previous *batch) (b *batch, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if previous != nil {
		previous.reset()
		q.spare = previous
	}
	if len(q.next.records) == 0 {
		return nil, q.closed
	}
	b, q.next, q.spare = q.next, q.spare, nil
	return b, false
}

// settled says what became of messages that were taken.
func (q *queue) settled(done counts, messages, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.counts.written += done.written
	q.counts.dropped += done.dropped
	q.counts.filtered += done.filtered
	q.counts.suppressed += done.suppressed
	q.messages -= messages
	q.bytes -= bytes
	if q.messages <= q.maxMessages-q.maxMessages/8 && q.bytes <= q.maxBytes-q.maxBytes/8 {
		q.dropping = false
	}
	if q.readers > 0 {
		notify(q.room)
	}
}

// close says that no reader is left.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	notify(q.wake)
	notify(q.room)
}

// holdsMuch tells whether the buffers should be given back when nothing comes.
func (q *queue) holdsMuch() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.next.large() || q.spare.large()
}

func (q *queue) shrink() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.next.records) == 0 {
		q.next.shrink()
		q.spare.shrink()
	}
}

func (q *queue) stats() (c counts, waiting int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.counts, q.messages
}

// notify leaves a token, if there is none.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
