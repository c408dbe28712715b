package wire_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

func TestParseQuery(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		question string
		edit     func(*dns.Msg)
		want     wire.Query // ID and Question apart
	}{
		{
			"as musl asks", "WWW.Example.com. A", nil,
			wire.Query{Flags: wire.FlagRD, Type: 1, Class: 1, Limit: 512, Labels: 3},
		},
		{
			"the root", ". NS", func(m *dns.Msg) { m.RecursionDesired = false },
			wire.Query{Type: 2, Class: 1, Limit: 512},
		},
		{
			"EDNS", "a. AAAA", edns(1232, true),
			wire.Query{Flags: wire.FlagRD, Type: 28, Class: 1, Limit: 1232, UDPSize: 1232, Labels: 1, EDNS: true, DO: true},
		},
		{
			"EDNS, large", "a. AAAA", edns(4096, false),
			wire.Query{Flags: wire.FlagRD, Type: 28, Class: 1, Limit: 1232, UDPSize: 4096, Labels: 1, EDNS: true},
		},
		{
			"EDNS, small", "a. AAAA", edns(100, false),
			wire.Query{Flags: wire.FlagRD, Type: 28, Class: 1, Limit: 512, UDPSize: 100, Labels: 1, EDNS: true},
		},
		{
			"flags", "a. A", func(m *dns.Msg) { m.CheckingDisabled, m.AuthenticatedData = true, true },
			wire.Query{Flags: wire.FlagRD | wire.FlagCD | wire.FlagAD, Type: 1, Class: 1, Limit: 512, Labels: 1},
		},
		{
			"CHAOS", "version.bind. TXT", func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS },
			wire.Query{Flags: wire.FlagRD, Type: 16, Class: 3, Limit: 512, Labels: 2},
		},
		{
			"a cookie", "a. A", func(m *dns.Msg) {
				m.SetEdns0(1232, false)
				m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0102030405060708"}}
			},
			wire.Query{
				Flags: wire.FlagRD, Type: 1, Class: 1, Limit: 1232, UDPSize: 1232, Labels: 1, EDNS: true,
				Options: []byte{0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8},
			},
		},
		{
			"signed with TSIG", "a. A", func(m *dns.Msg) {
				m.SetEdns0(1232, false)
				m.Extra = append(m.Extra, &dns.TSIG{
					Hdr: dns.RR_Header{Name: "key.", Rrtype: dns.TypeTSIG, Class: dns.ClassANY}, Algorithm: dns.HmacSHA256, OrigId: 1,
				})
			},
			wire.Query{Flags: wire.FlagRD, Type: 1, Class: 1, Limit: 1232, UDPSize: 1232, Labels: 1, EDNS: true},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var edit []func(*dns.Msg)
			if tc.edit != nil {
				edit = append(edit, tc.edit)
			}
			msg := ask(t, tc.question, edit...)
			q, v := wire.ParseQuery(msg)
			if v != wire.Ask {
				t.Fatalf("verdict %d", v)
			}
			tc.want.ID = 0x1234
			end := 12 + len(q.Question)
			if !bytes.Equal(q.Question, msg[12:end]) || end < 17 || !bytes.Equal(q.Name(), msg[12:end-4]) {
				t.Errorf("question %x of %x", q.Question, msg)
			}
			q.Question = nil
			if diff := cmp.Diff(tc.want, q, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("query (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	plain := ask(t, "www.example.com. A")
	withOPT := ask(t, "www.example.com. A", edns(1232, false))
	set := func(msg []byte, off int, to ...byte) []byte {
		msg = slices.Clone(msg)
		copy(msg[off:], to)
		return msg
	}
	long := func(labels int) []byte { // 2 bytes each, and the root
		return slices.Concat(plain[:12], bytes.Repeat([]byte("\x01a"), labels), []byte{0, 0, 1, 0, 1})
	}
	for _, tc := range []struct {
		name  string
		msg   []byte
		want  wire.Verdict
		rcode uint16
		echo  bool // the question can be read
	}{
		{"nothing", nil, wire.Drop, 0, false},
		{"11 bytes", plain[:11], wire.Drop, 0, false},
		{"a header that promises a question", plain[:12], wire.FormErr, 1, false},
		{"an answer", set(plain, 2, 0x81), wire.Drop, 0, false},
		{"STATUS", set(plain, 2, 2<<3), wire.NotImp, 4, false},
		{"NOTIFY", set(plain, 2, 4<<3), wire.NotImp, 4, false},
		{"UPDATE, 12 bytes", set(plain, 2, 5<<3)[:12], wire.NotImp, 4, false},
		{"no question", set(plain[:12], 4, 0, 0), wire.FormErr, 1, false},
		{"two questions", slices.Concat(set(plain, 5, 2), plain[12:]), wire.FormErr, 1, false},
		{"65,535 questions", set(plain, 4, 255, 255), wire.FormErr, 1, false},
		{"an answer record", set(withOPT, 6, 0, 1, 0, 0, 0, 0), wire.FormErr, 1, false},
		{"an authority record", set(withOPT, 6, 0, 0, 0, 1, 0, 0), wire.FormErr, 1, false},
		{"a pointer to the header", set(plain, 12, 0xC0, 0), wire.FormErr, 1, false},
		{"a pointer to itself", set(plain, 16, 0xC0, 16), wire.FormErr, 1, false},
		{"a label of 64 bytes", set(plain, 12, 64), wire.FormErr, 1, false},
		{"a label of an extended type", set(plain, 12, 0x41), wire.FormErr, 1, false},
		{"a label that runs out of the message", set(plain, 16, 63), wire.FormErr, 1, false},
		{"no root label", plain[:len(plain)-5], wire.FormErr, 1, false},
		{"no type", plain[:len(plain)-4], wire.FormErr, 1, false},
		{"half a class", plain[:len(plain)-1], wire.FormErr, 1, false},
		{"a name of 255 bytes", long(127), wire.Ask, 0, true},
		{"a name of 257 bytes", long(128), wire.FormErr, 1, false},
		{"bytes behind the question", append(slices.Clone(plain), 0), wire.FormErr, 1, true},
		{"OPT", withOPT, wire.Ask, 0, true},
		{"bytes behind OPT", append(slices.Clone(withOPT), 0), wire.FormErr, 1, true},
		{"OPT cut off", withOPT[:len(withOPT)-1], wire.FormErr, 1, true},
		{"OPT whose length lies", set(withOPT, len(withOPT)-1, 1), wire.FormErr, 1, true},
		{"OPT promised", set(plain, 11, 1), wire.FormErr, 1, true},
		{"two OPT", slices.Concat(set(withOPT, 11, 2), withOPT[len(withOPT)-11:]), wire.FormErr, 1, true},
		{"OPT of a name", slices.Concat(set(plain, 11, 1), []byte{1, 'a'}, withOPT[len(withOPT)-11:]), wire.FormErr, 1, true},
		{"EDNS version 1", set(withOPT, len(withOPT)-5, 1), wire.BadVers, 16, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			q, v := wire.ParseQuery(tc.msg)
			if v != tc.want || v.Rcode() != tc.rcode {
				t.Fatalf("verdict %d, rcode %d, want %d and %d", v, v.Rcode(), tc.want, tc.rcode)
			}
			if v == wire.Drop {
				return
			}
			m := unpack(t, wire.AppendReply(nil, &q, v.Rcode()))
			if m.Id != 0x1234 || !m.Response || !m.RecursionAvailable || m.Rcode != int(tc.rcode) || (len(m.Question) == 1) != tc.echo {
				t.Errorf("reply\n%v", m)
			}
			if m.Opcode != int(tc.msg[2]>>3&15) || m.RecursionDesired != (tc.msg[2]&1 > 0) {
				t.Errorf("opcode %d, RD %v", m.Opcode, m.RecursionDesired)
			}
			if (m.IsEdns0() != nil) != q.EDNS {
				t.Errorf("OPT in the reply: %v", m.IsEdns0())
			}
		})
	}
}

// Two queries have the same key exactly when one answer is good for both.
func TestAppendKey(t *testing.T) {
	t.Parallel()
	checkingDisabled := func(m *dns.Msg) { m.CheckingDisabled = true }
	base := query(t, "www.example.com. A").AppendKey([]byte("x"))
	if want := "x\x03www\x07example\x03com\x00\x00\x01\x00\x01\x00"; string(base) != want {
		t.Errorf("key %q, want %q", base, want)
	}
	for _, tc := range []struct {
		name string
		q    *wire.Query
		same bool
	}{
		{"case", query(t, "wWw.eXAMPLe.Com. A"), true},
		{"EDNS", query(t, "www.example.com. A", edns(1232, false)), true},
		{"type", query(t, "www.example.com. AAAA"), false},
		{"DO", query(t, "www.example.com. A", edns(1232, true)), false},
		{"CD", query(t, "www.example.com. A", checkingDisabled), false},
		{"class", query(t, "www.example.com. A", func(m *dns.Msg) { m.Question[0].Qclass = 3 }), false},
		{"name", query(t, "ww.wexample.com. A"), false},
	} {
		if got := bytes.Equal(tc.q.AppendKey([]byte("x")), base); got != tc.same {
			t.Errorf("another %s: same key %v, want %v", tc.name, got, tc.same)
		}
	}
}

// The bytes beside the letters stay as they are, wherever they are in a word of eight.
func TestAppendKeyCase(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for n := range 20 {
			label := slices.Concat(bytes.Repeat([]byte{'Q'}, n), []byte{byte(c)})
			question := slices.Concat([]byte{byte(len(label))}, label, []byte{0, 0, 1, 0, 1})
			q, v := wire.ParseQuery(slices.Concat([]byte{0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, question))
			if v != wire.Ask {
				t.Fatalf("verdict %d on %q", v, question)
			}
			want := append(bytes.Clone(question), 0)
			for i, b := range want {
				if 'A' <= b && b <= 'Z' {
					want[i] = strings.ToLower(string(rune(b)))[0]
				}
			}
			if got := q.AppendKey(nil); !bytes.Equal(got, want) {
				t.Fatalf("key %q, want %q", got, want)
			}
		}
	}
}

func TestAppendQuery(t *testing.T) {
	t.Parallel()
	question := query(t, "wWw.example.com. AAAA").Question
	want := &dns.Msg{Question: []dns.Question{{Name: "wWw.example.com.", Qtype: dns.TypeAAAA, Qclass: dns.ClassINET}}}
	want.Id, want.RecursionDesired = 77, true
	sameMessage(t, want, wire.AppendQuery(nil, 77, wire.FlagRD|wire.FlagTC, question, 0, true, nil))

	want.CheckingDisabled, want.AuthenticatedData = true, true
	want.SetEdns0(1232, true)
	want.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_LOCAL{Code: 65001, Data: []byte{1, 2}}}
	flags := uint16(wire.FlagRD | wire.FlagCD | wire.FlagAD)
	got := wire.AppendQuery([]byte("xyz"), 77, flags, question, 1232, true, []byte{0xFD, 0xE9, 0, 2, 1, 2})
	sameMessage(t, want, got[3:])
}

func TestHash(t *testing.T) {
	t.Parallel()
	seen := map[uint64]string{}
	for i := range 50_000 {
		name := strings.Repeat("N", i%20) + strconv.Itoa(i) + ".Example."
		h := query(t, name+" A").Hash(42)
		if other, found := seen[h]; found {
			t.Fatalf("%s and %s have the same hash", name, other)
		}
		seen[h] = name
		if got := query(t, strings.ToLower(name)+" MX", edns(1232, true)).Hash(42); got != h {
			t.Fatalf("%s in lower case has another hash", name)
		}
		if query(t, name+" A").Hash(43) == h {
			t.Fatalf("%s has the same hash with another seed", name)
		}
	}
}
