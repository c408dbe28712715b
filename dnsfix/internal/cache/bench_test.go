package cache_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/cache"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// hot returns what a server does with a datagram between two system calls: parse the
// question, look up, patch.
func hot(tb testing.TB) map[string]func() {
	tb.Helper()
	c := cache.New(cache.Config{Rotate: true})
	const names = 1024
	var datagrams [names][]byte
	pack := func(name string, typ uint16, edns bool) []byte {
		m := new(dns.Msg)
		m.SetQuestion(name, typ)
		if edns {
			m.SetEdns0(1232, false)
		}
		b, err := m.Pack()
		ok(tb, err)
		return b
	}
	for i := range names {
		name := fmt.Sprintf("www%d.example.com.", i)
		c.Store(query(tb, name+" A"), address(tb, name, 3600), all, 0)
		datagrams[i] = pack(name, dns.TypeA, false)
	}
	var forty []string
	for i := range 40 {
		forty = append(forty, fmt.Sprintf("forty.example.com. 60 IN A 10.0.0.%d", i))
	}
	c.Store(query(tb, "forty.example.com. A"), answer(tb, "forty.example.com. A", 0, forty...), all, 0)
	c.Store(query(tb, "absent.example.com. A"), noName(tb, "absent.example.com. A"), all, 0)
	dst, now := make([]byte, 0, wire.MaxUDP), time.Second
	var q wire.Query
	serve := func(datagram []byte, want cache.State) {
		v := q.Parse(datagram)
		var state cache.State
		if dst, state = c.Lookup(dst[:0], &q, now); v != wire.Ask || state != want {
			tb.Fatalf("verdict %d, state %d", v, state)
		}
	}
	i := 0
	cases := map[string]func(){"hit of 1024": func() { i++; serve(datagrams[i%names], cache.Hit) }}
	for name, tc := range map[string]struct {
		datagram []byte
		want     cache.State
	}{
		"hit":       {datagrams[0], cache.Hit},
		"hit OPT":   {pack("www1.example.com.", dns.TypeA, true), cache.Hit},
		"miss":      {pack("unknown.example.com.", dns.TypeA, false), cache.Miss},
		"miss AAAA": {pack("www1.example.com.", dns.TypeAAAA, false), cache.Miss},
		"absent":    {pack("absent.example.com.", dns.TypeA, false), cache.Hit},
		"truncated": {pack("forty.example.com.", dns.TypeA, false), cache.Hit},
		"forty":     {pack("forty.example.com.", dns.TypeA, true), cache.Hit},
	} {
		cases[name] = func() { serve(tc.datagram, tc.want) }
	}
	return cases
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	for name, f := range hot(t) {
		if n := testing.AllocsPerRun(100, f); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkServe(b *testing.B) {
	for name, f := range hot(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
}

func BenchmarkStore(b *testing.B) {
	c := cache.New(cache.Config{Entries: 4096})
	const names = 10000
	var queries [names]*wire.Query
	var answers [names]*wire.Answer
	for i := range names {
		name := fmt.Sprintf("www%d.example.com.", i)
		queries[i], answers[i] = query(b, name+" A"), address(b, name, 3600)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Store(queries[i%names], answers[i%names], all, 0)
	}
}
