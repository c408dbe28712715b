package cache_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/cache"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// at is what a look-up finds, so long after the answer was stored.
type at struct {
	after time.Duration
	want  string
}

func TestLifetime(t *testing.T) {
	t.Parallel()
	soa := func(ttl, minimum int) string { return fmt.Sprintf("!. %d IN SOA a. b. 1 2 3 4 %d", ttl, minimum) }
	for _, tc := range []struct {
		name     string
		cfg      cache.Config
		question string
		rcode    int
		records  []string
		keep     cache.Keep
		want     []at
	}{
		{
			"its TTL",
			cache.Config{},
			"a. A", 0,
			[]string{"a. 60 IN A 10.0.0.1"},
			all,
			[]at{{0, "hit 60"}, {999 * ms, "hit 60"}, {s, "hit 59"}, {30 * s, "hit 30"}, {59999 * ms, "prefetch 1"}, {60 * s, "miss"}},
		},
		{
			"the smallest TTL",
			cache.Config{},
			"a. A", 0,
			[]string{"a. 60 IN CNAME b.", "b. 5 IN A 10.0.0.1"},
			all,
			[]at{{0, "hit 60 5"}, {4 * s, "hit 56 1"}, {5 * s, "miss"}},
		},
		{"a clock that goes back", cache.Config{}, "a. A", 0, []string{"a. 60 IN A 10.0.0.1"}, all, []at{{-10 * s, "hit 60"}}},
		{"TTL 0", cache.Config{}, "a. A", 0, []string{"a. 0 IN A 10.0.0.1"}, all, []at{{0, "miss"}}},
		{"an hour", cache.Config{}, "a. A", 0, []string{"a. 86400 IN A 10.0.0.1"}, all, []at{{0, "hit 3600"}, {3600 * s, "miss"}}},
		{"MaxTTL", cache.Config{MaxTTL: 1500 * ms}, "a. A", 0, []string{"a. 60 IN A 10.0.0.1"}, all, []at{{0, "hit 2"}, {1400 * ms, "hit 1"}, {1500 * ms, "miss"}}},
		{"no positive answers", cache.Config{MaxTTL: -1}, "a. A", 0, []string{"a. 60 IN A 10.0.0.1"}, all, []at{{0, "miss"}}},
		{"MinTTL", cache.Config{MinTTL: 10 * s}, "a. A", 0, []string{"a. 0 IN A 10.0.0.1", "a. 20 IN A 10.0.0.2"}, all, []at{{0, "hit 10 20"}, {9 * s, "hit 1 11"}, {10 * s, "miss"}}},
		{"MinTTL above MaxTTL", cache.Config{MinTTL: 10 * s, MaxTTL: 5 * s}, "a. A", 0, []string{"a. 60 IN A 10.0.0.1"}, all, []at{{0, "hit 5"}, {5 * s, "miss"}}},
		{"Docker", cache.Config{}, "a. A", 0, []string{"a. 600 IN A 10.0.0.1"}, cache.Keep{MaxTTL: 5 * s}, []at{{0, "hit 5"}, {5 * s, "miss"}}},
		{"Docker, with MinTTL", cache.Config{MinTTL: 60 * s}, "a. A", 0, []string{"a. 600 IN A 10.0.0.1"}, cache.Keep{MaxTTL: 5 * s}, []at{{0, "hit 5"}, {5 * s, "miss"}}},
		{"no such name", cache.Config{}, "a. A", 3, []string{soa(60, 60)}, all, []at{{0, "hit NXDOMAIN 5"}, {4 * s, "hit NXDOMAIN 1"}, {5 * s, "miss"}}},
		{"no data, the SOA's TTL", cache.Config{}, "a. A", 0, []string{soa(3, 60)}, all, []at{{0, "hit 3"}, {3 * s, "miss"}}},
		{"no data, the SOA's MINIMUM", cache.Config{}, "a. A", 0, []string{soa(60, 4)}, all, []at{{0, "hit 4"}, {4 * s, "miss"}}},
		{"no data, MINIMUM 0", cache.Config{}, "a. A", 0, []string{soa(60, 0)}, all, []at{{0, "miss"}}},
		{"no data, MinTTL", cache.Config{MinTTL: 10 * s}, "a. A", 0, []string{soa(60, 2)}, all, []at{{0, "hit 2"}, {2 * s, "miss"}}},
		{"NegativeTTL", cache.Config{NegativeTTL: 100 * s}, "a. A", 3, []string{soa(60, 70)}, all, []at{{0, "hit NXDOMAIN 60"}, {60 * s, "miss"}}},
		{"no negative answers", cache.Config{NegativeTTL: -1}, "a. A", 3, []string{soa(60, 70)}, all, []at{{0, "miss"}}},
		{"no data, no SOA", cache.Config{}, "a. A", 0, nil, all, []at{{0, "hit"}, {1999 * ms, "hit"}, {2 * s, "miss"}}},
		{"no data, no SOA, an alias", cache.Config{}, "a. A", 0, []string{"a. 60 IN CNAME b."}, all, []at{{0, "hit 2"}, {2 * s, "miss"}}},
		{"NoSOATTL", cache.Config{NoSOATTL: s}, "a. A", 0, nil, all, []at{{0, "hit"}, {s, "miss"}}},
		{"nothing without SOA", cache.Config{NoSOATTL: -1}, "a. A", 0, nil, all, []at{{0, "miss"}}},
		{"SERVFAIL", cache.Config{}, "a. A", 2, nil, all, []at{{0, "hit SERVFAIL"}, {4999 * ms, "hit SERVFAIL"}, {5 * s, "miss"}}},
		{"REFUSED", cache.Config{FailureTTL: 2 * s}, "a. A", 5, nil, all, []at{{0, "hit SERVFAIL"}, {2 * s, "miss"}}},
		{"SERVFAIL, at least", cache.Config{FailureTTL: -1}, "a. A", 2, nil, all, []at{{999 * ms, "hit SERVFAIL"}, {s, "miss"}}},
		{"SERVFAIL, at most", cache.Config{FailureTTL: time.Hour}, "a. A", 2, nil, all, []at{{299 * s, "hit SERVFAIL"}, {300 * s, "miss"}}},
		{
			"stale",
			cache.Config{MaxStale: 100 * s},
			"a. A", 0,
			[]string{"a. 60 IN A 10.0.0.1"},
			all,
			[]at{{59 * s, "hit 1"}, {60 * s, "stale 30"}, {159 * s, "stale 30"}, {160 * s, "miss"}},
		},
		{
			"stale, absent",
			cache.Config{MaxStale: 100 * s, StaleTTL: 7 * s},
			"a. A", 3,
			[]string{soa(60, 60)},
			all,
			[]at{{4 * s, "hit NXDOMAIN 1"}, {5 * s, "stale NXDOMAIN 7"}, {105 * s, "miss"}},
		},
		{"never a stale failure", cache.Config{MaxStale: 100 * s}, "a. A", 2, nil, all, []at{{5 * s, "miss"}}},
		{"less stale", cache.Config{MaxStale: 100 * s}, "a. A", 0, []string{"a. 5 IN A 10.0.0.1"}, cache.Keep{MaxStale: 60 * s}, []at{{64 * s, "stale 30"}, {65 * s, "miss"}}},
		{"not more stale", cache.Config{MaxStale: 10 * s}, "a. A", 0, []string{"a. 5 IN A 10.0.0.1"}, cache.Keep{MaxStale: 60 * s}, []at{{14 * s, "stale 30"}, {15 * s, "miss"}}},
		{"not stale", cache.Config{MaxStale: 100 * s}, "a. A", 0, []string{"a. 5 IN A 10.0.0.1"}, cache.Keep{MaxStale: -1}, []at{{5 * s, "miss"}}},
		{
			"all too large",
			cache.Config{MaxTTL: 1<<63 - 1, MinTTL: 1<<63 - 1, MaxStale: 1<<63 - 1, StaleTTL: 1<<63 - 1},
			"a. A", 0,
			[]string{"a. 5 IN A 10.0.0.1"},
			all,
			[]at{{0, "hit 2147483647"}, {1 << 61, "stale 2147483647"}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := cache.New(tc.cfg)
			const start = 1000 * s
			kept := c.Store(query(t, tc.question), answer(t, tc.question, tc.rcode, tc.records...), tc.keep, start)
			if want := tc.want[0].want != "miss" || tc.want[0].after > 0; kept != want {
				t.Errorf("Store says %v", kept)
			}
			for _, at := range tc.want {
				if got := look(t, c, tc.question, start+at.after); got != at.want {
					t.Errorf("after %v: %s, want %s", at.after, got, at.want)
				}
			}
		})
	}
}

// The reply is the client's own: ID, spelling, flags, OPT, size.
func TestReply(t *testing.T) {
	t.Parallel()
	c := cache.New(cache.Config{})
	var records []string
	for i := range 40 {
		records = append(records, fmt.Sprintf("www.example.com. 60 IN A 10.0.0.%d", i))
	}
	if !c.Store(query(t, "WWW.example.com. A"), answer(t, "www.EXAMPLE.com. A", 0, records...), all, 0) {
		t.Fatal("not stored")
	}
	for _, tc := range []struct {
		limit, want int
		edns        bool
	}{{512, 29, false}, {1232, 40, true}, {wire.MaxMessage, 40, false}} {
		q := query(t, "wWw.eXaMpLe.CoM. A", func(m *dns.Msg) {
			m.Id, m.RecursionDesired = 0x4321, false
			if tc.edns {
				m.SetEdns0(4096, false)
			}
		})
		q.Limit = tc.limit
		b, state := c.Lookup(nil, q, 10*s)
		got := new(dns.Msg)
		ok(t, got.Unpack(b))
		want := new(dns.Msg)
		want.SetQuestion("wWw.eXaMpLe.CoM.", dns.TypeA)
		want.Id, want.Response, want.RecursionDesired, want.RecursionAvailable = 0x4321, true, false, true
		want.Truncated = tc.want < 40
		for i := range tc.want {
			rr, err := dns.NewRR(fmt.Sprintf("wWw.eXaMpLe.CoM. 50 IN A 10.0.0.%d", i))
			ok(t, err)
			want.Answer = append(want.Answer, rr)
		}
		if tc.edns {
			want.SetEdns0(1232, false)
		}
		if diff := cmp.Diff(want.String(), got.String()); diff != "" || state != cache.Hit {
			t.Errorf("state %d, reply (-want +got):\n%s", state, diff)
		}
	}
}

func TestPrefetch(t *testing.T) {
	t.Parallel()
	c := cache.New(cache.Config{})
	c.Store(query(t, "hot. A"), address(t, "hot.", 100), all, 0)
	c.Store(query(t, "cold. A"), address(t, "cold.", 100), all, 0)
	c.Store(query(t, "down. A"), fail(t, "down. A"), all, 90*s)
	for i, want := range []string{"hit 11", "hit 11", "hit 11"} {
		if got := look(t, c, "hot. A", 89*s); got != want {
			t.Errorf("hit %d: %s, want %s", i, got, want)
		}
	}
	for i, want := range []string{"prefetch 10", "hit 10", "hit 10"} {
		if got := look(t, c, "hot. A", 90*s); got != want {
			t.Errorf("hit %d near the end: %s, want %s", i, got, want)
		}
	}
	for i, want := range []string{"hit 10", "hit 10", "prefetch 10"} {
		if got := look(t, c, "cold. A", 90*s); got != want {
			t.Errorf("hit %d of another name: %s, want %s", i, got, want)
		}
	}
	for range 5 {
		if got := look(t, c, "down. A", 94999*ms); got != "hit SERVFAIL" {
			t.Errorf("failure: %s", got)
		}
	}
	// The new answer needs hits of its own.
	c.Store(query(t, "hot. A"), address(t, "hot.", 100), all, 91*s)
	for i, want := range []string{"hit 1", "hit 1", "prefetch 1", "hit 1"} {
		if got := look(t, c, "hot. A", 190*s); got != want {
			t.Errorf("hit %d of the new answer: %s, want %s", i, got, want)
		}
	}
}

// A failure takes the place of nothing that is better, and the upstream is spared.
func TestFailureAndStale(t *testing.T) {
	t.Parallel()
	c := cache.New(cache.Config{MaxStale: 100 * s, StaleRecheck: 20 * s})
	q := query(t, "a. A")
	c.Store(q, address(t, "a.", 10), all, 0)
	c.Store(q, fail(t, "a. A"), all, 5*s) // of a prefetch
	for _, step := range []struct {
		now  time.Duration
		want string
	}{{5 * s, "hit 5"}, {10 * s, "hit 30"}, {25 * s, "stale 30"}} {
		if got := look(t, c, "a. A", step.now); got != step.want {
			t.Errorf("at %v: %s, want %s", step.now, got, step.want)
		}
	}
	if !c.Store(q, fail(t, "a. A"), all, 26*s) {
		t.Error("nothing can be had after a failure")
	}
	for _, step := range []struct {
		now  time.Duration
		want string
	}{{26 * s, "hit 30"}, {45 * s, "hit 30"}, {46 * s, "stale 30"}, {110 * s, "miss"}} {
		if got := look(t, c, "a. A", step.now); got != step.want {
			t.Errorf("after a failure, at %v: %s, want %s", step.now, got, step.want)
		}
	}
	c.Store(q, fail(t, "a. A"), all, 110*s)
	if got := look(t, c, "a. A", 110*s); got != "hit SERVFAIL" {
		t.Errorf("when all is over: %s", got)
	}
	c.Store(q, address(t, "a.", 10), all, 111*s)
	if got := look(t, c, "a. A", 111*s); got != "hit 10" {
		t.Errorf("after the failure: %s", got)
	}
	if got := c.Stats(); got.Stale != 5 || got.Hits != 3 || got.Misses != 1 {
		t.Errorf("stats %+v", got)
	}
}

// What may not be kept does not leave an older answer in its place either.
func TestStoreNothing(t *testing.T) {
	t.Parallel()
	c := cache.New(cache.Config{MaxStale: 100 * s})
	q := query(t, "a. A")
	truncated := address(t, "a.", 10)
	truncated.Truncated = true
	for _, step := range []struct {
		name string
		q    *wire.Query
		a    *wire.Answer
		kept bool
		want string
	}{
		{"truncated", q, truncated, false, "miss"},
		{"an answer to another question", q, address(t, "b.", 10), false, "miss"},
		{"an answer to a longer question", q, address(t, "a.b.", 10), false, "miss"},
		{"no answer", q, &wire.Answer{}, false, "miss"},
		{"no question", &wire.Query{}, address(t, "a.", 10), false, "miss"},
		{"an address", q, address(t, "a.", 10), true, "hit 10"},
		{"truncated again", q, truncated, false, "hit 10"},
		{"TTL 0", q, address(t, "a.", 0), false, "miss"},
	} {
		if got := c.Store(step.q, step.a, all, 0); got != step.kept {
			t.Errorf("%s: Store says %v", step.name, got)
		}
		if got := look(t, c, "a. A", 0); got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
	if b, state := c.Lookup(nil, &wire.Query{}, 0); b != nil || state != cache.Miss || c.SiblingLives(&wire.Query{}, 0) {
		t.Errorf("without question: %x, state %d", b, state)
	}
}

// Answers to other types, classes and variants are not each other's.
func TestKeys(t *testing.T) {
	t.Parallel()
	c := cache.New(cache.Config{})
	c.Store(query(t, "a. A"), address(t, "a.", 10), all, 0)
	for _, q := range []*wire.Query{
		query(t, "a. AAAA"),
		query(t, "a. TYPE257"),
		query(t, "a.a. A"),
		query(t, "a. A", func(m *dns.Msg) { m.SetEdns0(1232, true) }),
		query(t, "a. A", func(m *dns.Msg) { m.CheckingDisabled = true }),
		query(t, "a. A", func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }),
	} {
		if b, state := c.Lookup(nil, q, 0); state != cache.Miss {
			t.Errorf("%q got %x", q.Question, b)
		}
	}
}

func TestRotate(t *testing.T) {
	t.Parallel()
	for _, rotate := range []bool{false, true} {
		c := cache.New(cache.Config{Rotate: rotate})
		c.Store(query(t, "a. A"), answer(t, "a. A", 0, "a. 60 IN A 10.0.0.0", "a. 60 IN A 10.0.0.1", "a. 60 IN A 10.0.0.2"), all, 0)
		first := map[byte]int{}
		for range 30 {
			b, _ := c.Lookup(nil, query(t, "a. A"), 0)
			m := new(dns.Msg)
			ok(t, m.Unpack(b))
			first[m.Answer[0].(*dns.A).A[3]]++
		}
		want := map[byte]int{0: 30}
		if rotate {
			want = map[byte]int{0: 10, 1: 10, 2: 10}
		}
		if diff := cmp.Diff(want, first); diff != "" {
			t.Errorf("rotate %v: first (-want +got):\n%s", rotate, diff)
		}
	}
}

func TestFlush(t *testing.T) {
	t.Parallel()
	c := cache.New(cache.Config{})
	for i := range 1000 {
		name := fmt.Sprintf("n%d.", i)
		c.Store(query(t, name+" A"), address(t, name, 10), all, 0)
	}
	if got := c.Stats(); got.Entries != 1000 || got.Bytes < 100_000 {
		t.Errorf("stats %+v", got)
	}
	look(t, c, "n1. A", 0)
	c.Flush()
	want := cache.Stats{Hits: 1, Misses: 1}
	if got := look(t, c, "n1. A", 0); got != "miss" {
		t.Errorf("after Flush: %s", got)
	}
	if diff := cmp.Diff(want, c.Stats()); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	if c.Store(query(t, "n1. A"), address(t, "n1.", 10), all, 0); look(t, c, "n1. A", 0) != "hit 10" {
		t.Error("nothing can be stored after Flush")
	}
}
