package server

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// bounds are those of Latency: each bucket holds what took no longer. What is in memory is in
// the first; musl gives up after 5 s.
var bounds = [...]time.Duration{
	100 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond,
	25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond,
	500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second,
}

// Latency is how long replies took, from the reading of a query to the sending of its reply.
type Latency struct {
	Bounds []time.Duration // of all buckets but the last
	Counts []uint64        // in each bucket
	Sum    time.Duration
}

// latency is Latency as it grows.
type latency struct {
	counts [len(bounds) + 1]atomic.Uint64
	sum    atomic.Int64
}

// observe counts n replies that took that long.
func (l *latency) observe(took time.Duration, n int) {
	i := 0
	for i < len(bounds) && took > bounds[i] {
		i++
	}
	l.counts[i].Add(uint64(n))
	l.sum.Add(int64(took) * int64(n))
}

func (l *latency) load() Latency {
	all := Latency{Bounds: slices.Clone(bounds[:]), Sum: time.Duration(l.sum.Load())}
	for i := range l.counts {
		all.Counts = append(all.Counts, l.counts[i].Load())
	}
	return all
}

// NumResults is how many response codes are counted one by one. Others are in the last.
const NumResults = int(wire.RcodeRefused) + 2

// results counts replies by response code.
type results [NumResults]atomic.Uint64

func (r *results) add(rcode uint16) { r[min(int(rcode), NumResults-1)].Add(1) }

// addReply counts a reply by the response code in its header.
func (r *results) addReply(reply []byte) {
	if len(reply) > 3 {
		r.add(uint16(reply[3] & 0xF))
	}
}

func (r *results) load() (counts [NumResults]uint64) {
	for i := range r {
		counts[i] = r[i].Load()
	}
	return counts
}
