package cache_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/cache"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// query returns a question such as "www.example.com. A".
func query(tb testing.TB, question string, edit ...func(*dns.Msg)) *wire.Query {
	tb.Helper()
	name, typ, _ := strings.Cut(question, " ")
	m := new(dns.Msg)
	m.SetQuestion(name, dns.StringToType[typ])
	m.Id = 0x1234
	for _, f := range edit {
		f(m)
	}
	b, err := m.Pack()
	ok(tb, err)
	q, v := wire.ParseQuery(b)
	if v != wire.Ask {
		tb.Fatalf("the verdict on %q is %d", question, v)
	}
	return &q
}

// answer returns what an upstream says to question. A record that begins with "!" is
// for the authority section.
func answer(tb testing.TB, question string, rcode int, records ...string) *wire.Answer {
	tb.Helper()
	q := query(tb, question)
	name, typ, _ := strings.Cut(question, " ")
	m := new(dns.Msg)
	m.SetQuestion(name, dns.StringToType[typ])
	m.Id, m.Response, m.Rcode, m.Compress = 0x1234, true, rcode, true
	for _, text := range records {
		rr, err := dns.NewRR(strings.TrimPrefix(text, "!"))
		ok(tb, err)
		if text[0] == '!' {
			m.Ns = append(m.Ns, rr)
		} else {
			m.Answer = append(m.Answer, rr)
		}
	}
	b, err := m.Pack()
	ok(tb, err)
	a, err := wire.ParseAnswer(b, wire.Asked{ID: q.ID, Question: q.Question})
	ok(tb, err)
	return &a
}

// address returns the answer to an A question, good for ttl seconds.
func address(tb testing.TB, name string, ttl int) *wire.Answer {
	tb.Helper()
	return answer(tb, name+" A", 0, fmt.Sprintf("%s %d IN A 10.0.0.1", name, ttl))
}

// noName says that there is no such name for 5 s.
func noName(tb testing.TB, question string) *wire.Answer {
	tb.Helper()
	return answer(tb, question, dns.RcodeNameError, "!. 60 IN SOA a. b. 1 2 3 4 60")
}

func fail(tb testing.TB, question string) *wire.Answer {
	tb.Helper()
	a := wire.Fail(query(tb, question).Question)
	return &a
}

// look returns the State, and the reply as a word: the response code if it is not
// NOERROR, and the TTLs.
func look(tb testing.TB, c *cache.Cache, question string, now time.Duration) string {
	tb.Helper()
	b, state := c.Lookup([]byte("#"), query(tb, question), now)
	words := []string{[]string{"miss", "hit", "prefetch", "stale"}[state]}
	if b[0] != '#' {
		tb.Errorf("Lookup has changed what was there: %x", b)
	}
	if state == cache.Miss {
		if len(b) != 1 {
			tb.Errorf("reply %x without an answer", b)
		}
		return words[0]
	}
	m := new(dns.Msg)
	ok(tb, m.Unpack(b[1:]))
	if m.Rcode != 0 {
		words = append(words, dns.RcodeToString[m.Rcode])
	}
	for _, rr := range append(m.Answer, m.Ns...) {
		words = append(words, fmt.Sprint(rr.Header().Ttl))
	}
	return strings.Join(words, " ")
}

// all is a Keep without bounds.
var all cache.Keep

const (
	ms = time.Millisecond
	s  = time.Second
)
