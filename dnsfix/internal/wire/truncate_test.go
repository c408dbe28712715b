package wire_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

func TestTruncate(t *testing.T) {
	t.Parallel()
	thirty := addresses("a.example.com.", 29)
	var six []string
	for i := range 17 {
		six = append(six, fmt.Sprintf("a. 60 IN AAAA fd00::%x", i+1))
	}
	cnames := func(n int) []string { // of 64 bytes each, and more
		var out []string
		name := "a."
		for i := range n {
			next := strings.Repeat(string(rune('a'+i)), 52) + "."
			out, name = append(out, fmt.Sprintf("%s 60 IN CNAME %s", name, next)), next
		}
		return append(out, name+" 50 IN A 10.0.0.1", name+" 50 IN A 10.0.0.2")
	}
	bigSOA := fmt.Sprintf(". 5 IN SOA %s %s 1 2 3 4 5", strings.Repeat(strings.Repeat("m", 49)+".", 5), strings.Repeat(strings.Repeat("r", 49)+".", 5))
	for _, tc := range []struct {
		name     string
		question string
		records  []string
		limit    int
		want     []string
		tc       bool
	}{
		{"it fits", "a.example.com. A", thirty, 512, thirty, false},
		{"one byte too many", "a.example.com. A", addresses("a.example.com.", 30), 510, thirty, true},
		{"40 addresses", "a.example.com. A", addresses("a.example.com.", 40), 512, addresses("a.example.com.", 30), true},
		{"1,000 addresses", "a.example.com. A", addresses("a.example.com.", 1000), 1232, addresses("a.example.com.", 75), true},
		{"18 IPv6 addresses", "a. AAAA", append(slices.Clone(six), "a. 60 IN AAAA fd00::ff"), 512, six, true},
		{
			"additional goes first", "a.example.com. A",
			slices.Concat(thirty[:20], []string{"authority", "example.com. 60 IN NS b.example.com.", "additional"}, addresses("b.example.com.", 10)), 512,
			slices.Concat(thirty[:20], []string{"authority", "example.com. 60 IN NS b.example.com."}), false,
		},
		{
			"then authority", "a.example.com. A",
			slices.Concat(thirty[:28], []string{"authority", "example.com. 60 IN NS b.example.com.", "additional"}, addresses("b.example.com.", 10)), 490,
			thirty[:28], false,
		},
		{"then an SOA", "a. A", []string{"authority", bigSOA}, 512, nil, false},
		{"the CNAMEs and one of two", "a. A", cnames(6), 440, cnames(6)[:7], true},
		{"CNAMEs without address", "a. A", cnames(8), 512, []string{"a. 50 IN A 10.0.0.1", "a. 50 IN A 10.0.0.2"}, true},
		{"CNAMEs to another type", "a. MX", append(cnames(8)[:8], strings.Repeat("h", 52)+". 1 IN MX 1 b."), 512, cnames(7)[:7], true},
		{"nothing fits", "a. TXT", []string{"a. 1 IN TXT " + strings.Repeat(strings.Repeat("t", 255)+" ", 3)}, 512, nil, true},
		{"limit below the question", "a. A", addresses("a.", 1), 5, nil, true},
	} {
		for _, opt := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, OPT %v", tc.name, opt), func(t *testing.T) {
				t.Parallel()
				m := reply(t, tc.question, 0, tc.records...)
				limit := tc.limit
				if opt {
					m.SetEdns0(1232, true)
					m.Extra = append(m.Extra[len(m.Extra)-1:], m.Extra[:len(m.Extra)-1]...)
					limit += 11
				}
				got := wire.Truncate(pack(t, m), limit)
				if least := 12 + len(asked(t, tc.question).Question) + 11; len(got) > max(limit, least) {
					t.Errorf("%d bytes, limit %d", len(got), limit)
				}
				have := unpack(t, got)
				if (have.IsEdns0() != nil) != opt {
					t.Errorf("OPT is there: %v", have.IsEdns0() != nil)
				}
				have.Extra = slices.DeleteFunc(have.Extra, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeOPT })
				if diff := cmp.Diff(tc.want, texts(have)); diff != "" {
					t.Errorf("records (-want +got):\n%s", diff)
				}
				if have.Truncated != tc.tc {
					t.Errorf("TC %v, want %v", have.Truncated, tc.tc)
				}
			})
		}
	}
}

// A reply within the limit is none of Truncate's business.
func TestTruncateLeaves(t *testing.T) {
	t.Parallel()
	for _, msg := range [][]byte{nil, {1, 2, 3}, pack(t, reply(t, "a. A", 0, addresses("a.", 2)...))} {
		if got := wire.Truncate(slices.Clone(msg), 512); !bytes.Equal(got, msg) {
			t.Errorf("%x became %x", msg, got)
		}
	}
	if got := wire.Truncate([]byte{1, 2, 3}, 2); len(got) != 3 {
		t.Errorf("what is no message became %x", got)
	}
}

// A client without EDNS gets as many addresses as 512 bytes hold, one with EDNS a
// reply with OPT within its limit, one on TCP all.
func TestReplyLimit(t *testing.T) {
	t.Parallel()
	const question = "a.example.com. A"
	s := store(t, question, addresses("a.example.com.", 100)...)
	for _, tc := range []struct {
		name  string
		q     *wire.Query
		limit int
		want  int
	}{
		{"without EDNS", query(t, question), 0, 30},
		{"EDNS 512", query(t, question, edns(512, false)), 0, 29},
		{"EDNS 1232", query(t, question, edns(1232, false)), 0, 74},
		{"EDNS 65535", query(t, question, edns(65535, false)), 0, 74},
		{"TCP", query(t, question), wire.MaxMessage, 100},
	} {
		limit := tc.q.Limit
		if tc.limit > 0 {
			tc.q.Limit, limit = tc.limit, tc.limit
		}
		got := s.AppendReply(nil, tc.q, wire.Patch{})
		m := unpack(t, got)
		if len(m.Answer) != tc.want || len(got) > limit || m.Truncated != (tc.want < 100) || (m.IsEdns0() != nil) != tc.q.EDNS {
			t.Errorf("%s: %d answers in %d bytes, TC %v", tc.name, len(m.Answer), len(got), m.Truncated)
		}
	}
}

// The short cut for addresses cuts as Truncate does, and rotates before.
func TestShortCut(t *testing.T) {
	t.Parallel()
	for _, question := range []string{"a. A", "a. AAAA"} {
		for n := 1; n < 60; n++ {
			records := []string{"a. 60 IN CNAME b.example.com."}
			for i := range n {
				records = append(records, fmt.Sprintf("b.example.com. 60 IN A 10.0.0.%d", i))
				if strings.HasSuffix(question, "AAAA") {
					records[i+1] = fmt.Sprintf("b.example.com. 60 IN AAAA fd00::%x", i+1)
				}
			}
			s := store(t, question, records...)
			for _, limit := range []int{40, 60, 100, 300, 512, 700} {
				q := query(t, question)
				q.Limit = wire.MaxMessage
				for turn := range 3 {
					p := wire.Patch{Turn: uint32(turn)}
					q.Limit = wire.MaxMessage
					want := wire.Truncate(s.AppendReply(nil, q, p), limit)
					q.Limit = limit
					if got := s.AppendReply(nil, q, p); !bytes.Equal(got, want) {
						t.Fatalf("%d addresses in %d bytes, turn %d:\n%x, want\n%x", n, limit, turn, got, want)
					}
				}
			}
		}
	}
}

// A message that cannot be read is cut where it ceases to be readable.
func TestTruncateGarbage(t *testing.T) {
	t.Parallel()
	msg := pack(t, reply(t, "a.b. A", 0, addresses("a.b.", 40)...))
	lie := func(off int, to byte) []byte {
		b := slices.Clone(msg)
		b[off] = to
		return b
	}
	for _, tc := range []struct {
		name               string
		msg                []byte
		questions, answers int
	}{
		{"a question that is none", lie(12, 0x80), 0, 0},
		{"the first record", lie(21, 0x80), 1, 0},
		{"the third record", lie(21+32, 0x80), 1, 2},
		{"a length", lie(21+32+10, 0xFF), 1, 2},
		{"the first of those that do not fit", lie(21+16*30, 0x80), 1, 30},
	} {
		m := unpack(t, wire.Truncate(tc.msg, 512))
		if len(m.Question) != tc.questions || len(m.Answer) != tc.answers {
			t.Errorf("%s: %d questions, %d answers", tc.name, len(m.Question), len(m.Answer))
		}
	}
}

func TestMaxAnswers(t *testing.T) {
	t.Parallel()
	const question = "a.example.com. A"
	for _, tc := range []struct {
		addresses, most, limit int
		want                   int
		tc                     bool
	}{
		{100, 63, wire.MaxMessage, 62, false}, // and the CNAME
		{100, 0, wire.MaxMessage, 100, false},
		{62, 63, wire.MaxMessage, 62, false},
		{100, 63, 512, 28, true},
		{100, 5, 512, 4, false},
		{100, 1, 512, 1, false},
		{100, 63, 30, 0, true},
		{1, 63, 512, 1, false},
	} {
		records := append([]string{"a.example.com. 1 IN CNAME b.test."}, addresses("b.test.", tc.addresses)...)
		s := store(t, question, records...)
		q := query(t, question)
		q.Limit, q.MaxAnswers = tc.limit, tc.most
		m := unpack(t, s.AppendReply(nil, q, wire.Patch{Turn: 1}))
		n := 0
		for _, rr := range m.Answer {
			if rr.Header().Rrtype == dns.TypeA {
				n++
			}
		}
		if n != tc.want || m.Truncated != tc.tc {
			t.Errorf("%+v: %d addresses, TC %v", tc, n, m.Truncated)
		}
	}
}
