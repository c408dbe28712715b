package cache_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/cache"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// stored is what a model remembers of an answer.
type stored struct {
	at   time.Duration
	ttl  uint32
	kind wire.Kind
}

// Whatever is stored and looked up in whatever order: TTLs go down as time goes by, no
// live name is absent for its other family, and the bounds hold.
func TestProperties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 0))
			cfg := cache.Config{Bytes: 20 << 10, NegativeTTL: time.Minute, Entries: int(seed%3) * 30}
			c := cache.New(cfg)
			model := map[string]stored{}
			now := time.Duration(0)
			for range 20_000 {
				now += time.Duration(r.IntN(300)) * ms
				name, typ := fmt.Sprintf("n%d.example.", r.IntN(60)), []string{"A", "AAAA"}[r.IntN(2)]
				question := name + " " + typ
				if r.IntN(3) > 0 {
					check(t, c, model, name, typ, now)
				} else if a := someAnswer(t, r, question); c.Store(query(t, question), a, all, now) {
					model[question] = stored{now, a.TTL, a.Kind}
				} else {
					delete(model, question)
				}
				if got := c.Stats(); got.Bytes > cfg.Bytes || cfg.Entries > 0 && got.Entries > cfg.Entries {
					t.Fatalf("stats %+v", got)
				}
			}
			if got := c.Stats(); got.Hits < 1000 || got.Misses < 1000 || got.Evictions < 100 {
				t.Errorf("little was tested: %+v", got)
			}
		})
	}
}

func someAnswer(t *testing.T, r *rand.Rand, question string) *wire.Answer {
	t.Helper()
	var name, typ string
	_, err := fmt.Sscan(question, &name, &typ)
	ok(t, err)
	ttl := r.IntN(20)
	switch r.IntN(3) {
	case 0:
		return noName(t, question)
	case 1:
		return answer(t, question, 0, fmt.Sprintf("!. %d IN SOA a. b. 1 2 3 4 60", ttl))
	}
	return answer(t, question, 0, one(name, typ, ttl, 1), one(name, typ, ttl+5, 2))
}

// one returns a record of the family typ whose address ends in last, and one byte.
func one(name, typ string, ttl, last int) string {
	if typ == "A" {
		return fmt.Sprintf("%s %d IN A 10.0.%d.1", name, ttl, last)
	}
	return fmt.Sprintf("%s %d IN AAAA fd00::%x01", name, ttl, last)
}

func check(t *testing.T, c *cache.Cache, model map[string]stored, name, typ string, now time.Duration) {
	t.Helper()
	b, state := c.Lookup(nil, query(t, name+" "+typ), now)
	if state == cache.Miss {
		return
	}
	m := new(dns.Msg)
	ok(t, m.Unpack(b))
	mine, known := model[name+" "+typ]
	other, otherKnown := model[name+" "+map[string]string{"A": "AAAA", "AAAA": "A"}[typ]]
	fresh := func(s stored) bool { return now < s.at+time.Duration(s.ttl)*time.Second }
	switch {
	case m.Rcode == dns.RcodeNameError:
		// The model does not know of evictions: whether the other is there is asked of the cache.
		if otherKnown && other.kind == wire.Positive && fresh(other) && c.SiblingLives(query(t, name+" "+typ), now) {
			t.Fatalf("%s %s is absent, and its sibling lives: %+v", name, typ, other)
		}
	case !known || !fresh(mine):
		t.Fatalf("%s %s: an answer where there should be none: %v", name, typ, m)
	case (len(m.Answer) > 0) != (mine.kind == wire.Positive):
		t.Fatalf("%s %s is %+v: %v", name, typ, mine, m)
	}
	for _, rr := range append(m.Answer, m.Ns...) {
		if known && m.Rcode == 0 && rr.Header().Ttl > mine.ttl+5-uint32((now-mine.at)/time.Second) {
			t.Fatalf("%s %s, stored %+v, at %v: %v", name, typ, mine, now, rr)
		}
	}
}

// Many readers and some writers: each reply is one that was stored for its question.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	c := cache.New(cache.Config{Bytes: 600 << 10, Rotate: true, MaxStale: s})
	const names = 64
	var queries [names][2]*wire.Query
	var answers [names][2][2]*wire.Answer
	for i := range names {
		name := fmt.Sprintf("n%d.example.", i)
		for j, typ := range []string{"A", "AAAA"} {
			queries[i][j] = query(t, name+" "+typ)
			answers[i][j] = [2]*wire.Answer{
				noName(t, name+" "+typ),
				answer(t, name+" "+typ, 0, one(name, typ, 3, i), one(name, typ, 3, i)),
			}
			c.Store(queries[i][j], answers[i][j][1], all, 0)
		}
	}
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 0))
			var buf []byte
			for k := range 5000 {
				now := time.Duration(k) * ms
				i, j := r.IntN(names), r.IntN(2)
				switch {
				case g < 2 && k%1000 == 500:
					c.Flush()
				case g < 2:
					c.Store(queries[i][j], answers[i][j][r.IntN(2)], all, now)
				case k%100 == 0:
					c.Stats()
					c.SiblingLives(queries[i][j], now)
				default:
					var state cache.State
					if buf, state = c.Lookup(buf[:0], queries[i][j], now); state == cache.Miss {
						continue
					}
					a, err := wire.ParseAnswer(buf, wire.Asked{ID: 0x1234, Question: queries[i][j].Question, Exact: true})
					if err != nil || a.Kind == wire.Positive && buf[len(buf)-2] != byte(i) {
						t.Errorf("reply %x, error %v", buf, err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	if got := c.Stats(); got.Hits == 0 || got.Misses == 0 {
		t.Errorf("stats %+v", got)
	}
}

// Any answer of an upstream that wire takes can be stored and had again.
func FuzzStore(f *testing.F) {
	f.Add([]byte{0, 1, 0, 1, 0, 0, 0, 0, 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 1}, uint16(1), byte(0))
	f.Add([]byte{0, 1, 0, 0, 0, 0, 0, 0}, uint16(28), byte(3))
	f.Fuzz(func(t *testing.T, body []byte, typ uint16, rcode byte) {
		if len(body) < 8 {
			return
		}
		q := query(t, "a.b. A")
		end := len(q.Question)
		q.Question[end-4], q.Question[end-3], q.Type = byte(typ>>8), byte(typ), typ
		msg := append([]byte{0x12, 0x34, 0x81, 0x80 | rcode&15}, body[:8]...)
		msg = append(append(msg, q.Question...), body[8:]...)
		a, err := wire.ParseAnswer(msg, wire.Asked{ID: 0x1234, Question: q.Question})
		if err != nil {
			return
		}
		c := cache.New(cache.Config{MinTTL: s, NegativeTTL: time.Minute, NoSOATTL: s})
		kept := c.Store(q, &a, all, 0)
		b, state := c.Lookup(nil, q, 0)
		if kept != (state == cache.Hit) || len(b) > q.Limit {
			t.Fatalf("kept %v, state %d, reply %x to %+v", kept, state, b, a)
		}
		// The SOA may say that a negative answer is good for no time.
		if !kept && !a.Truncated && (a.Kind == wire.Positive || !a.SOA) {
			t.Errorf("not kept: %+v", a)
		}
	})
}
