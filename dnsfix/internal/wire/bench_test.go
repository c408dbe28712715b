package wire_test

import (
	"net/netip"
	"testing"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// hot is what a query costs beside system calls and the look-up.
func hot(tb testing.TB) map[string]func() {
	tb.Helper()
	plain, withOPT := ask(tb, "www.example.com. A"), ask(tb, "www.example.com. A", edns(1232, true))
	one := store(tb, "www.example.com. A", addresses("www.example.com.", 1)...)
	many := store(tb, "www.example.com. A", addresses("www.example.com.", 40)...)
	dst := make([]byte, 0, wire.MaxUDP)
	key := make([]byte, 0, wire.MaxKey)
	addr := netip.MustParseAddr("10.0.0.1")
	target := name(tb, "web.example.com")
	return map[string]func(){
		"parse":     func() { _, _ = wire.ParseQuery(plain) },
		"parse OPT": func() { _, _ = wire.ParseQuery(withOPT) },
		"key": func() {
			q, _ := wire.ParseQuery(plain)
			key = q.AppendKey(key[:0])
		},
		"reply": func() {
			q, _ := wire.ParseQuery(plain)
			dst = one.AppendReply(dst[:0], &q, wire.Patch{Age: 1})
		},
		"reply OPT": func() {
			q, _ := wire.ParseQuery(withOPT)
			dst = one.AppendReply(dst[:0], &q, wire.Patch{Age: 1})
		},
		"reply truncated": func() {
			q, _ := wire.ParseQuery(plain)
			dst = many.AppendReply(dst[:0], &q, wire.Patch{Age: 1, Turn: 7})
		},
		"build": func() {
			q, _ := wire.ParseQuery(withOPT)
			b := wire.Begin(dst[:0], &q, wire.RcodeSuccess)
			b.CNAME(5, target)
			b.Address(5, addr)
			b.SOA(5)
			dst = b.End()
		},
		"refuse": func() {
			q, _ := wire.ParseQuery(plain)
			q.Type = wire.TypeANY
			dst, _ = wire.AppendSpecial(dst[:0], &q)
		},
	}
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	for name, f := range hot(t) {
		if n := testing.AllocsPerRun(100, f); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkHot(b *testing.B) {
	for name, f := range hot(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
}

func BenchmarkParseAnswer(b *testing.B) {
	for name, records := range map[string][]string{
		"one":   addresses("www.example.com.", 1),
		"forty": addresses("www.example.com.", 40),
		"alias": {"www.example.com. 5 IN CNAME b.example.com.", "b.example.com. 5 IN A 10.0.0.1"},
	} {
		b.Run(name, func(b *testing.B) {
			msg, asked := pack(b, reply(b, "www.example.com. A", 0, records...)), asked(b, "www.example.com. A")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := wire.ParseAnswer(msg, asked); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
