package cache

import (
	"sync"
	"time"
	"unsafe"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// entry is one answer. The bytes that stored refers to do not change, so that a reply
// is made without the lock; all else is the shard's.
type entry struct {
	stored wire.Stored
	hash   uint64
	born   time.Duration
	ends   time.Duration // fresh before
	gone   time.Duration // stale before
	// A stale answer needs no asking before recheck.
	recheck time.Duration

	newer, older *entry
	hits         uint32
	kind         wire.Kind
	variant      byte
	visited      bool // since the hand last came by
	prefetched   bool
}

// cost is what the entry takes with its place in the map: two words in groups of
// eight with eight bytes, which are half full after they have grown.
func (e *entry) cost() int {
	const slot = 40
	return int(unsafe.Sizeof(*e)) + slot + cap(e.stored.Msg) + 2*cap(e.stored.TTLs)
}

// age is in whole seconds that have passed.
func (e *entry) age(now time.Duration) uint32 {
	return uint32(max(now-e.born, 0) / time.Second)
}

// isLive tells whether e has what was asked for, and is fresh.
func (e *entry) isLive(now time.Duration) bool {
	return e.kind == wire.Positive && now < e.ends
}

// use counts a hit.
func (e *entry) use(now time.Duration) State {
	e.visited = true
	e.hits++
	switch {
	case now >= e.ends && now >= e.recheck:
		return Stale
	case now >= e.ends || e.prefetched || e.hits < prefetchHits || e.kind == wire.Failure:
		return Hit
	case e.ends-now > (e.ends-e.born)/prefetchPart:
		return Hit
	}
	e.prefetched = true
	return HitPrefetch
}

// shard is a part of the cache: a map, and a list from the newest to the oldest for
// SIEVE (Zhang et al., NSDI '24). That evicts what was not asked for since it came
// before anything that was, however old, and so one run through many names does not
// drive out those in use. A hit costs the setting of a flag.
type shard struct {
	mu         sync.Mutex
	maxBytes   int
	maxEntries int // 0 is any number, below 0 none
	entries    map[uint64]*entry
	newest     *entry
	oldest     *entry
	hand       *entry // the next to be looked at; nil is the oldest
	bytes      int
	counts     Stats
}

func (s *shard) init(maxBytes, maxEntries int) {
	s.maxBytes, s.maxEntries = maxBytes, maxEntries
	s.entries = make(map[uint64]*entry)
}

func (s *shard) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = make(map[uint64]*entry)
	s.newest, s.oldest, s.hand, s.bytes = nil, nil, nil, 0
}

func (s *shard) stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := s.counts
	counts.Entries, counts.Bytes = len(s.entries), s.bytes
	return counts
}

// get returns the entry for k, nil if there is none or its time is over.
func (s *shard) get(k *key, now time.Duration) *entry {
	e := s.entries[k.hash]
	if e == nil || now >= e.gone || e.variant != k.variant || !e.stored.IsAbout(k.name, k.typ, k.class) {
		return nil
	}
	return e
}

// agree makes e and its sibling agree on that the name exists, if one of them knows.
func (s *shard) agree(e *entry, k *key, now time.Duration) {
	if !k.toSibling() {
		return
	}
	sibling := s.get(k, now)
	switch {
	case sibling == nil:
	case e.isLive(now):
		sibling.exists()
	case sibling.isLive(now):
		e.exists()
	}
}

// exists makes "no such name" "no data".
func (e *entry) exists() {
	if e.kind == wire.NXDomain {
		e.kind = wire.NoData
		e.stored.SetRcode(wire.RcodeSuccess)
	}
}

// add makes room for e, whose place is empty, and puts it there. It tells whether e
// can fit.
func (s *shard) add(e *entry, now time.Duration) bool {
	cost := e.cost()
	if cost > s.maxBytes || s.maxEntries < 0 {
		return false
	}
	for s.bytes+cost > s.maxBytes || s.maxEntries > 0 && len(s.entries) >= s.maxEntries {
		s.evict(now)
	}
	s.entries[e.hash] = e
	s.bytes += cost
	e.older = s.newest
	if s.newest != nil {
		s.newest.newer = e
	} else {
		s.oldest = e
	}
	s.newest = e
	return true
}

// evict removes one entry: the first that was not hit since the hand came by, or
// whose time is over. There must be one.
func (s *shard) evict(now time.Duration) {
	e := s.hand
	if e == nil {
		e = s.oldest
	}
	for e.visited && now < e.gone {
		e.visited = false
		if e = e.newer; e == nil {
			e = s.oldest
		}
	}
	if now < e.gone {
		s.counts.Evictions++
	}
	s.hand = e
	s.remove(e)
}

// remove takes e out of the map and the list. A hand on it moves on.
func (s *shard) remove(e *entry) {
	delete(s.entries, e.hash)
	s.bytes -= e.cost()
	if s.hand == e {
		s.hand = e.newer
	}
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		s.newest = e.older
	}
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		s.oldest = e.newer
	}
}
