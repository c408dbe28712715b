package cache

import (
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// State is what Lookup has found.
type State uint8

// The states.
const (
	// Miss: there is no answer. Ask.
	Miss State = iota
	// Hit: send the reply.
	Hit
	// HitPrefetch: send the reply, and ask all the same, as the answer is wanted often
	// and ends soon. An answer says so once.
	HitPrefetch
	// Stale: ask. If that fails or takes long (RFC 8767 5: 1.8 s), send the reply.
	Stale
)

// Prefetch is worth it for an answer that was hit this often, in the last part of its time.
const (
	prefetchHits = 3
	prefetchPart = 10
)

// Lookup appends the reply to q to dst, unless the State is Miss: with q's ID, RD, CD
// and spelling of the name, TTLs that have gone down, an OPT record if q has one, at most
// q.Limit bytes.
//
// now is the time since any moment, the same for all calls, in at least the
// precision in which answers should end. Goroutines may differ in it a little.
func (c *Cache) Lookup(dst []byte, q *wire.Query, now time.Duration) ([]byte, State) {
	if len(q.Question) == 0 {
		return dst, Miss
	}
	var k key
	k.set(q, c.seed)
	s := c.shard(&k)
	s.mu.Lock()
	e := s.get(&k, now)
	if e == nil {
		s.counts.Misses++
		s.mu.Unlock()
		return dst, Miss
	}
	state := e.use(now)
	patch := wire.Patch{Age: e.age(now)}
	if now < e.ends {
		s.counts.Hits++
	} else {
		s.counts.Stale++
		patch.Stale = seconds(c.cfg.StaleTTL)
	}
	if c.cfg.Rotate {
		patch.Turn = e.hits
	}
	stored := e.stored
	s.mu.Unlock()
	return stored.AppendReply(dst, q, patch), state
}

// SiblingLives tells whether the name has an address of the other family, for a
// question for A or AAAA. Then NXDOMAIN must not be passed on (wire.Answer.NoName).
func (c *Cache) SiblingLives(q *wire.Query, now time.Duration) bool {
	if len(q.Question) == 0 {
		return false
	}
	var k key
	k.set(q, c.seed)
	if !k.toSibling() {
		return false
	}
	s := c.shard(&k)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.get(&k, now)
	return e != nil && e.isLive(now)
}
