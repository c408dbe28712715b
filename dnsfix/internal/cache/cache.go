// Package cache keeps answers in wire form for as long as they are good, and makes the
// reply to a client out of one without an allocation. [Cache.Lookup] says what else is
// to be done: nothing, ask ahead of time, or ask since there is nothing fresh.
//
// What surprises is that it knows no time: callers pass a now, which may come from a
// coarse clock, as Lookup is faster than the reading of a fine one.
//
// Names that have A records are not said to be absent because the question for AAAA
// ended in NXDOMAIN, nor the other way round: musl takes one NXDOMAIN for the end of
// the name. Such an answer becomes "no data" when it is stored, and one that is stored
// already when its sibling comes.
package cache

import (
	"math/bits"
	"math/rand/v2"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// Config is what a Cache may be told. The zero value is good. Times are rounded up to
// seconds where clients see them.
type Config struct {
	// Bytes is how much memory the cache takes at most, all that belongs to an
	// entry counted. Default 4 MiB, which holds some 10,000 addresses.
	Bytes int
	// Entries is how many answers are kept at most. Default: as many as fit.
	// Below 0 nothing is kept.
	Entries int

	// MinTTL is how long a positive answer is good at least, even if its TTL is 0,
	// with which answers else are not kept. Default 0.
	MinTTL time.Duration
	// MaxTTL is how long a positive answer is good at most. Default 1 h; below 0
	// none is kept.
	MaxTTL time.Duration
	// NegativeTTL is how long an answer without data, or that there is no such
	// name, is good at most: names of peers that are starting appear at any moment.
	// The SOA may say less (RFC 2308 5). Default 5 s; below 0 none is kept.
	NegativeTTL time.Duration
	// NoSOATTL is the same for answers without an SOA, such as Docker's for AAAA.
	// RFC 2308 5 would not have them kept at all. Default 2 s; below 0 none is.
	NoSOATTL time.Duration
	// FailureTTL is how long the upstream is spared after a failure. Default 5 s, at
	// least 1 s, at most 5 min (RFC 9520 3.2).
	FailureTTL time.Duration

	// MaxStale is for how long after its end an answer can be had as Stale.
	// Default 0: not at all.
	MaxStale time.Duration
	// StaleTTL is the TTL in a stale reply. Default 30 s (RFC 8767 4).
	StaleTTL time.Duration
	// StaleRecheck is for how long a stale answer is as good as a fresh one once
	// the upstream has failed to give another. Default 30 s (RFC 8767 5).
	StaleRecheck time.Duration

	// Rotate has the addresses of an answer take turns in being first.
	Rotate bool
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&c.MaxTTL, time.Hour},
		{&c.NegativeTTL, 5 * time.Second},
		{&c.NoSOATTL, 2 * time.Second},
		{&c.FailureTTL, 5 * time.Second},
		{&c.StaleTTL, 30 * time.Second},
		{&c.StaleRecheck, 30 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	if c.Bytes <= 0 {
		c.Bytes = 4 << 20
	}
	c.FailureTTL = min(max(c.FailureTTL, time.Second), 5*time.Minute)
	c.MaxTTL = min(max(c.MaxTTL, 0), maxTime)
	c.MinTTL = min(max(c.MinTTL, 0), c.MaxTTL)
	c.MaxStale = min(max(c.MaxStale, 0), maxTime)
	c.StaleTTL = min(max(c.StaleTTL, time.Second), maxTime)
	return c
}

// maxTime is the largest TTL, RFC 2181 8.
const maxTime = (1<<31 - 1) * time.Second

// seconds rounds up, as an answer that is good for a moment has no TTL of 0.
func seconds(d time.Duration) uint32 { return uint32((d + time.Second - 1) / time.Second) }

// Cache is made by New. All its methods may be called from many goroutines.
type Cache struct {
	cfg    Config
	seed   uint64
	shards []shard
}

// A shard that is smaller holds too few entries for an even spread, and large answers
// not at all.
const (
	maxShards       = 8
	minShardBytes   = 256 << 10
	minShardEntries = 256
)

// New returns an empty Cache.
func New(cfg Config) *Cache {
	c := &Cache{cfg: cfg.withDefaults(), seed: rand.Uint64()}
	n := min(maxShards, max(1, c.cfg.Bytes/minShardBytes))
	if cfg.Entries != 0 {
		n = min(n, max(1, cfg.Entries/minShardEntries))
	}
	c.shards = make([]shard, n)
	for i := range c.shards {
		c.shards[i].init(share(c.cfg.Bytes, i, n), share(cfg.Entries, i, n))
	}
	return c
}

// share returns the i-th of n parts of total.
func share(total, i, n int) int { return (total + i) / n }

// key is what an answer is found by.
type key struct {
	name       []byte // as the client spells it
	nameHash   uint64 // the same however it does
	hash       uint64 // of all
	typ, class uint16
	variant    byte
}

// set makes k that of q. It fills in place, since a copy of what was just written in
// small pieces stalls the processor for longer than all the rest takes.
func (k *key) set(q *wire.Query, seed uint64) {
	k.name, k.nameHash = q.Name(), q.Hash(seed)
	k.typ, k.class, k.variant = q.Type, q.Class, q.Variant()
	k.rehash()
}

// rehash must follow a change of the type.
func (k *key) rehash() {
	k.hash = k.nameHash ^ uint64(k.typ)<<32 ^ uint64(k.class)<<8 ^ uint64(k.variant)
}

// shard returns the shard for all types of a name, so that siblings are under one lock.
func (c *Cache) shard(k *key) *shard {
	i, _ := bits.Mul64(k.nameHash, uint64(len(c.shards))) // a division takes longer
	return &c.shards[i]
}

// toSibling makes of the key of an A question that of the AAAA question, and of that
// the first. It tells whether there is one.
func (k *key) toSibling() bool {
	switch k.typ {
	case wire.TypeA:
		k.typ = wire.TypeAAAA
	case wire.TypeAAAA:
		k.typ = wire.TypeA
	default:
		return false
	}
	k.rehash()
	return true
}

// Flush forgets all answers. The counts stay.
func (c *Cache) Flush() {
	for i := range c.shards {
		c.shards[i].flush()
	}
}

// Stats is what a Cache holds and has done.
type Stats struct {
	Entries   int    // now
	Bytes     int    // that they take
	Hits      uint64 // fresh answers
	Stale     uint64 // answers past their time
	Misses    uint64 // no answer
	Evictions uint64 // of answers that could still have been had
}

// Stats returns the counts as of now.
func (c *Cache) Stats() Stats {
	var sum Stats
	for i := range c.shards {
		s := c.shards[i].stats()
		sum.Entries += s.Entries
		sum.Bytes += s.Bytes
		sum.Hits += s.Hits
		sum.Stale += s.Stale
		sum.Misses += s.Misses
		sum.Evictions += s.Evictions
	}
	return sum
}
