package wire_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// Whatever a client sends, it gets a reply to its own question within its limit, or
// none.
func FuzzParseQuery(f *testing.F) {
	f.Add(ask(f, "www.example.com. A"))
	f.Add(ask(f, "a. ANY", edns(1232, true)))
	f.Add(ask(f, ". NS")[:12])
	f.Add([]byte{0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 12, 0, 1, 0, 1})
	f.Fuzz(func(t *testing.T, msg []byte) {
		before := bytes.Clone(msg)
		q, v := wire.ParseQuery(msg)
		if v == wire.Drop {
			return
		}
		got, special := wire.AppendSpecial(nil, &q)
		if v != wire.Ask || !special {
			got = wire.AppendReply(nil, &q, v.Rcode())
		}
		if !bytes.Equal(msg, before) || len(q.AppendKey(nil)) > wire.MaxKey || q.Limit < wire.MinUDP || q.Limit > wire.MaxUDP {
			t.Errorf("query %+v", q)
		}
		m := unpack(t, got)
		if len(got) > q.Limit || m.Id != uint16(msg[0])<<8|uint16(msg[1]) || !m.Response || v != wire.Ask && m.Rcode != int(v.Rcode()) {
			t.Errorf("reply of %d bytes to %x, verdict %d:\n%v", len(got), msg, v, m)
		}
		if v == wire.Ask && !bytes.Equal(got[12:12+len(q.Question)], q.Question) {
			t.Errorf("reply %x to %x", got, q.Question)
		}
		theirs := new(dns.Msg)
		if v == wire.Ask && theirs.Unpack(msg) == nil && (len(theirs.Question) != 1 || theirs.Question[0].Qtype != q.Type || dns.CountLabel(theirs.Question[0].Name) != int(q.Labels)) {
			t.Errorf("query %+v of\n%v", q, theirs)
		}
	})
}

// Whatever an upstream sends: what is made of it answers the question, is well formed,
// within the client's limit, and means the same when it is read again.
func FuzzParseAnswer(f *testing.F) {
	const question = "www.example.com. A"
	for _, m := range []*dns.Msg{
		reply(f, question, 0, addresses("www.example.com.", 40)...),
		reply(f, question, 0, "www.example.com. 5 IN CNAME b.", "b. 5 IN A 10.0.0.1"),
		reply(f, question, 3, "authority", soa),
		reply(f, question, 0, "www.example.com. 5 IN RRSIG A 5 1 1 20300101000000 20200101000000 1 a. YQ==", "authority", "b. 7 IN NSEC c. A NSEC").SetEdns0(512, true),
		reply(f, question, 2),
	} {
		f.Add(pack(f, m), uint16(1))
	}
	for i, text := range []string{"MX 1 b.", "SRV 1 2 3 b.", `NAPTR 1 2 "s" "" "x" b.`, "SOA a. b. 1 2 3 4 5", "HTTPS 1 . alpn=h2", "TXT a b", "RP a. b."} {
		typ := []uint16{15, 33, 35, 6, 65, 16, 17}[i]
		m := reply(f, question, 0, "www.example.com. 5 IN "+text)
		m.Question[0].Qtype = typ
		f.Add(pack(f, m), typ)
	}
	f.Fuzz(func(t *testing.T, msg []byte, typ uint16) {
		q := query(t, question)
		q.Question[len(q.Question)-4], q.Question[len(q.Question)-3], q.Type = byte(typ>>8), byte(typ), typ
		asked := wire.Asked{ID: q.ID, Question: q.Question}
		before := bytes.Clone(msg)
		a, err := wire.ParseAnswer(msg, asked)
		if !bytes.Equal(msg, before) {
			t.Fatal("the message has changed")
		}
		if err != nil {
			if !errors.Is(err, wire.ErrForeign) && !errors.Is(err, wire.ErrMalformed) {
				t.Error(err)
			}
			return
		}
		checkReply(t, &a, q)
		q.Limit = wire.MaxMessage
		full := a.Stored.AppendReply(nil, q, wire.Patch{})
		again, err := wire.ParseAnswer(full, asked)
		if err != nil || again.Kind != a.Kind || again.Aliases != a.Aliases || again.SOA != a.SOA {
			t.Errorf("%+v became %+v, error %v", a, again, err)
		}
		short := query(t, "www. A")
		short.Question[len(short.Question)-4], short.Question[len(short.Question)-3] = byte(typ>>8), byte(typ)
		if alias, err := a.Alias(short.Question); err == nil && alias.Kind != a.Kind {
			t.Errorf("alias %+v of %+v", alias, a)
		}
	})
}

// checkReply checks the reply of at most 512 bytes.
func checkReply(t *testing.T, a *wire.Answer, q *wire.Query) {
	t.Helper()
	got := a.Stored.AppendReply(nil, q, wire.Patch{Age: 1, Turn: 1})
	if len(got) > wire.MinUDP || !bytes.Equal(got[12:12+len(q.Question)], q.Question) {
		t.Fatalf("reply %x", got)
	}
	// Records that we move as they are may be more than miekg/dns can read.
	m := new(dns.Msg)
	if m.Unpack(got) != nil {
		return
	}
	for _, rr := range m.Answer {
		if h := rr.Header(); a.Kind == wire.Positive && h.Ttl > 1<<31-1 {
			t.Errorf("TTL of %v", rr)
		}
	}
	if a.Kind == wire.Positive && !m.Truncated && len(m.Answer) == 0 {
		t.Errorf("nothing in\n%v", m)
	}
}

// Whatever the message, Truncate returns; what is left of a well-formed one is so, too,
// and within the limit.
func FuzzTruncate(f *testing.F) {
	f.Add(pack(f, reply(f, "a. A", 0, addresses("a.", 40)...)), uint16(512))
	f.Add(pack(f, reply(f, "a. A", 0, chain(10)...).SetEdns0(512, false)), uint16(100))
	f.Add(pack(f, reply(f, "a. A", 0, addresses("a.", 4)...)), uint16(0))
	f.Fuzz(func(t *testing.T, msg []byte, limit uint16) {
		if got := wire.Truncate(bytes.Clone(msg), int(limit)); len(got) > len(msg) {
			t.Errorf("%d bytes became %d", len(msg), len(got))
		}
		m := &dns.Msg{Compress: true}
		if m.Unpack(msg) != nil || len(m.Question) > 1 {
			return
		}
		// Packed by miekg/dns, which reads more than it writes, such as pointers that lead forward.
		whole, err := m.Pack()
		if err != nil || new(dns.Msg).Unpack(whole) != nil {
			return
		}
		got := wire.Truncate(bytes.Clone(whole), int(limit))
		if err := m.Unpack(got); err != nil {
			t.Errorf("%x became %x: %v", whole, got, err)
		}
		if len(got) > int(limit) && len(m.Answer)+len(m.Ns) > 0 {
			t.Errorf("%d bytes, limit %d:\n%v", len(got), limit, m)
		}
	})
}
