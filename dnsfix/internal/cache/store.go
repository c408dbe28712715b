package cache

import (
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// Keep bounds what a Config allows for one answer. The zero value does not.
type Keep struct {
	// MaxTTL is how long the answer is good at most. Docker's DNS at 127.0.0.11
	// gives the addresses of containers 600 s, which outlive the containers.
	MaxTTL time.Duration
	// MaxStale is Config.MaxStale for this answer if that is larger; below 0 the
	// answer is never stale.
	MaxStale time.Duration
}

// Store keeps the answer a to q from now on, in the place of an older one. Lookup then
// has it for all queries that ask the same. It tells whether there is anything to be
// had from now on: not from what was truncated, has a TTL of 0, or is too large.
//
// A Failure does not take the place of anything better: what is fresh stays so, and
// what is stale needs no asking for Config.StaleRecheck.
func (c *Cache) Store(q *wire.Query, a *wire.Answer, keep Keep, now time.Duration) bool {
	if a.Truncated || !a.Stored.IsAbout(q.Name(), q.Type, q.Class) {
		return false
	}
	var k key
	k.set(q, c.seed)
	life := c.lifetime(a, keep)
	var e *entry
	if life > 0 {
		e = c.entry(a, &k, keep, life, now)
	}
	s := c.shard(&k)
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.get(&k, now)
	if a.Kind == wire.Failure && old != nil && old.kind != wire.Failure {
		old.recheck = now + c.cfg.StaleRecheck
		return true
	}
	if old = s.entries[k.hash]; old != nil {
		s.remove(old)
	}
	if e == nil || !s.add(e, now) {
		return false
	}
	s.agree(e, &k, now)
	return true
}

// lifetime returns for how long a is good.
func (c *Cache) lifetime(a *wire.Answer, keep Keep) time.Duration {
	life := time.Duration(a.TTL) * time.Second
	switch {
	case a.Kind == wire.Failure:
		return c.cfg.FailureTTL
	case a.Kind == wire.Positive:
		life = min(max(life, c.cfg.MinTTL), c.cfg.MaxTTL)
	case a.SOA:
		life = min(life, c.cfg.NegativeTTL)
	default:
		life = c.cfg.NoSOATTL
	}
	if keep.MaxTTL > 0 {
		life = min(life, keep.MaxTTL)
	}
	return life
}

// entry returns a as it is kept, with the TTLs that clients may see.
func (c *Cache) entry(a *wire.Answer, k *key, keep Keep, life, now time.Duration) *entry {
	e := &entry{
		// append, and not slices.Clone: the capacity then is all the memory that is taken.
		stored: a.Stored, kind: a.Kind, variant: k.variant, hash: k.hash,
		born: now, ends: now + life, gone: now + life,
	}
	e.stored.Msg = append([]byte(nil), a.Stored.Msg...)
	e.stored.TTLs = append([]uint16(nil), a.Stored.TTLs...)
	least, most := time.Duration(0), life
	if a.Kind == wire.Positive {
		least, most = c.cfg.MinTTL, c.cfg.MaxTTL
		if keep.MaxTTL > 0 {
			most = min(most, keep.MaxTTL)
		}
	}
	e.stored.ClampTTLs(seconds(least), seconds(most))
	if a.Kind != wire.Failure {
		e.gone += staleTime(c.cfg.MaxStale, keep.MaxStale)
	}
	return e
}

func staleTime(general, this time.Duration) time.Duration {
	if this == 0 {
		return general
	}
	return min(general, max(this, 0))
}
