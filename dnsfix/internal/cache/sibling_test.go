package cache_test

import (
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/cache"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// No name is said to be absent for one family of addresses while it has one of the
// other.
func TestSiblings(t *testing.T) {
	t.Parallel()
	type step struct {
		at   time.Duration
		do   string // what is stored, or looked up
		want string
	}
	v6 := func(tb testing.TB) *wire.Answer {
		tb.Helper()
		return answer(tb, "a. AAAA", 0, "a. 3 IN AAAA ::1")
	}
	for _, tc := range []struct {
		name  string
		steps []step
	}{
		{"A first", []step{{0, "A yes", ""}, {0, "AAAA no", ""}, {0, "AAAA", "hit 5"}, {0, "A", "hit 10"}}},
		{"AAAA first", []step{{0, "AAAA no", ""}, {0, "AAAA", "hit NXDOMAIN 5"}, {s, "A yes", ""}, {s, "AAAA", "hit 4"}, {s, "A", "hit 10"}}},
		{"AAAA has one, A first", []step{{0, "A no", ""}, {0, "AAAA yes", ""}, {0, "A", "hit 5"}, {0, "AAAA", "hit 3"}}},
		{"AAAA has one, AAAA first", []step{{0, "AAAA yes", ""}, {0, "A no", ""}, {0, "A", "hit 5"}}},
		{"A is over", []step{{0, "A yes", ""}, {11 * s, "AAAA no", ""}, {11 * s, "AAAA", "hit NXDOMAIN 5"}, {11 * s, "A", "stale 30"}}},
		{"absent for A says nothing of AAAA", []step{{0, "A no", ""}, {s, "AAAA", "miss"}}},
		{"absent for AAAA says nothing of A", []step{{0, "AAAA no", ""}, {0, "A", "miss"}}},
		{"nor of MX", []step{{0, "A no", ""}, {0, "MX", "miss"}}},
		{"A comes again", []step{{0, "A no", ""}, {s, "A yes", ""}, {s, "AAAA", "miss"}}},
		{"both absent", []step{{0, "A no", ""}, {0, "AAAA no", ""}, {0, "A", "hit NXDOMAIN 5"}, {0, "AAAA", "hit NXDOMAIN 5"}}},
		{"MX is no address", []step{{0, "MX no", ""}, {0, "A yes", ""}, {0, "MX", "hit NXDOMAIN 5"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := cache.New(cache.Config{MaxStale: 100 * s})
			for _, step := range tc.steps {
				switch step.do {
				case "A yes":
					c.Store(query(t, "a. A"), address(t, "a.", 10), all, step.at)
				case "AAAA yes":
					c.Store(query(t, "a. AAAA"), v6(t), all, step.at)
				case "A no", "AAAA no", "MX no":
					q := "a. " + step.do[:len(step.do)-3]
					c.Store(query(t, q), noName(t, q), all, step.at)
				default:
					if got := look(t, c, "a. "+step.do, step.at); got != step.want {
						t.Errorf("%s at %v: %s, want %s", step.do, step.at, got, step.want)
					}
				}
			}
		})
	}
}

func TestSiblingLives(t *testing.T) {
	t.Parallel()
	c := cache.New(cache.Config{MaxStale: 100 * s})
	c.Store(query(t, "a. A"), address(t, "a.", 10), all, 0)
	c.Store(query(t, "n. A"), noName(t, "n. A"), all, 0)
	c.Store(query(t, "six. AAAA"), answer(t, "six. AAAA", 0, "six. 10 IN AAAA ::1"), all, 0)
	dnssec := func(m *dns.Msg) { m.SetEdns0(1232, true) }
	for _, tc := range []struct {
		name string
		q    *wire.Query
		now  time.Duration
		want bool
	}{
		{"AAAA of a name with A", query(t, "A. AAAA"), 9 * s, true},
		{"later", query(t, "a. AAAA"), 10 * s, false},
		{"A itself", query(t, "a. A"), 0, false},
		{"A of a name with AAAA", query(t, "six. A"), 0, true},
		{"MX", query(t, "a. MX"), 0, false},
		{"a type that is 28 in its last byte", query(t, "a. AAAA", func(m *dns.Msg) { m.Question[0].Qtype = 256 + 28 }), 0, false},
		{"an absent name", query(t, "n. AAAA"), 0, false},
		{"an unknown name", query(t, "u. AAAA"), 0, false},
		{"with DO", query(t, "a. AAAA", dnssec), 0, false},
	} {
		if got := c.SiblingLives(tc.q, tc.now); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
	if got := c.Stats(); got.Hits+got.Misses+got.Stale > 0 {
		t.Errorf("SiblingLives counts: %+v", got)
	}
}
