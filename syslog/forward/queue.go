package forward

import (
	"math"
	"slices"
	"sync"
)

// pieceSize is how much is written at once, unless a single frame has more: what a
// TLS record holds (RFC 8446, section 5.1).
const pieceSize = 16 << 10

// keptPieces is how many empty pieces are kept for further use.
const keptPieces = 4

// piece is frames that are written at once.
type piece struct {
	data   []byte
	frames []frame
	done   int // so many frames are settled

	// at is the offset in data at which the last write began. It is bytes from
	// to to of all that was written to that connection.
	at       int
	from, to uint64
}

// frame is one of a piece. It begins where the one before it ends.
type frame struct {
	end  int
	note bool // of the queue's own: counted nowhere
}

// never is where a piece lies that is not written yet, or only in part.
const never = math.MaxUint64

// rest is the offset of the first frame that is not settled.
func (p *piece) rest() int {
	if p.done == 0 {
		return 0
	}
	return p.frames[p.done-1].end
}

// arrived returns how many frames of the piece lie within the first bytes of
// all that was written.
func (p *piece) arrived(bytes uint64, whole bool) int {
	switch {
	case bytes >= p.to:
		return len(p.frames)
	case whole || bytes <= p.from:
		return p.done
	}
	n := p.done
	for n < len(p.frames) && uint64(p.frames[n].end-p.at) <= bytes-p.from {
		n++
	}
	return n
}

// queue keeps frames until they are settled: until nothing more is known to be done
// for them. Those that were taken by the one who sends are still in it.
type queue struct {
	maxBytes, maxMessages int
	note                  func(missing uint64) []byte
	wake                  chan struct{} // there is something to take

	mu      sync.Mutex
	pieces  []*piece
	taken   int // so many of pieces are being sent; put adds to none of them
	spare   []*piece
	bytes   int
	missing uint64 // dropped after the last frame, and not yet told
	closed  bool
	stats   Stats
}

// newQueue returns an empty queue. note makes the frame which says that messages are
// missing; it is not called twice at a time.
func newQueue(maxBytes, maxMessages int, note func(uint64) []byte) *queue {
	if maxMessages == 0 {
		maxMessages = math.MaxInt
	}
	return &queue{maxBytes: maxBytes, maxMessages: maxMessages, note: note, wake: make(chan struct{}, 1)}
}

// open says whether a message may be put; else it has been counted as dropped.
func (q *queue) open() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.missing > 0 && !q.roomy() {
		q.drop()
		return false
	}
	return true
}

// roomy says whether messages are welcome again after one was dropped.
func (q *queue) roomy() bool {
	return q.bytes <= q.maxBytes/2 && q.stats.Waiting <= uint64(q.maxMessages)/2
}

func (q *queue) drop() {
	q.stats.Dropped++
	q.missing++
}

// put adds a message, or counts it as dropped.
func (q *queue) put(data []byte, cut bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.bytes+len(data) > q.maxBytes || q.stats.Waiting >= uint64(q.maxMessages) {
		q.drop()
	} else {
		q.tell()
		q.push(data, false)
		q.stats.Waiting++
		if cut {
			q.stats.Cut++
		}
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// tell adds a note about what is missing here.
func (q *queue) tell() {
	if q.missing > 0 {
		q.push(q.note(q.missing), true)
		q.missing = 0
	}
}

func (q *queue) push(data []byte, note bool) {
	var p *piece
	if len(q.pieces) > q.taken {
		p = q.pieces[len(q.pieces)-1]
	}
	if p == nil || len(p.data)+len(data) > pieceSize {
		p = q.add()
	}
	p.data = append(p.data, data...)
	p.frames = append(p.frames, frame{len(p.data), note})
	q.bytes += len(data)
}

// add adds an empty piece.
func (q *queue) add() *piece {
	p := new(piece)
	switch last := len(q.spare) - 1; {
	case last >= 0:
		p, q.spare = q.spare[last], q.spare[:last]
	case len(q.pieces) > q.taken: // one is full, and this may well be too
		p.data = make([]byte, 0, pieceSize)
	}
	q.pieces = append(q.pieces, p)
	return p
}

// take returns the next piece to send, or nil. It stays in the queue until it is
// settled.
func (q *queue) take() *piece {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.pieces) == q.taken && q.roomy() {
		q.tell()
	}
	if len(q.pieces) == q.taken {
		return nil
	}
	p := q.pieces[q.taken]
	q.taken++
	p.at, p.from, p.to = p.rest(), never, never
	return p
}

// settle counts as sent what lies within the first bytes that were written to
// the connection, and says whether that was any, and whether anything else was taken.
// whole: it takes all of a piece.
func (q *queue) settle(bytes uint64, whole bool) (progress, flying bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	complete := 0
	for _, p := range q.pieces[:q.taken] {
		n := p.arrived(bytes, whole)
		progress = progress || n > p.done
		q.finish(p, n)
		if n < len(p.frames) {
			break
		}
		complete++
		q.recycle(p)
	}
	q.pieces = slices.Delete(q.pieces, 0, complete)
	q.taken -= complete
	return progress, q.taken > 0
}

// finish settles the first n frames of p.
func (q *queue) finish(p *piece, n int) {
	before := p.rest()
	for _, f := range p.frames[p.done:n] {
		if !f.note {
			q.stats.Waiting--
			q.stats.Sent++
		}
	}
	p.done = n
	q.bytes -= p.rest() - before
}

func (q *queue) recycle(p *piece) {
	if len(q.spare) < keptPieces && cap(p.data) <= 2*pieceSize {
		*p = piece{data: p.data[:0], frames: p.frames[:0]}
		q.spare = append(q.spare, p)
	}
}

// release makes all that was taken and is not settled wait again.
func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken = 0
}

// pending says whether there is anything to take, or will be when there is room.
func (q *queue) pending() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.pieces) > q.taken || q.missing > 0
}

// end drops what is left, and says how many messages that were.
func (q *queue) end() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := q.stats.Waiting
	q.stats.Dropped += left
	q.stats.Waiting = 0
	q.closed, q.pieces, q.spare, q.taken, q.bytes = true, nil, nil, 0, 0
	return left
}

func (q *queue) count() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stats
}
