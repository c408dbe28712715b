package logring

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"
)

// Line is a line of a service.
type Line struct {
	Time    time.Time // when it came, UTC
	Service string
	Stream  string // stdout, stderr, syslog; Missed
	PID     int    // 0: unknown
	Text    string // without its newline; any bytes
	// Missed is how many lines of the service are missing at this place: those that Follow
	// was too slow for. Stream is then Missed, and Text says so.
	Missed uint64
}

// Missed is the Stream of a line which says that lines are missing.
const Missed = "missed"

// Query says which lines are wanted. The zero value: all.
type Query struct {
	// Services are those whose lines are wanted. None: all.
	Services []string
	// Since leaves out what came before.
	Since time.Time
	// Last leaves out all but that many of those that there are already: the latest.
	// 0: none are left out; negative: all are.
	Last int
}

func (q *Query) wants(service string) bool {
	return len(q.Services) == 0 || slices.Contains(q.Services, service)
}

// batch is what a reader takes away from under the lock.
type batch struct {
	views   []view
	streams []string
	missed  []Line // one for each service that has missed some
}

// Read returns the lines that are wanted, in the order in which they came.
func (r *Rings) Read(q Query) []Line {
	b := r.look(q, map[*ring]uint64{}, false)
	records := b.records(q)
	lines := make([]Line, len(records))
	for i := range records {
		lines[i] = records[i].line(b.streams)
	}
	return lines
}

// look takes away what is wanted and has not been seen: seen has the number of the next
// line of each ring, and is brought up to date.
func (r *Rings) look(q Query, seen map[*ring]uint64, count bool) (b batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, g := range r.rings {
		if !q.wants(name) {
			continue
		}
		at := seen[g]
		if first := g.first(); at < first {
			if count {
				b.missed = append(b.missed, missed(name, first-at))
			}
			at = first
		}
		for i, c := range g.chunks {
			if i+1 < len(g.chunks) && g.chunks[i+1].line <= at || at >= g.next {
				continue
			}
			c.shared = true
			b.views = append(b.views, view{*c, name, at - min(at, c.line)})
		}
		seen[g] = g.next
	}
	b.streams = r.streams
	return b
}

func missed(service string, n uint64) Line {
	text := fmt.Sprintf("%d lines are missing here: they were not read in time", n)
	return Line{Time: time.Now().UTC(), Service: service, Stream: Missed, Text: text, Missed: n}
}

// records gives the lines that are wanted, in order.
func (b *batch) records(q Query) []record {
	var all []record
	for i := range b.views {
		all = b.views[i].records(all)
	}
	if !q.Since.IsZero() {
		since := q.Since.UnixNano()
		all = slices.DeleteFunc(all, func(rec record) bool { return rec.time < since })
	}
	sort.Slice(all, func(i, j int) bool { return all[i].seq < all[j].seq })
	switch {
	case q.Last < 0:
		return nil
	case q.Last > 0:
		all = all[max(0, len(all)-q.Last):]
	}
	return all
}

// follower is a call of Follow.
type follower struct{ wake chan struct{} }

// stir says that there are lines.
func (f *follower) stir() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Follow calls yield for each line that Read would give, and then for each that comes,
// until ctx ends or yield returns false. yield may take its time: what waits for it is in
// the rings. If it takes so long that lines are dropped there, it gets one of the Stream
// Missed at their place; missing is how many they were in all.
func (r *Rings) Follow(ctx context.Context, q Query, yield func(Line) bool) (missing uint64) {
	f := &follower{make(chan struct{}, 1)}
	r.mu.Lock()
	r.followers = append(r.followers, f)
	r.mu.Unlock()
	defer r.leave(f)

	seen := map[*ring]uint64{}
	for later := false; ; later = true {
		b := r.look(q, seen, later)
		for _, line := range b.missed {
			missing += line.Missed
			if !yield(line) {
				return missing
			}
		}
		for _, rec := range b.records(q) {
			if ctx.Err() != nil || !yield(rec.line(b.streams)) {
				return missing
			}
		}
		q.Last, q.Since = 0, time.Time{}
		b = batch{} // what it holds may be dropped while we wait
		select {
		case <-ctx.Done():
			return missing
		case <-f.wake:
		}
	}
}

func (r *Rings) leave(f *follower) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.followers = slices.DeleteFunc(r.followers, func(g *follower) bool { return g == f })
}
