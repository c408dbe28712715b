package upstream_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sillelien/baseinit/dnsfix/internal/upstream"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// looping gives a script that asks a client back, as a forwarder would that has us for
// its server; strip is one that does not pass EDNS options on.
func looping(t *testing.T, c *upstream.Client, strip bool) func(request) [][]byte {
	return func(r request) [][]byte {
		back := r.Copy()
		back.Id++
		if strip {
			back.Extra = nil
		}
		q, verdict := wire.ParseQuery(pack(back)[0])
		if verdict != wire.Ask {
			t.Errorf("verdict %v", verdict)
		}
		if c.Looped(&q) {
			return reply(r, dns.RcodeServerFailure)
		}
		return reply(r, 0, "10.0.0.1")
	}
}

func TestLoopByOption(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.WarnLevel)
	c := client(t, upstream.Config{Logger: zap.New(core)})
	s := serve(t, looping(t, c, false))
	g := c.Group([]netip.AddrPort{s.addr}, upstream.Policy{})
	for range 3 {
		a, _, err := ask(t, g, "web.test")
		if err != nil || a.Kind != wire.Failure {
			t.Errorf("%v, %v; want the failure that the loop ends in", a.Kind, err)
		}
	}
	c.Probe(context.Background(), []netip.AddrPort{s.addr})
	if g.Len() != 1 {
		t.Error("the server is not asked any more, but may know names of its own")
	}
	if logs.Len() != 1 || !strings.Contains(logs.All()[0].Message, "--dns") {
		t.Errorf("log %v", logs.All())
	}
}

func TestLoopByProbe(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.WarnLevel)
	c := client(t, upstream.Config{Logger: zap.New(core)})
	s := serve(t, looping(t, c, true))
	g := c.Group([]netip.AddrPort{s.addr}, upstream.Policy{})
	if a, _, err := ask(t, g, "web.test"); err != nil || a.Kind != wire.Positive {
		t.Fatalf("%v, %v", a.Kind, err)
	}
	c.Probe(context.Background(), []netip.AddrPort{s.addr})
	if _, _, err := ask(t, g, "web.test"); err == nil || g.Len() != 0 {
		t.Errorf("error %v, %d servers; want none", err, g.Len())
	}
	if logs.Len() != 1 || !strings.Contains(logs.All()[0].Message, s.addr.String()) {
		t.Errorf("log %v", logs.All())
	}
}

func TestOwnAddress(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.WarnLevel)
	c := client(t, upstream.Config{Own: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53")}, Logger: zap.New(core)})
	for _, addr := range []string{"127.0.0.1:53", "0.0.0.0:53", "[::ffff:127.0.0.1]:53", "127.0.0.1:53"} {
		if g := c.Group([]netip.AddrPort{netip.MustParseAddrPort(addr)}, upstream.Policy{}); g.Len() != 0 {
			t.Errorf("%s is asked", addr)
		}
	}
	if c.Group([]netip.AddrPort{netip.MustParseAddrPort("127.0.0.11:53")}, upstream.Policy{}).Len() != 1 {
		t.Error("Docker's server is not asked")
	}
	if logs.Len() != 2 {
		t.Errorf("log %v, want a line for each address", logs.All())
	}
}
