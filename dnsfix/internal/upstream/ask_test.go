package upstream_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/upstream"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// What one or more servers do, and what comes of it.
func TestAsk(t *testing.T) {
	t.Parallel()
	type script = func(request) [][]byte
	many := func(n int) []string {
		var all []string
		for i := range n {
			all = append(all, net.IPv4(10, 0, byte(i>>8), byte(i)).String())
		}
		return all
	}
	refused := script(nil) // nobody listens
	for _, tc := range []struct {
		name    string
		servers []script
		policy  upstream.Policy
		want    []string
		kind    wire.Kind
		err     error
		least   time.Duration
		most    time.Duration // 0: not looked at
	}{
		{name: "an answer", servers: []script{answering("10.0.0.1")}, want: many(2)[1:], kind: wire.Positive},
		{name: "no such name", servers: []script{func(r request) [][]byte { return reply(r, dns.RcodeNameError) }, answering("10.0.0.2")}, kind: wire.NXDomain},
		{name: "refused by ICMP", servers: []script{refused, answering("10.0.0.1")}, want: many(2)[1:], kind: wire.Positive},
		{name: "nobody listens", servers: []script{refused}, err: syscall.ECONNREFUSED},
		{name: "SERVFAIL, then another", servers: []script{func(r request) [][]byte { return reply(r, dns.RcodeServerFailure) }, answering("10.0.0.1")}, want: many(2)[1:], kind: wire.Positive},
		{name: "REFUSED by all", servers: []script{func(r request) [][]byte { return reply(r, dns.RcodeRefused) }}, kind: wire.Failure},
		{name: "silence, then another", servers: []script{silence, answering("10.0.0.1")}, want: many(2)[1:], kind: wire.Positive, least: 15 * time.Millisecond},
		{name: "silence", servers: []script{silence}, policy: upstream.Policy{Total: 100 * time.Millisecond}, err: upstream.ErrTimeout, least: 100 * time.Millisecond},
		{name: "timeout and attempts", servers: []script{silence}, policy: upstream.Policy{Timeout: 50 * time.Millisecond, Attempts: 1}, err: upstream.ErrTimeout, least: 50 * time.Millisecond},
		{name: "failure and silence", servers: []script{func(r request) [][]byte { return reply(r, dns.RcodeServerFailure) }, silence}, policy: upstream.Policy{Total: 100 * time.Millisecond}, kind: wire.Failure, least: 100 * time.Millisecond},
		{name: "the first datagram is lost", servers: []script{func(r request) [][]byte {
			if r.n == 0 {
				return nil
			}
			return reply(r, dns.RcodeSuccess, "10.0.0.1")
		}}, want: many(2)[1:], kind: wire.Positive, least: 15 * time.Millisecond},
		{name: "foreign answers first", servers: []script{func(r request) [][]byte {
			id, name := message(r, 0, "10.6.6.6"), message(r, 0, "10.6.6.6")
			id.Id++
			name.Question[0].Name = "other.test."
			return append(append(append(pack(id), pack(name)...), []byte("rubbish"), nil), reply(r, 0, "10.0.0.1")...)
		}}, want: many(2)[1:], kind: wire.Positive},
		{name: "a malformed answer, then another", servers: []script{func(r request) [][]byte {
			m := reply(r, 0, "10.6.6.6")[0]
			m[7] = 9 // answers
			return [][]byte{m}
		}, answering("10.0.0.1")}, want: many(2)[1:], kind: wire.Positive},
		{name: "FORMERR to EDNS", servers: []script{func(r request) [][]byte {
			if r.IsEdns0() != nil {
				return reply(r, dns.RcodeFormatError)
			}
			return reply(r, dns.RcodeSuccess, "10.0.0.1")
		}}, want: many(2)[1:], kind: wire.Positive},
		{name: "truncated and empty", servers: []script{func(r request) [][]byte {
			if !r.tcp {
				m := message(r, 0)
				m.Truncated = true
				return pack(m)
			}
			return reply(r, 0, many(40)...)
		}}, want: many(40), kind: wire.Positive},
		{name: "truncated, and TCP is closed", servers: []script{func(r request) [][]byte {
			if r.tcp {
				return nil
			}
			m := message(r, 0, many(3)...)
			m.Truncated = true
			return pack(m)
		}}, want: many(3), kind: wire.Positive},
		{name: "over TCP only", policy: upstream.Policy{UseTCP: true}, servers: []script{func(r request) [][]byte {
			if !r.tcp {
				return reply(r, 0, "10.6.6.6")
			}
			return reply(r, 0, many(2000)...)
		}}, want: many(2000), kind: wire.Positive},
		{name: "race", policy: upstream.Policy{Order: upstream.Race}, servers: []script{silence, refused, answering("10.0.0.1")}, want: many(2)[1:], kind: wire.Positive},
		{name: "the second one knows less", servers: []script{func(r request) [][]byte {
			time.Sleep(100 * time.Millisecond) // no synchronisation: it is slow
			return reply(r, 0, "10.0.0.1")
		}, func(r request) [][]byte { return reply(r, dns.RcodeNameError) }}, want: many(2)[1:], kind: wire.Positive},
		{name: "the second one knows that there is none", servers: []script{silence, func(r request) [][]byte { return reply(r, dns.RcodeNameError) }}, kind: wire.NXDomain, least: 400 * time.Millisecond},
		{name: "no server", err: upstream.ErrNoServers},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var addrs []netip.AddrPort
			for _, script := range tc.servers {
				s := serve(t, script)
				addrs = append(addrs, s.addr)
				if script == nil {
					s.close()
				}
			}
			c := client(t, upstream.Config{})
			answer, took, err := ask(t, c.Group(addrs, tc.policy), "web.test")
			if !errors.Is(err, tc.err) || err != nil && tc.err == nil {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			if took < tc.least {
				t.Errorf("took %v, want at least %v", took, tc.least)
			}
			if err != nil {
				if len(addrs) == 1 && !strings.Contains(err.Error(), addrs[0].String()) {
					t.Errorf("the error %q does not name the server", err)
				}
				return
			}
			if answer.Kind != tc.kind {
				t.Errorf("kind %v, want %v", answer.Kind, tc.kind)
			}
			if diff := cmp.Diff(tc.want, addresses(answer)); diff != "" {
				t.Errorf("addresses (-want +got):\n%s", diff)
			}
		})
	}
}

// Each question comes from a port of its own and with an ID of its own, and what knows
// no EDNS is asked without it from then on.
func TestQuestions(t *testing.T) {
	t.Parallel()
	s := serve(t, func(r request) [][]byte {
		if r.IsEdns0() != nil && r.Question[0].Name == "old.test." {
			return reply(r, dns.RcodeFormatError)
		}
		return reply(r, 0, "10.0.0.1")
	})
	c := client(t, upstream.Config{MinPort: 30000, MaxPort: 59999})
	g := c.Group([]netip.AddrPort{s.addr}, upstream.Policy{})
	ports, ids := map[uint16]int{}, map[uint16]int{}
	for range 50 {
		if _, _, err := ask(t, g, "web.test"); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range s.requests() {
		ports[r.from.Port()]++
		ids[r.Id]++
		if p := r.from.Port(); p < 30000 || p > 59999 {
			t.Errorf("a question came from port %d", p)
		}
		if opt := r.IsEdns0(); opt == nil || opt.UDPSize() != 1232 || opt.Do() || !r.RecursionDesired {
			t.Errorf("the question is %v", r)
		}
	}
	if len(ports) < 40 || len(ids) < 40 {
		t.Errorf("50 questions from %d ports and with %d IDs", len(ports), len(ids))
	}
	for range 2 {
		if _, _, err := ask(t, g, "old.test"); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.requests()); n != 53 {
		t.Errorf("%d questions, want 50 and 3: the second time without EDNS at once", n)
	}
}

// A server that is silent three times is asked after others, until it answers a probe.
func TestHealth(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	up := false
	probed := make(chan struct{}, 10)
	first := serve(t, func(r request) [][]byte {
		mu.Lock()
		defer mu.Unlock()
		if r.Question[0].Qtype == dns.TypeNS {
			up = true
			defer func() { probed <- struct{}{} }()
		}
		if !up {
			return nil
		}
		return reply(r, 0, "10.0.0.1")
	})
	second := serve(t, answering("10.0.0.2"))
	c := client(t, upstream.Config{})
	g := c.Group([]netip.AddrPort{first.addr, second.addr}, upstream.Policy{})
	for range 3 {
		if a, _, err := ask(t, g, "web.test"); err != nil || addresses(a)[0] != "10.0.0.2" {
			t.Fatalf("%v, %v", addresses(a), err)
		}
	}
	<-probed // that is what silence leads to
	for {
		a, _, err := ask(t, g, "web.test")
		if err != nil {
			t.Fatal(err)
		}
		if addresses(a)[0] == "10.0.0.1" {
			break
		}
	}
	for _, s := range c.Stats().Servers {
		if !s.Up || !s.EDNS || s.Looping || s.RTT <= 0 {
			t.Errorf("stats %+v", s)
		}
	}
}

func TestRotate(t *testing.T) {
	t.Parallel()
	a, b := serve(t, answering("10.0.0.1")), serve(t, answering("10.0.0.2"))
	c := client(t, upstream.Config{})
	g := c.Group([]netip.AddrPort{a.addr, b.addr}, upstream.Policy{Order: upstream.Rotate})
	for range 10 {
		if _, _, err := ask(t, g, "web.test"); err != nil {
			t.Fatal(err)
		}
	}
	if len(a.requests()) != 5 || len(b.requests()) != 5 {
		t.Errorf("%d and %d questions, want 5 each", len(a.requests()), len(b.requests()))
	}
}

// Questions share a TCP connection, and a fast one does not wait for a slow one.
func TestTCPReuse(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var slow request
	var mu sync.Mutex
	s := serve(t, func(r request) [][]byte {
		mu.Lock()
		defer mu.Unlock()
		if r.Question[0].Name == "slow.test." {
			slow = r
			close(release)
			return [][]byte{}
		}
		replies := reply(r, 0, "10.0.0.1")
		if slow.Msg != nil {
			replies = append(replies, reply(slow, 0, "10.0.0.2")...)
		}
		return replies
	})
	c := client(t, upstream.Config{})
	g := c.Group([]netip.AddrPort{s.addr}, upstream.Policy{UseTCP: true})
	done := make(chan string)
	go func() {
		a, err := g.Ask(context.Background(), question(t, "slow.test"))
		if err != nil {
			done <- err.Error()
			return
		}
		done <- addresses(a)[0]
	}()
	<-release
	if a, _, err := ask(t, g, "fast.test"); err != nil || addresses(a)[0] != "10.0.0.1" {
		t.Errorf("%v, %v", addresses(a), err)
	}
	if got := <-done; got != "10.0.0.2" {
		t.Errorf("slow: %s", got)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) != 1 {
		t.Errorf("%d connections", len(s.conns))
	}
}

// A connection that the server has closed is opened again.
func TestTCPClosed(t *testing.T) {
	t.Parallel()
	s := serve(t, answering("10.0.0.1"))
	c := client(t, upstream.Config{})
	g := c.Group([]netip.AddrPort{s.addr}, upstream.Policy{UseTCP: true})
	for range 5 {
		if _, _, err := ask(t, g, "web.test"); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		for _, conn := range s.conns {
			_ = conn.Close()
		}
		s.mu.Unlock()
	}
}

// Close ends what waits, at once, and nothing is left open.
func TestClose(t *testing.T) {
	before := openFiles(t)
	s := serve(t, silence)
	c := upstream.New(upstream.Config{})
	g := c.Group([]netip.AddrPort{s.addr}, upstream.Policy{})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := g.Ask(context.Background(), question(t, "web.test")); err == nil {
				t.Error("an answer from nobody")
			}
		})
	}
	for len(s.requests()) < 20 {
		time.Sleep(time.Millisecond)
	}
	started := time.Now()
	c.Close()
	wg.Wait()
	if took := time.Since(started); took > time.Second {
		t.Errorf("Close took %v", took)
	}
	if _, err := g.Ask(context.Background(), question(t, "web.test")); err == nil {
		t.Error("an answer after Close")
	}
	s.close()
	if after := openFiles(t); after > before {
		t.Errorf("%d files are open, before it were %d", after, before)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("there is no /proc: " + err.Error())
	}
	return len(files)
}

func TestCanceled(t *testing.T) {
	t.Parallel()
	s := serve(t, silence)
	c := client(t, upstream.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := c.Group([]netip.AddrPort{s.addr}, upstream.Policy{}).Ask(ctx, question(t, "web.test"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// One question more than may be asked and wait is refused.
func TestBusy(t *testing.T) {
	t.Parallel()
	s := serve(t, silence)
	c := client(t, upstream.Config{MaxInFlight: 1})
	g := c.Group([]netip.AddrPort{s.addr}, upstream.Policy{Total: 300 * time.Millisecond})
	errs := make(chan error, 10)
	for range cap(errs) {
		go func() {
			_, err := g.Ask(context.Background(), question(t, "web.test"))
			errs <- err
		}()
	}
	busy := 0
	for range cap(errs) {
		if errors.Is(<-errs, upstream.ErrBusy) {
			busy++
		}
	}
	if busy != 5 || c.Stats().Busy != 5 {
		t.Errorf("%d were refused, %d counted; want 5 of 10, when one is asked and four wait", busy, c.Stats().Busy)
	}
}
