package wire_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

func name(tb testing.TB, text string) []byte {
	tb.Helper()
	b, err := wire.AppendName(nil, text)
	ok(tb, err)
	return b
}

func TestBuilder(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(strings.Repeat("n", 62)+".", 3)
	for _, tc := range []struct {
		name     string
		question string
		build    func(b *wire.Builder)
		want     []string
	}{
		{"nothing", "a. A", func(*wire.Builder) {}, nil},
		{
			"addresses", "Web.test. A", func(b *wire.Builder) {
				for _, a := range []string{"10.0.0.1", "::1", "::ffff:10.0.0.2"} {
					b.Address(5, netip.MustParseAddr(a))
				}
			},
			[]string{"Web.test. 5 IN A 10.0.0.1", "Web.test. 5 IN A 10.0.0.2"},
		},
		{
			"IPv6 addresses", "Web.test. AAAA", func(b *wire.Builder) {
				for _, a := range []string{"10.0.0.1", "fe80::1%eth0", "::ffff:10.0.0.2"} {
					b.Address(5, netip.MustParseAddr(a))
				}
			},
			[]string{"Web.test. 5 IN AAAA fe80::1"},
		},
		{
			"no address", "a. MX", func(b *wire.Builder) {
				if b.Address(5, netip.MustParseAddr("10.0.0.1")) || b.Address(5, netip.Addr{}) {
					b.TXT(0, "taken")
				}
			},
			nil,
		},
		{
			"aliases", "web. A", func(b *wire.Builder) {
				b.CNAME(7, name(t, "web.ok.test"))
				b.CNAME(8, name(t, long+"x"))
				b.CNAME(8, name(t, long+"y"))
				b.CNAME(8, name(t, long+"z"))
				b.Address(9, netip.MustParseAddr("10.0.0.1"))
			},
			[]string{
				"web. 7 IN CNAME web.ok.test.", "web.ok.test. 8 IN CNAME " + long + "x.", long + "x. 8 IN CNAME " + long + "y.",
				long + "y. 8 IN CNAME " + long + "z.", long + "z. 9 IN A 10.0.0.1",
			},
		},
		{
			"PTR", "1.0.0.10.in-addr.arpa. PTR", func(b *wire.Builder) { b.PTR(5, name(t, "web.test")) },
			[]string{"1.0.0.10.in-addr.arpa. 5 IN PTR web.test."},
		},
		{
			"TXT", "a. TXT", func(b *wire.Builder) {
				b.TXT(5, "hello")
				b.TXT(5, "")
				b.TXT(5, strings.Repeat("x", 255))
				b.TXT(5, strings.Repeat("x", 256))
				b.TXT(5, strings.Repeat("x", 511))
			},
			[]string{
				`a. 5 IN TXT "hello"`, `a. 5 IN TXT ""`, `a. 5 IN TXT "` + strings.Repeat("x", 255) + `"`,
				`a. 5 IN TXT "` + strings.Repeat("x", 255) + `" "x"`,
				`a. 5 IN TXT "` + strings.Repeat("x", 255) + `" "` + strings.Repeat("x", 255) + `" "x"`,
			},
		},
		{
			"any record", "a. SRV", func(b *wire.Builder) {
				b.Record(wire.TypeSRV, 5, slices.Concat([]byte{0, 1, 0, 2, 0, 80}, name(t, "web.test")))
			},
			[]string{"a. 5 IN SRV 1 2 80 web.test."},
		},
		{
			"SOA", "a.b. A", func(b *wire.Builder) {
				b.CNAME(1, name(t, "x"))
				b.SOA(5)
			},
			[]string{"a.b. 1 IN CNAME x.", "authority", "a.b. 5 IN SOA localhost. nobody.invalid. 1 3600 1200 604800 5"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			q := query(t, tc.question, edns(1232, true))
			q.Limit = wire.MaxMessage
			b := wire.Begin([]byte("prefix"), q, wire.RcodeSuccess)
			b.Local()
			tc.build(&b)
			m := unpack(t, b.End()[len("prefix"):])
			opt := m.IsEdns0()
			if opt == nil || !opt.Do() {
				t.Fatalf("OPT %v", opt)
			}
			m.Extra = nil
			if diff := cmp.Diff(tc.want, texts(m)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if !m.Response || !m.Authoritative || !m.RecursionAvailable || m.Truncated || m.Rcode != 0 || m.Id != 0x1234 {
				t.Errorf("header %+v", m.MsgHdr)
			}
		})
	}
}

// More than a message holds is left out, and said.
func TestBuilderFull(t *testing.T) {
	t.Parallel()
	q := query(t, "a. A", edns(1232, false))
	for _, limit := range []int{512, wire.MaxUDP, wire.MaxMessage} {
		q.Limit = limit
		b := wire.Begin(nil, q, wire.RcodeSuccess)
		for range 5000 {
			b.Address(1, netip.MustParseAddr("10.0.0.1"))
		}
		b.TXT(1, strings.Repeat("x", 70000))
		b.SOA(1)
		got := b.End()
		m := unpack(t, got)
		if len(got) > limit || len(got) < limit-27 || !m.Truncated || len(m.Answer) != (limit-12-7-11)/16 || m.IsEdns0() == nil {
			t.Errorf("limit %d: %d bytes, %d answers, TC %v", limit, len(got), len(m.Answer), m.Truncated)
		}
	}
	b := wire.Begin(nil, &wire.Query{Limit: 512}, wire.RcodeFormErr)
	b.TXT(1, "no question, no answer")
	if got := b.End(); len(got) != 12 {
		t.Errorf("%x", got)
	}
}

func TestAppendSpecial(t *testing.T) {
	t.Parallel()
	chaos := func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }
	for _, tc := range []struct {
		q     *wire.Query
		rcode int
		want  []string
		is    bool
	}{
		{query(t, "version.bind. TXT", chaos), dns.RcodeRefused, nil, true},
		{query(t, "a. ANY"), 0, []string{`a. 3600 IN HINFO "RFC8482" ""`}, true},
		{query(t, "a. AXFR"), dns.RcodeNotImplemented, nil, true},
		{query(t, "a. IXFR"), dns.RcodeNotImplemented, nil, true},
		{query(t, "a. OPT"), dns.RcodeNotImplemented, nil, true},
		{query(t, "a. A"), 0, nil, false},
		{query(t, "a. URI"), 0, nil, false},
		{query(t, "a. NSEC3PARAM"), 0, nil, false},
	} {
		got, is := wire.AppendSpecial([]byte("x"), tc.q)
		if is != tc.is {
			t.Errorf("%q is special: %v", tc.q.Question, is)
		}
		if !is {
			if len(got) != 1 {
				t.Errorf("%q: %x", tc.q.Question, got)
			}
			continue
		}
		m := unpack(t, got[1:])
		if diff := cmp.Diff(tc.want, texts(m)); diff != "" || m.Rcode != tc.rcode {
			t.Errorf("rcode %d, want %d, records (-want +got):\n%s", m.Rcode, tc.rcode, diff)
		}
	}
}
