package reach_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sillelien/baseinit/dnsfix/internal/reach"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParsePolicy(t *testing.T) {
	t.Parallel()
	for _, p := range []reach.Policy{reach.Auto, reach.Ping, reach.TCP, reach.Off} {
		if got, err := reach.ParsePolicy(p.String()); err != nil || got != p {
			t.Errorf("%v: %v, %v", p, got, err)
		}
	}
	if _, err := reach.ParsePolicy("icmp"); err == nil || !strings.Contains(err.Error(), "auto, ping, tcp or off") {
		t.Errorf("error %v", err)
	}
}

// listener is a port that accepts, and one that refuses.
func listener(t *testing.T) (accepts, refuses uint16) {
	t.Helper()
	port := func() (uint16, net.Listener) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l.Addr().(*net.TCPAddr).AddrPort().Port(), l
	}
	accepts, l := port()
	t.Cleanup(func() { _ = l.Close() })
	refuses, l2 := port()
	_ = l2.Close()
	return accepts, refuses
}

func TestWaitTCP(t *testing.T) {
	t.Parallel()
	accepts, refuses := listener(t)
	lo := netip.MustParseAddr("127.0.0.1")
	var many []reach.Target
	for range 300 {
		many = append(many, reach.Target{Name: "db", Addr: lo, TCP: []uint16{accepts}})
	}
	for name, targets := range map[string][]reach.Target{
		"nobody":       nil,
		"accepts":      {{Name: "db", Addr: lo, TCP: []uint16{accepts}}},
		"refuses":      {{Name: "db", Addr: lo, TCP: []uint16{refuses}}},
		"many":         many,
		"has no ports": {{Name: "db", Addr: lo}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := reach.Wait(context.Background(), targets, reach.Config{Policy: reach.TCP}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOff(t *testing.T) {
	t.Parallel()
	if err := reach.Wait(context.Background(), []reach.Target{{Addr: netip.MustParseAddr("192.0.2.1")}}, reach.Config{Policy: reach.Off}); err != nil {
		t.Error(err)
	}
}
