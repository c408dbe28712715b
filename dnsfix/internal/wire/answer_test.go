package wire_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

const soa = "example.com. 300 IN SOA ns.example.com. root.example.com. 1 2 3 4 60"

func TestParseAnswer(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		question string
		rcode    int
		records  []string
		edit     func(*dns.Msg)
		want     wire.Answer // Stored apart
		kept     []string
	}{
		{
			"an address", "www.example.com. A", 0,
			[]string{"www.example.com. 60 IN A 10.0.0.1"},
			nil,
			wire.Answer{Kind: wire.Positive, TTL: 60},
			[]string{"www.example.com. 60 IN A 10.0.0.1"},
		},
		{
			"the smallest TTL", "a. A", 0,
			[]string{"a. 60 IN A 10.0.0.1", "a. 30 IN A 10.0.0.2", "a. 90 IN A 10.0.0.3"},
			nil,
			wire.Answer{Kind: wire.Positive, TTL: 30},
			[]string{"a. 60 IN A 10.0.0.1", "a. 30 IN A 10.0.0.2", "a. 90 IN A 10.0.0.3"},
		},
		{
			"a negative TTL", "a. A", 0,
			[]string{"a. 2147483649 IN A 10.0.0.1"},
			nil,
			wire.Answer{Kind: wire.Positive},
			[]string{"a. 0 IN A 10.0.0.1"},
		},
		{
			"a chain, the other way round", "a. A", 0,
			[]string{"c. 10 IN A 10.0.0.1", "b. 20 IN CNAME c.", "a. 30 IN CNAME b."},
			nil,
			wire.Answer{Kind: wire.Positive, TTL: 10, Aliases: 2},
			[]string{"a. 30 IN CNAME b.", "b. 20 IN CNAME c.", "c. 10 IN A 10.0.0.1"},
		},
		{
			"names in another case", "a.example. A", 0,
			[]string{"A.EXAMPLE. 30 IN CNAME B.Example.", "b.eXample. 10 IN A 10.0.0.1"},
			nil,
			wire.Answer{Kind: wire.Positive, TTL: 10, Aliases: 1},
			[]string{"a.example. 30 IN CNAME B.Example.", "B.Example. 10 IN A 10.0.0.1"},
		},
		{
			"foreign owners", "a. A", 0,
			[]string{
				"bank. 1 IN A 6.6.6.6", "a. 60 IN A 10.0.0.1", "b. 1 IN CNAME bank.", "xa. 1 IN A 6.6.6.6", "a.a. 1 IN A 6.6.6.6",
				"authority", "bank. 1 IN NS ns.bank.", soa, "additional", "ns.bank. 1 IN A 6.6.6.6",
			},
			nil,
			wire.Answer{Kind: wire.Positive, TTL: 60},
			[]string{"a. 60 IN A 10.0.0.1"},
		},
		{
			"other types and classes", "a. A", 0,
			[]string{"a. 1 IN AAAA ::1", "a. 1 CH A 10.0.0.9", "a. 60 IN A 10.0.0.1", "a. 1 IN RRSIG A 5 1 1 20300101000000 20200101000000 1 a. YQ=="},
			nil,
			wire.Answer{Kind: wire.Positive, TTL: 60},
			[]string{"a. 60 IN A 10.0.0.1"},
		},
		{
			"only foreign owners", "a. A", 0,
			[]string{"b. 60 IN A 6.6.6.6"},
			nil,
			wire.Answer{Kind: wire.NoData},
			nil,
		},
		{
			"no data", "www.example.com. AAAA", 0,
			[]string{"authority", soa},
			nil,
			wire.Answer{Kind: wire.NoData, TTL: 60, SOA: true},
			[]string{"authority", strings.Replace(soa, "300", "60", 1)},
		},
		{
			"no such name, the SOA's TTL is smaller than its MINIMUM", "x.example.com. A", 3,
			[]string{"authority", strings.Replace(soa, "300", "7", 1)},
			nil,
			wire.Answer{Kind: wire.NXDomain, Rcode: 3, TTL: 7, SOA: true},
			[]string{"authority", strings.Replace(soa, "300", "7", 1)},
		},
		{
			"no data, as Docker says it", "a. AAAA", 0, nil, nil,
			wire.Answer{Kind: wire.NoData},
			nil,
		},
		{
			"the SOA of another zone", "a.example.org. A", 3,
			[]string{"authority", soa},
			nil,
			wire.Answer{Kind: wire.NXDomain, Rcode: 3},
			nil,
		},
		{
			"no such name at the end of a chain", "a.test. A", 3,
			[]string{"a.test. 5 IN CNAME b.example.com.", "authority", soa},
			nil,
			wire.Answer{Kind: wire.NXDomain, Rcode: 3, TTL: 5, SOA: true, Aliases: 1},
			[]string{"a.test. 5 IN CNAME b.example.com.", "authority", strings.Replace(soa, "300", "60", 1)},
		},
		{
			"no data at the end of a chain", "a.test. AAAA", 0,
			[]string{"a.test. 5 IN CNAME b.example.com."},
			nil,
			wire.Answer{Kind: wire.NoData, TTL: 5, Aliases: 1},
			[]string{"a.test. 5 IN CNAME b.example.com."},
		},
		{
			"no such name, and yet an address", "a. A", 3,
			[]string{"a. 5 IN A 10.0.0.1"},
			nil,
			wire.Answer{Kind: wire.NXDomain, Rcode: 3},
			nil,
		},
		{
			"the CNAME itself", "a. CNAME", 0,
			[]string{"a. 5 IN CNAME b.", "b. 5 IN CNAME c."},
			nil,
			wire.Answer{Kind: wire.Positive, TTL: 5},
			[]string{"a. 5 IN CNAME b."},
		},
		{
			"a DNAME", "x.a.test. A", 0,
			[]string{"a.test. 50 IN DNAME b.test.", "x.a.test. 50 IN CNAME x.b.test.", "x.b.test. 5 IN A 10.0.0.1", "c.test. 1 IN DNAME d.test."},
			nil,
			wire.Answer{Kind: wire.Positive, TTL: 5, Aliases: 1},
			[]string{"a.test. 50 IN DNAME b.test.", "x.a.test. 50 IN CNAME x.b.test.", "x.b.test. 5 IN A 10.0.0.1"},
		},
		{
			"signatures, where they are asked for", "a. A", 0,
			[]string{
				"a. 9 IN CNAME b.", "a. 9 IN RRSIG CNAME 5 1 1 20300101000000 20200101000000 1 a. YQ==", "b. 8 IN A 10.0.0.1",
				"b. 8 IN RRSIG A 5 1 1 20300101000000 20200101000000 1 b. YQ==", "b. 8 IN RRSIG MX 5 1 1 20300101000000 20200101000000 1 b. YQ==",
				"authority", "b. 7 IN NSEC c. A NSEC", "b. 7 IN NS ns.b.",
			},
			edns(1232, true),
			wire.Answer{Kind: wire.Positive, TTL: 7, Aliases: 1, EDNS: true},
			[]string{
				"a. 9 IN CNAME b.", "a. 9 IN RRSIG CNAME 5 1 1 20300101000000 20200101000000 1 a. YQ==", "b. 8 IN A 10.0.0.1",
				"b. 8 IN RRSIG A 5 1 1 20300101000000 20200101000000 1 b. YQ==", "authority", "b. 7 IN NSEC c. A NSEC",
			},
		},
		{
			"cut", "a. A", 0,
			[]string{"a. 5 IN A 10.0.0.1"},
			func(m *dns.Msg) { m.Truncated = true },
			wire.Answer{Kind: wire.Positive, TTL: 5, Truncated: true},
			[]string{"a. 5 IN A 10.0.0.1"},
		},
		{"SERVFAIL", "a. A", 2, nil, edns(512, false), wire.Answer{Rcode: 2, EDNS: true}, nil},
		{"REFUSED", "a. A", 5, []string{"a. 5 IN A 10.0.0.1"}, nil, wire.Answer{Rcode: 5}, nil},
		{"BADVERS", "a. A", 0, nil, func(m *dns.Msg) {
			m.SetEdns0(512, false)
			m.Rcode = dns.RcodeBadVers
		}, wire.Answer{Rcode: 16, EDNS: true}, nil},
		{"FORMERR, a mere header", "a. A", 1, nil, func(m *dns.Msg) { m.Question = nil }, wire.Answer{Rcode: 1}, nil},
		{"a referral", "a.test. A", 0, []string{"authority", "test. 60 IN NS ns.test.", "additional", "ns.test. 60 IN A 10.0.0.1"}, nil, wire.Answer{}, nil},
		{"a loop", "a. A", 0, []string{"a. 5 IN CNAME b.", "b. 5 IN CNAME A.", "a. 5 IN A 10.0.0.1"}, nil, wire.Answer{}, nil},
		{"a loop of one", "a. A", 0, []string{"a. 5 IN CNAME a."}, nil, wire.Answer{}, nil},
		{"17 aliases", "n0. A", 0, chain(17), nil, wire.Answer{}, nil},
		{"16 aliases", "n0. A", 0, chain(16), nil, wire.Answer{Kind: wire.Positive, TTL: 5, Aliases: 16}, chain(16)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := reply(t, tc.question, tc.rcode, tc.records...)
			if tc.edit != nil {
				tc.edit(m)
			}
			a, err := wire.ParseAnswer(pack(t, m), asked(t, tc.question))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, a, cmpopts.IgnoreFields(wire.Answer{}, "Stored")); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			q := query(t, tc.question)
			q.Limit = wire.MaxMessage
			got := unpack(t, a.Stored.AppendReply(nil, q, wire.Patch{}))
			if diff := cmp.Diff(tc.kept, texts(got)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			want := tc.rcode
			if a.Kind == wire.Failure {
				want = dns.RcodeServerFailure
			}
			if got.Rcode != want {
				t.Errorf("reply has rcode %d, want %d", got.Rcode, want)
			}
		})
	}
}

func chain(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("n%d. 5 IN CNAME n%d.", i, i+1))
	}
	return append(out, fmt.Sprintf("n%d. 5 IN A 10.0.0.1", n))
}

func TestForeign(t *testing.T) {
	t.Parallel()
	question := "www.example.com. A"
	good := func() *dns.Msg { return reply(t, question, 0, "www.example.com. 60 IN A 10.0.0.1") }
	for _, tc := range []struct {
		name string
		edit func(*dns.Msg)
	}{
		{"another ID", func(m *dns.Msg) { m.Id++ }},
		{"a query", func(m *dns.Msg) { m.Response = false }},
		{"another opcode", func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }},
		{"another name", func(m *dns.Msg) { m.Question[0].Name = "vvw.example.com." }},
		{"a longer name", func(m *dns.Msg) { m.Question[0].Name = "www.example.com.org." }},
		{"another type", func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAAAA }},
		{"another class", func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }},
		{"two questions", func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }},
		{"no question", func(m *dns.Msg) { m.Question = nil }},
		{"no question, and no such name", func(m *dns.Msg) { m.Question, m.Rcode = nil, dns.RcodeNameError }},
	} {
		m := good()
		tc.edit(m)
		if _, err := wire.ParseAnswer(pack(t, m), asked(t, question)); !errors.Is(err, wire.ErrForeign) {
			t.Errorf("%s: error %v, want ErrForeign", tc.name, err)
		}
	}
	for _, msg := range [][]byte{nil, make([]byte, 12), make([]byte, wire.MaxMessage+1)} {
		if _, err := wire.ParseAnswer(msg, asked(t, question)); !errors.Is(err, wire.ErrForeign) {
			t.Errorf("%d bytes: error %v, want ErrForeign", len(msg), err)
		}
	}

	msg := pack(t, good())
	for _, tc := range []struct {
		question string
		exact    bool
		want     error
	}{
		{"wWw.eXample.com. A", false, nil},
		{"wWw.eXample.com. A", true, wire.ErrForeign},
		{"www.example.com. A", true, nil},
	} {
		asked := asked(t, tc.question)
		asked.Exact = tc.exact
		if _, err := wire.ParseAnswer(msg, asked); !errors.Is(err, tc.want) {
			t.Errorf("asked for %s, exactly %v: error %v, want %v", tc.question, tc.exact, err, tc.want)
		}
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	header := []byte{0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}
	question := []byte{1, 'a', 0, 0, 1, 0, 1} // 12 to 19
	record := func(typ byte, data string) []byte {
		return slices.Concat([]byte{0xC0, 12, 0, typ, 0, 1, 0, 0, 0, 9, 0, byte(len(data))}, []byte(data)) // data at 31
	}
	msg := func(records ...[]byte) []byte {
		return slices.Concat(header, question, slices.Concat(records...))
	}
	address := record(1, "\x0a\x00\x00\x01")
	for _, tc := range []struct {
		name string
		typ  byte
		msg  []byte
		bad  bool
	}{
		{"good", 1, msg(address), false},
		{"bytes behind", 1, msg(address, []byte{1, 2, 3}), false},
		{"a record that is missing", 1, msg(), true},
		{"a record cut off", 1, msg(address[:15]), true},
		{"an owner that points to itself", 1, msg([]byte{0xC0, 19}, address[2:]), false}, // is nobody's
		{"an owner that is no name", 1, msg([]byte{0x80, 19}, address[2:]), true},
		{"an A record of 3 bytes", 1, msg(record(1, "\x0a\x00\x00")), true},
		{"an A record of 5 bytes", 1, msg(record(1, "\x0a\x00\x00\x01\x01")), true},
		{"an AAAA record of 4 bytes", 28, msg(record(28, "\x0a\x00\x00\x01")), true},
		{"PTR", 12, msg(record(12, "\x01b\xC0\x0C")), false},
		{"PTR to itself", 12, msg(record(12, "\x01b\xC0\x1F")), true},
		{"PTR forward", 12, msg(record(12, "\xC0\x21\x01b\x00")), true},
		{"PTR into the header", 12, msg(record(12, "\xC0\x00")), true},
		{"PTR beyond its data", 12, msg(record(12, "\x05b")), true},
		{"PTR with half a pointer", 12, msg(record(12, "\xC0")), true},
		{"PTR without data", 12, msg(record(12, "")), true},
		{"PTR with bytes behind", 12, msg(record(12, "\x01b\x00x")), true},
		{"MX", 15, msg(record(15, "\x00\x05\xC0\x0C")), false},
		{"MX without name", 15, msg(record(15, "\x00\x05")), true},
		{"MX with half a preference", 15, msg(record(15, "\x00")), true},
		{"SRV, compressed", 33, msg(record(33, "\x00\x01\x00\x02\x00\x50\x01w\xC0\x0C")), false},
		{"SOA too short", 6, msg(record(6, "\xC0\x0C\xC0\x0C1234")), true},
		{"NAPTR", 35, msg(record(35, "\x00\x01\x00\x02\x01s\x00\x02ab\xC0\x0C")), false},
		{"NAPTR without strings", 35, msg(record(35, "\x00\x01\x00\x02")), true},
		{"NAPTR whose string is too long", 35, msg(record(35, "\x00\x01\x00\x02\x01s\x00\xffab\xC0\x0C")), true},
		{"TXT", 16, msg(record(16, "\x03abc")), false},
		{"a type of the future", 200, msg(record(200, "\xC0\x1F")), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.msg[16] = tc.typ
			asked := wire.Asked{ID: 0x1234, Question: tc.msg[12:19]}
			_, err := wire.ParseAnswer(tc.msg, asked)
			if errors.Is(err, wire.ErrMalformed) != tc.bad || err != nil && !tc.bad {
				t.Errorf("error %v, malformed %v", err, tc.bad)
			}
		})
	}
	cut := msg(address[:15])
	cut[2] |= 2 // TC
	a, err := wire.ParseAnswer(cut, wire.Asked{ID: 0x1234, Question: question})
	if err != nil || !a.Truncated || a.Kind != wire.NoData {
		t.Errorf("cut with TC: %+v, error %v", a, err)
	}
}

// A proof whose owner is no name spoils the answer, whatever its data.
func TestMalformedProof(t *testing.T) {
	t.Parallel()
	m := reply(t, "a. A", 0, "a. 9 IN A 10.0.0.1", "authority", "b. 7 IN NSEC3 1 0 1 ab 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A")
	m.SetEdns0(1232, true)
	msg := pack(t, m)
	if _, err := wire.ParseAnswer(msg, asked(t, "a. A")); err != nil {
		t.Fatal(err)
	}
	owner := 12 + 7 + 16 // "b.", 3 bytes
	msg = slices.Concat(msg[:owner], []byte{0xC0, byte(owner)}, msg[owner+3:])
	if a, err := wire.ParseAnswer(msg, asked(t, "a. A")); !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("answer %+v, error %v", a, err)
	}
}

// An upstream that leads in circles with long chains of pointers costs little.
func TestPointerChains(t *testing.T) {
	t.Parallel()
	msg := []byte{0x12, 0x34, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 16, 0, 1}
	question := msg[12:19:19]
	// A TXT record full of pointers, each to the one before.
	msg = append(msg, 0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 9, 0x3F, 0x00)
	for last := 12; len(msg) < 0x3F00; last = len(msg) - 2 {
		msg = append(msg, 0xC0|byte(last>>8), byte(last))
	}
	last := len(msg) - 2
	for len(msg) < 31+0x3F00 {
		msg = append(msg, 0)
	}
	count := 1
	for ; len(msg) < wire.MaxMessage-30; count++ {
		msg = append(msg, 0xC0|byte(last>>8), byte(last), 0, 16, 0, 1, 0, 0, 0, 9, 0, 1, 0)
	}
	msg[6], msg[7] = byte(count>>8), byte(count)
	a, err := wire.ParseAnswer(msg, wire.Asked{ID: 0x1234, Question: question})
	if err != nil || a.Kind != wire.Positive || len(a.Stored.TTLs) != 1 {
		t.Errorf("kind %d, %d of %d records, error %v", a.Kind, len(a.Stored.TTLs), count, err)
	}
}

func TestNoName(t *testing.T) {
	t.Parallel()
	a, err := wire.ParseAnswer(pack(t, reply(t, "x.example.com. AAAA", 3, "authority", soa)), asked(t, "x.example.com. AAAA"))
	ok(t, err)
	a.NoName()
	m := unpack(t, a.Stored.AppendReply(nil, query(t, "x.example.com. AAAA"), wire.Patch{}))
	if a.Kind != wire.NoData || a.Rcode != 0 || m.Rcode != 0 || len(m.Ns) != 1 {
		t.Errorf("answer %+v, reply\n%v", a, m)
	}
	f := wire.Fail(asked(t, "x. A").Question)
	f.NoName()
	if f.Kind != wire.Failure || f.Rcode != wire.RcodeServFail {
		t.Errorf("failure became %+v", f)
	}
}

func TestFail(t *testing.T) {
	t.Parallel()
	q := query(t, "X.Example.com. AAAA")
	a := wire.Fail(q.Question)
	want := new(dns.Msg)
	want.SetRcode(unpack(t, ask(t, "X.Example.com. AAAA")), dns.RcodeServerFailure)
	want.RecursionAvailable = true
	sameMessage(t, want, a.Stored.AppendReply(nil, q, wire.Patch{}))
	if f := wire.Fail(nil); len(f.Stored.Msg) != 12 {
		t.Errorf("without question: %x", f.Stored.Msg)
	}
}

func TestAlias(t *testing.T) {
	t.Parallel()
	const long = "web.ok.test. A"
	for _, tc := range []struct {
		name    string
		rcode   int
		records []string
		want    []string
		aliases uint8
	}{
		{
			"addresses", 0,
			[]string{"web.ok.test. 60 IN A 10.0.0.1", "web.ok.test. 50 IN A 10.0.0.2"},
			[]string{"Web. 50 IN CNAME web.ok.test.", "web.ok.test. 60 IN A 10.0.0.1", "web.ok.test. 50 IN A 10.0.0.2"},
			1,
		},
		{
			"a chain", 0,
			[]string{"web.ok.test. 60 IN CNAME x.test.", "x.test. 50 IN A 10.0.0.2"},
			[]string{"Web. 50 IN CNAME web.ok.test.", "web.ok.test. 60 IN CNAME x.test.", "x.test. 50 IN A 10.0.0.2"},
			2,
		},
		{
			"no data", 0,
			[]string{"authority", "ok.test. 20 IN SOA a. b. 1 2 3 4 5"},
			[]string{"Web. 5 IN CNAME web.ok.test.", "authority", "ok.test. 5 IN SOA a. b. 1 2 3 4 5"},
			1,
		},
		{"failure", 2, nil, nil, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a, err := wire.ParseAnswer(pack(t, reply(t, long, tc.rcode, tc.records...)), asked(t, long))
			ok(t, err)
			q := query(t, "Web. A")
			alias, err := a.Alias(q.Question)
			ok(t, err)
			m := unpack(t, alias.Stored.AppendReply(nil, q, wire.Patch{}))
			if diff := cmp.Diff(tc.want, texts(m)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if alias.Aliases != tc.aliases || alias.TTL != a.TTL || alias.Kind != a.Kind || m.Rcode != tc.rcode {
				t.Errorf("alias %+v of %+v", alias, a)
			}
			// What Alias makes is an answer like any other.
			again, err := wire.ParseAnswer(alias.Stored.AppendReply(nil, q, wire.Patch{}), wire.Asked{ID: q.ID, Question: q.Question})
			ok(t, err)
			again.Rcode, again.SOA, alias.Rcode, alias.SOA = 0, false, 0, false
			if diff := cmp.Diff(alias, again, cmp.AllowUnexported(wire.Stored{})); diff != "" {
				t.Errorf("read again (-want +got):\n%s", diff)
			}
			same, err := a.Alias(query(t, "WEB.ok.test. A").Question)
			ok(t, err)
			if diff := cmp.Diff(a, same, cmp.AllowUnexported(wire.Stored{}), cmpopts.IgnoreFields(wire.Answer{}, "Rcode", "EDNS")); diff != "" {
				t.Errorf("alias of itself (-want +got):\n%s", diff)
			}
			if _, err := a.Alias(query(t, "web. AAAA").Question); tc.rcode == 0 && !errors.Is(err, wire.ErrForeign) {
				t.Errorf("alias of another type: error %v", err)
			}
		})
	}
}
