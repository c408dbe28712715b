package wire_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// store returns an answer of the records given.
func store(tb testing.TB, question string, records ...string) *wire.Stored {
	tb.Helper()
	a, err := wire.ParseAnswer(pack(tb, reply(tb, question, 0, records...)), asked(tb, question))
	ok(tb, err)
	return &a.Stored
}

func TestPatch(t *testing.T) {
	t.Parallel()
	records := []string{"a. 60 IN CNAME b.", "b. 30 IN A 10.0.0.1", "b. 30 IN A 10.0.0.2", "b. 30 IN A 10.0.0.3"}
	for _, tc := range []struct {
		patch wire.Patch
		want  string // TTLs and the last bytes of the addresses
	}{
		{wire.Patch{}, "60 30.1 30.2 30.3"},
		{wire.Patch{Age: 29}, "31 1.1 1.2 1.3"},
		{wire.Patch{Age: 31}, "29 0.1 0.2 0.3"},
		{wire.Patch{Age: 1 << 31}, "0 0.1 0.2 0.3"},
		{wire.Patch{Age: 1000, Stale: 30}, "30 30.1 30.2 30.3"},
		{wire.Patch{Turn: 1}, "60 30.2 30.3 30.1"},
		{wire.Patch{Turn: 2, Age: 1}, "59 29.3 29.1 29.2"},
		{wire.Patch{Turn: 3}, "60 30.1 30.2 30.3"},
		{wire.Patch{Turn: 1<<32 - 1}, "60 30.1 30.2 30.3"},
	} {
		s := store(t, "a. A", records...)
		prefix := []byte("prefix")
		got := s.AppendReply(prefix, query(t, "a. A"), tc.patch)
		var words []string
		for _, rr := range unpack(t, got[len(prefix):]).Answer {
			word := fmt.Sprint(rr.Header().Ttl)
			if a, ok := rr.(*dns.A); ok {
				word += fmt.Sprintf(".%d", a.A[len(a.A)-1])
			}
			words = append(words, word)
		}
		if diff := cmp.Diff(tc.want, strings.Join(words, " ")); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tc.patch, diff)
		}
	}
}

// What follows the addresses stays where it is.
func TestTurnWithSignatures(t *testing.T) {
	t.Parallel()
	signature := "a. 1 IN RRSIG A 5 1 1 20300101000000 20200101000000 1 a. YQ=="
	m := reply(t, "a. A", 0, "a. 1 IN A 10.0.0.1", "a. 1 IN A 10.0.0.2", signature)
	m.SetEdns0(1232, true)
	a, err := wire.ParseAnswer(pack(t, m), asked(t, "a. A"))
	ok(t, err)
	want := []string{"a. 1 IN A 10.0.0.2", "a. 1 IN A 10.0.0.1", signature}
	if diff := cmp.Diff(want, texts(unpack(t, a.Stored.AppendReply(nil, query(t, "a. A"), wire.Patch{Turn: 1})))); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// Only addresses of one owner take turns, and no other record moves.
func TestTurn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		question string
		records  []string
		turns    bool
	}{
		{"a. AAAA", []string{"a. 1 IN AAAA ::1", "a. 1 IN AAAA ::2"}, true},
		{"a. A", []string{"a. 1 IN A 10.0.0.1"}, false},
		{"a. MX", []string{"a. 1 IN MX 1 b.", "a. 1 IN MX 2 b."}, false},
		{"a. CNAME", []string{"a. 1 IN CNAME b.", "a. 1 IN CNAME c."}, false},
		{"a. ANY", []string{"a. 1 IN A 10.0.0.1", "a. 1 IN A 10.0.0.2"}, false},
	} {
		s := store(t, tc.question, tc.records...)
		q := query(t, tc.question)
		plain, turned := unpack(t, s.AppendReply(nil, q, wire.Patch{})), unpack(t, s.AppendReply(nil, q, wire.Patch{Turn: 1}))
		if same := cmp.Equal(texts(plain), texts(turned)); same == tc.turns {
			t.Errorf("%s: %v became %v", tc.question, texts(plain), texts(turned))
		}
	}
}

func TestReplyFlags(t *testing.T) {
	t.Parallel()
	m := reply(t, "a. A", 0, "a. 60 IN A 10.0.0.1")
	m.AuthenticatedData, m.Authoritative = true, true
	a, err := wire.ParseAnswer(pack(t, m), asked(t, "a. A"))
	ok(t, err)
	for _, tc := range []struct {
		name string
		edit func(*dns.Msg)
		want string
	}{
		{"RD", func(*dns.Msg) {}, "qr rd ra"},
		{"no RD", func(m *dns.Msg) { m.RecursionDesired = false }, "qr ra"},
		{"CD", func(m *dns.Msg) { m.CheckingDisabled = true }, "qr rd ra cd"},
		{"AD", func(m *dns.Msg) { m.AuthenticatedData = true }, "qr rd ra ad"},
		{"DO", edns(1232, true), "qr rd ra ad"},
		{"EDNS", edns(1232, false), "qr rd ra"},
		{"TC", func(m *dns.Msg) { m.Truncated, m.Zero = true, true }, "qr rd ra"},
	} {
		got := unpack(t, a.Stored.AppendReply(nil, query(t, "a. A", tc.edit), wire.Patch{}))
		_, flags, _ := strings.Cut(strings.SplitN(got.String(), "\n", 3)[1], ";; flags: ")
		if flags, _, _ = strings.Cut(flags, ";"); flags != tc.want {
			t.Errorf("%s: flags %q, want %q", tc.name, flags, tc.want)
		}
		opt := got.IsEdns0()
		if want := strings.HasPrefix(tc.name, "E") || tc.name == "DO"; (opt != nil) != want {
			t.Errorf("%s: OPT %v", tc.name, opt)
		}
		if opt != nil && (opt.UDPSize() != wire.MaxUDP || opt.Version() != 0 || opt.Do() != (tc.name == "DO")) {
			t.Errorf("%s: OPT %v", tc.name, opt)
		}
	}
}

// The normal form is one that every musl takes: owner names are the question's, or
// short pointers, also where the upstream's were not.
func TestOwnerPointers(t *testing.T) {
	t.Parallel()
	name := strings.Repeat(strings.Repeat("n", 59)+".", 4)
	records := []string{"a. 1 IN CNAME b." + name, "b." + name + " 1 IN CNAME c." + name, "c." + name + " 1 IN CNAME d.test.", "d.test. 1 IN CNAME e.test."}
	for i := range 40 {
		records = append(records, fmt.Sprintf("e.test. 1 IN A 10.0.0.%d", i))
	}
	m := reply(t, "a. A", 0, records...)
	m.Compress = false
	a, err := wire.ParseAnswer(pack(t, m), asked(t, "a. A"))
	ok(t, err)
	q := query(t, "a. A")
	q.Limit = wire.MaxMessage
	got := a.Stored.AppendReply(nil, q, wire.Patch{})
	if diff := cmp.Diff(records, texts(unpack(t, got))); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if len(got) > 12+7+3*300+41*16 {
		t.Errorf("%d bytes", len(got))
	}
	off := 19
	for range len(records) {
		for got[off] != 0 && got[off] < 0xC0 {
			off += 1 + int(got[off])
		}
		if got[off] >= 0xC0 {
			if to := int(got[off]&0x3F)<<8 | int(got[off+1]); to >= 0x1FF {
				t.Fatalf("owner points to %d", to)
			}
			off++
		}
		off += 11 + int(got[off+9])<<8 + int(got[off+10])
	}
}

// The client's spelling of the question does not change the names in the data.
func TestDataKeepsCase(t *testing.T) {
	t.Parallel()
	records := []string{"example.com. 1 IN MX 1 Mail.example.com.", "example.com. 1 IN MX 2 b.Mail.example.com."}
	s := store(t, "example.com. MX", records...)
	want := []string{"eXaMpLe.CoM. 1 IN MX 1 Mail.example.com.", "eXaMpLe.CoM. 1 IN MX 2 b.Mail.example.com."}
	if diff := cmp.Diff(want, texts(unpack(t, s.AppendReply(nil, query(t, "eXaMpLe.CoM. MX"), wire.Patch{})))); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestClampTTLs(t *testing.T) {
	t.Parallel()
	s := store(t, "a. A", "a. 0 IN A 10.0.0.1", "a. 50 IN A 10.0.0.2", "a. 3000 IN A 10.0.0.3")
	s.ClampTTLs(5, 100)
	want := []string{"a. 5 IN A 10.0.0.1", "a. 50 IN A 10.0.0.2", "a. 100 IN A 10.0.0.3"}
	if diff := cmp.Diff(want, texts(unpack(t, s.AppendReply(nil, query(t, "a. A"), wire.Patch{})))); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestIsAbout(t *testing.T) {
	t.Parallel()
	s := store(t, "www.Example.com. A", "www.example.com. 1 IN A 10.0.0.1")
	for _, tc := range []struct {
		question string
		want     bool
	}{
		{"www.example.com. A", true},
		{"WWW.EXAMPLE.COM. A", true},
		{"www.example.com. AAAA", false},
		{"vww.example.com. A", false},
		{"www.example.con. A", false},
		{"example.com. A", false},
		{"www.example.com.com. A", false},
		{". A", false},
	} {
		q := query(t, tc.question)
		if got := s.IsAbout(q.Name(), q.Type, q.Class); got != tc.want {
			t.Errorf("%s: %v", tc.question, got)
		}
	}
	if q := query(t, "www.example.com. A"); s.IsAbout(q.Name(), q.Type, wire.ClassCHAOS) || s.IsAbout(nil, 1, 1) || new(wire.Stored).IsAbout(q.Name(), 1, 1) {
		t.Error("another class, no name or no answer")
	}
}
