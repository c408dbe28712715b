package cache_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/dnsfix/internal/cache"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

func TestBounds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		cfg       cache.Config
		names     int
		least     int // entries at the end
		most      int
		evictions bool
	}{
		{cache.Config{}, 5000, 5000, 5000, false},
		{cache.Config{Bytes: 100 << 10}, 5000, 300, 600, true},
		{cache.Config{Bytes: 1 << 20}, 10000, 3000, 6000, true},
		{cache.Config{Entries: 1}, 10, 1, 1, true},
		{cache.Config{Entries: 150}, 1000, 150, 150, true},
		{cache.Config{Entries: 4096}, 20000, 4096, 4096, true},
		{cache.Config{Entries: 1001}, 5000, 1001, 1001, true},
		{cache.Config{Entries: -1}, 10, 0, 0, false},
		{cache.Config{Bytes: 100}, 10, 0, 0, false},
	} {
		t.Run(fmt.Sprintf("%d bytes, %d entries", tc.cfg.Bytes, tc.cfg.Entries), func(t *testing.T) {
			t.Parallel()
			c := cache.New(tc.cfg)
			limit := tc.cfg.Bytes
			if limit == 0 {
				limit = 4 << 20
			}
			for i := range tc.names {
				name := fmt.Sprintf("n%d.example.", i)
				kept := c.Store(query(t, name+" A"), address(t, name, 10), all, 0)
				if got := c.Stats(); kept != (tc.most > 0) || got.Bytes > limit || got.Entries > tc.most {
					t.Fatalf("kept %v, stats %+v", kept, got)
				}
			}
			got := c.Stats()
			if got.Entries < tc.least || (got.Evictions > 0) != tc.evictions {
				t.Errorf("stats %+v, want at least %d entries", got, tc.least)
			}
			if tc.evictions && int(got.Evictions) != tc.names-got.Entries {
				t.Errorf("%d of %d names left, %d evictions", got.Entries, tc.names, got.Evictions)
			}
			want := "miss"
			if tc.most > 0 {
				want = "hit 10"
			}
			if found := look(t, c, fmt.Sprintf("n%d.example. A", tc.names-1), 0); found != want {
				t.Errorf("the last one: %s, want %s", found, want)
			}
		})
	}
}

// Replacing an answer takes no further room, nor do those that do not fit.
func TestReplace(t *testing.T) {
	t.Parallel()
	c := cache.New(cache.Config{Bytes: 4 << 10})
	big := answer(t, "a. TXT", 0, "a. 60 IN TXT "+strings.Repeat(strings.Repeat("x", 255)+" ", 20))
	for i := range 100 {
		c.Store(query(t, "a. A"), address(t, "a.", 10), all, 0)
		if c.Store(query(t, "a. TXT"), big, all, 0) {
			t.Fatal("an answer that is larger than the cache was stored")
		}
		if got := c.Stats(); got.Entries != 1 || got.Evictions > 0 || got.Bytes > 400 {
			t.Fatalf("round %d: %+v", i, got)
		}
	}
}

// What is asked for stays while many others are asked for once.
func TestScan(t *testing.T) {
	t.Parallel()
	c := cache.New(cache.Config{Entries: 100})
	for i := range 20 {
		name := fmt.Sprintf("hot%d.", i)
		c.Store(query(t, name+" A"), address(t, name, 3600), all, 0)
	}
	lost := 0
	for i := range 5000 {
		if hot := fmt.Sprintf("hot%d. A", i%20); look(t, c, hot, 0) == "miss" {
			lost++
		}
		name := fmt.Sprintf("once%d.", i)
		c.Store(query(t, name+" A"), address(t, name, 3600), all, 0)
	}
	if lost > 0 {
		t.Errorf("%d of 5000 look-ups of names in use missed", lost)
	}
}

// Those whose time is over go first, and count as no loss.
func TestEvictsExpired(t *testing.T) {
	t.Parallel()
	c := cache.New(cache.Config{Entries: 10})
	store := func(name string, ttl int) {
		c.Store(query(t, name+" A"), address(t, name, ttl), all, 0)
		look(t, c, name+" A", 0)
	}
	for i := range 10 {
		store(fmt.Sprintf("n%d.", i), 1+i%2*100)
	}
	for i := range 5 {
		name := fmt.Sprintf("new%d.", i)
		c.Store(query(t, name+" A"), address(t, name, 100), all, 50*s)
	}
	for i := range 5 {
		if name := fmt.Sprintf("n%d. A", 2*i+1); look(t, c, name, 50*s) == "miss" {
			t.Errorf("%s was evicted", name)
		}
	}
	if got := c.Stats().Evictions; got > 0 {
		t.Errorf("%d evictions", got)
	}
}

// The bytes that are counted are those that are taken.
func TestBytesAreTrue(t *testing.T) {
	const n = 20000
	queries, answers := make([]*wire.Query, n), make([]*wire.Answer, n)
	for i := range n {
		name := fmt.Sprintf("n%d.%s.example.", i, strings.Repeat("x", i%50+1))
		queries[i], answers[i] = query(t, name+" A"), address(t, name, 10)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c := cache.New(cache.Config{Bytes: 64 << 20})
	for i := range n {
		c.Store(queries[i], answers[i], all, 0)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(queries)
	runtime.KeepAlive(answers)
	taken, counted := int(after.HeapAlloc)-int(before.HeapAlloc), c.Stats().Bytes
	t.Logf("%d bytes taken, %d counted, %d an entry", taken, counted, counted/n)
	if c.Stats().Entries != n || taken > counted || taken < counted*8/10 {
		t.Errorf("%d bytes taken, %d counted", taken, counted)
	}
}
