package upstream_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/upstream"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

const long = "a-rather-long-name-of-a-host.example.test"

// Names go out in random case, and the answer must have the same.
func TestEncode0x20(t *testing.T) {
	t.Parallel()
	s := serve(t, func(r request) [][]byte {
		forged := message(r, 0, "10.6.6.6")
		forged.Question[0].Name = strings.ToLower(forged.Question[0].Name)
		return append(pack(forged), reply(r, 0, "10.0.0.1")...)
	})
	c := client(t, upstream.Config{Encode0x20: true})
	upstream.TakeForPublic(c, s.addr)
	g := c.Group([]netip.AddrPort{s.addr}, upstream.Policy{})
	spelled := map[string]bool{}
	for range 10 {
		a, _, err := ask(t, g, long)
		if err != nil || addresses(a)[0] != "10.0.0.1" {
			t.Fatalf("%v, %v", addresses(a), err)
		}
	}
	for _, r := range s.requests() {
		spelled[r.Question[0].Name] = true
		if !strings.EqualFold(r.Question[0].Name, long+".") {
			t.Errorf("asked for %s", r.Question[0].Name)
		}
	}
	if len(spelled) < 9 {
		t.Errorf("10 questions, spelled in %d ways", len(spelled))
	}
}

// A server that answers in lower case is asked in lower case, after the first question.
func TestCaseIsLost(t *testing.T) {
	t.Parallel()
	s := serve(t, func(r request) [][]byte {
		m := message(r, 0, "10.0.0.1")
		m.Question[0].Name = strings.ToLower(m.Question[0].Name)
		return pack(m)
	})
	c := client(t, upstream.Config{Encode0x20: true})
	upstream.TakeForPublic(c, s.addr)
	g := c.Group([]netip.AddrPort{s.addr}, upstream.Policy{})
	for range 2 {
		if a, _, err := ask(t, g, long); err != nil || a.Kind != wire.Positive {
			t.Fatalf("%v, %v", a.Kind, err)
		}
	}
	if n := len(s.requests()); n != 3 {
		t.Errorf("%d questions, want 2 and 1", n)
	}
}

// Servers of this host and of private networks are asked in the case that the client has:
// nobody can forge their answers, and Docker's DNS is one.
func TestNoCaseNearby(t *testing.T) {
	t.Parallel()
	s := serve(t, answering("10.0.0.1"))
	c := client(t, upstream.Config{Encode0x20: true})
	if _, _, err := ask(t, c.Group([]netip.AddrPort{s.addr}, upstream.Policy{}), long); err != nil {
		t.Fatal(err)
	}
	if got := s.requests()[0].Question[0]; got.Name != long+"." || got.Qtype != dns.TypeA {
		t.Errorf("asked for %v", got)
	}
}

// FuzzAnswer has a server say anything: no datagram ends the process, or is taken for an
// answer with another name.
func FuzzAnswer(f *testing.F) {
	for _, seed := range [][]byte{{}, make([]byte, 12), {0, 0, 0x80, 0, 0, 1, 0xff, 0xff, 0, 0, 0, 0}, {0, 0, 0x82, 3, 0, 1, 0, 1, 0, 0, 0, 1, 0xc0, 12}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s := serve(t, func(r request) [][]byte {
			junk := append([]byte(nil), body...)
			if len(junk) >= 2 {
				junk[0], junk[1] = byte(r.Id>>8), byte(r.Id)
			}
			return [][]byte{junk}
		})
		c := upstream.New(upstream.Config{})
		defer c.Close()
		a, err := c.Group([]netip.AddrPort{s.addr}, upstream.Policy{Total: 1}).Ask(t.Context(), question(t, "web.test"))
		if err == nil && !a.Stored.IsAbout(question(t, "web.test").Name[:10], dns.TypeA, dns.ClassINET) {
			t.Errorf("an answer about something else: %x", a.Stored.Msg)
		}
	})
}
