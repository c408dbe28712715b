// Package logring keeps the last lines of each service in memory, for who asks later and
// for who listens. A line costs its length and about ten bytes; there is no memory
// before the first line of a service, and then it grows to a bound as lines come.
//
// Nothing here waits for who reads: readers look at the rings outside of the lock, and one
// that follows and is too slow is told how many lines it has missed.
package logring

import (
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// DefaultBytes is how much is kept of a service if nobody says otherwise.
	DefaultBytes = 64 << 10
	// minBytes is the least that is kept.
	minBytes = 1 << 10
	// maxRings is how many services have a ring: more than a container has, and less than
	// names that are made up on the way.
	maxRings = 1024
	// totalBytes is how much is kept of all services, or of one that may have more.
	totalBytes = 8 << 20
)

// Rings are the last lines of all services. All methods may be called from many
// goroutines.
type Rings struct {
	limit int // bytes of one ring
	total int // bytes of all
	size  int // of most chunks

	mu        sync.Mutex
	rings     map[string]*ring
	streams   []string // those that lines came from
	bytes     int
	seq       uint64 // of the last line
	dropped   uint64
	followers []*follower
}

// ring is the last lines of one service.
type ring struct {
	chunks []*chunk // the oldest first
	bytes  int
	next   uint64 // the number of its next line
	last   uint64 // the seq of its last line
}

// Stats is what the rings hold.
type Stats struct {
	Services  int    // with a ring
	Lines     uint64 // held
	Bytes     int    // of memory for them
	Dropped   uint64 // lines that made room for others
	Followers int
}

// New returns rings of at most so many bytes for a service, 1 KiB at least, and 8 MiB or
// one ring in all, of 1,024 services. What is above makes the oldest lines go. 0 is
// DefaultBytes.
func New(bytesPerService int) *Rings {
	if bytesPerService <= 0 {
		bytesPerService = DefaultBytes
	}
	limit := max(bytesPerService, minBytes)
	return &Rings{
		limit: limit, total: max(totalBytes, limit), size: min(max(limit/16, minBytes/2), 64<<10),
		rings: map[string]*ring{},
	}
}

// Add keeps a line, without its newline, of a stream of a service. It keeps nothing of
// text. A line that is longer than a ring is cut, and ends with "...[cut]".
func (r *Rings) Add(service, stream string, pid int, text []byte) {
	text, mark := r.cut(text)
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.rings[service]
	if g == nil {
		g = r.open(service)
	}
	r.seq++
	now := time.Now().UnixNano()
	c := g.newest()
	if need := len(text) + len(mark) + maxHead; c == nil || cap(c.data)-len(c.data) < need {
		c = r.grow(g, need)
		c.line, c.seq, c.time = g.next, r.seq, now
	}
	c.append(r.seq, now, r.stream(stream), pid, text, mark)
	g.next++
	g.last = r.seq
	for _, f := range r.followers {
		f.stir()
	}
}

// open makes a service's ring, for which that may have to go which has been silent longest.
func (r *Rings) open(service string) *ring {
	if len(r.rings) >= maxRings {
		silent := ""
		for name, g := range r.rings {
			if silent == "" || g.last < r.rings[silent].last {
				silent = name
			}
		}
		r.drop(silent)
	}
	g := &ring{}
	r.rings[service] = g
	return g
}

// cut gives what of a line is kept, and what tells that it is not all.
func (r *Rings) cut(text []byte) ([]byte, string) {
	const mark = "...[cut]"
	if len(text) <= r.limit-maxHead {
		return text, ""
	}
	return text[:r.limit-maxHead-len(mark)], mark
}

// stream gives a stream the number that it has in records.
func (r *Rings) stream(name string) byte {
	i := slices.Index(r.streams, name)
	if i < 0 {
		i = len(r.streams)
		r.streams = append(slices.Clip(r.streams), name) // readers have the one before
	}
	return byte(i)
}

// grow gives a ring a further chunk, for which others may have to go.
func (r *Rings) grow(g *ring, need int) *chunk {
	size := max(r.size, need)
	var free *chunk
	for g.bytes+size > r.limit {
		free = r.dropOldest(g)
	}
	for r.bytes+size > r.total {
		free = r.dropOldest(r.oldest())
	}
	if free == nil || free.shared || cap(free.data) != size {
		free = &chunk{data: make([]byte, 0, size)}
	}
	free.data = free.data[:0]
	g.chunks = append(g.chunks, free)
	g.bytes += size
	r.bytes += size
	return free
}

// oldest is the ring that has the oldest line.
func (r *Rings) oldest() (oldest *ring) {
	for _, g := range r.rings {
		if len(g.chunks) > 0 && (oldest == nil || g.chunks[0].seq < oldest.chunks[0].seq) {
			oldest = g
		}
	}
	return oldest
}

// dropOldest takes a ring's first chunk away.
func (r *Rings) dropOldest(g *ring) *chunk {
	c := g.chunks[0]
	g.chunks = slices.Delete(g.chunks, 0, 1)
	g.bytes -= cap(c.data)
	r.bytes -= cap(c.data)
	r.dropped += g.first() - c.line
	return c
}

// first is the number of the oldest line that the ring has, or else of the next.
func (g *ring) first() uint64 {
	if len(g.chunks) == 0 {
		return g.next
	}
	return g.chunks[0].line
}

func (g *ring) newest() *chunk {
	if len(g.chunks) == 0 {
		return nil
	}
	return g.chunks[len(g.chunks)-1]
}

// Drop forgets a service.
func (r *Rings) Drop(service string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(service)
}

func (r *Rings) drop(service string) {
	if g := r.rings[service]; g != nil {
		r.bytes -= g.bytes
		g.chunks = nil // a follower may know the ring
		delete(r.rings, service)
	}
}

// Names lists the services of which lines have come, in order.
func (r *Rings) Names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.rings))
}

// Stats returns the figures of this moment.
func (r *Rings) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Stats{Services: len(r.rings), Bytes: r.bytes, Dropped: r.dropped, Followers: len(r.followers)}
	for _, g := range r.rings {
		s.Lines += g.next - g.first()
	}
	return s
}
