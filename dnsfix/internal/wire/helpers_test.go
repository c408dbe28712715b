package wire_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func pack(tb testing.TB, m *dns.Msg) []byte {
	tb.Helper()
	b, err := m.Pack()
	ok(tb, err)
	return b
}

func unpack(tb testing.TB, b []byte) *dns.Msg {
	tb.Helper()
	m := new(dns.Msg)
	if err := m.Unpack(b); err != nil {
		tb.Fatalf("miekg/dns cannot read %x: %v", b, err)
	}
	return m
}

// ask returns the datagram of a question such as "www.example.com. A", with the
// functions of edit applied.
func ask(tb testing.TB, question string, edit ...func(*dns.Msg)) []byte {
	tb.Helper()
	name, typ, _ := strings.Cut(question, " ")
	m := &dns.Msg{Question: []dns.Question{{Name: name, Qtype: dns.StringToType[typ], Qclass: dns.ClassINET}}}
	m.Id, m.RecursionDesired = 0x1234, true
	for _, f := range edit {
		f(m)
	}
	return pack(tb, m)
}

func edns(size uint16, do bool) func(*dns.Msg) {
	return func(m *dns.Msg) { m.SetEdns0(size, do) }
}

func query(tb testing.TB, question string, edit ...func(*dns.Msg)) *wire.Query {
	tb.Helper()
	q, v := wire.ParseQuery(ask(tb, question, edit...))
	if v != wire.Ask {
		tb.Fatalf("the verdict on %q is %d", question, v)
	}
	return &q
}

func asked(tb testing.TB, question string) wire.Asked {
	tb.Helper()
	return wire.Asked{ID: 0x1234, Question: query(tb, question).Question}
}

// reply returns what an upstream says to question: records in zone file format, those
// of the authority section behind an element "authority".
func reply(tb testing.TB, question string, rcode int, records ...string) *dns.Msg {
	tb.Helper()
	m := new(dns.Msg)
	m.SetRcode(unpack(tb, ask(tb, question)), rcode)
	m.RecursionAvailable, m.Compress = true, true
	section := &m.Answer
	for _, text := range records {
		switch text {
		case "authority":
			section = &m.Ns
			continue
		case "additional":
			section = &m.Extra
			continue
		}
		rr, err := dns.NewRR(text)
		ok(tb, err)
		*section = append(*section, rr)
	}
	return m
}

// texts returns records as reply takes them.
func texts(m *dns.Msg) []string {
	var out []string
	add := func(section string, records []dns.RR) {
		if section != "" && len(records) > 0 {
			out = append(out, section)
		}
		for _, rr := range records {
			out = append(out, strings.Join(strings.Fields(rr.String()), " "))
		}
	}
	add("", m.Answer)
	add("authority", m.Ns)
	add("additional", m.Extra)
	return out
}

// addresses returns n A records of name.
func addresses(name string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("%s 60 IN A 10.0.%d.%d", name, i/256, i%256))
	}
	return out
}

// sameMessage compares what miekg/dns reads in got with want, but for the compression.
func sameMessage(tb testing.TB, want *dns.Msg, got []byte) {
	tb.Helper()
	m := unpack(tb, got)
	if diff := cmp.Diff(want.String(), m.String()); diff != "" {
		tb.Errorf("message (-want +got):\n%s", diff)
	}
	want, m.Compress = want.Copy(), false
	want.Compress = false
	if w, g := pack(tb, want), pack(tb, m); !bytes.Equal(w, g) {
		tb.Errorf("message without pointers\n%x, want\n%x", g, w)
	}
}
