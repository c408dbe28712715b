package server_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sillelien/baseinit/dnsfix/internal/server"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// names is a Handler that goes by the first label of a name: "hit" and "nx" are answered at
// once, "slow" when released, "panic" and "late-panic" not at all, all else on a goroutine.
type names struct {
	release chan struct{}
	slow    atomic.Int32 // that wait
	arrived chan struct{}
}

func newNames() *names {
	return &names{release: make(chan struct{}), arrived: make(chan struct{}, 10000)}
}

func first(q *wire.Query) string {
	name := q.Name()
	if len(name) < 2 {
		return ""
	}
	return string(name[1 : 1+name[0]])
}

func reply(dst []byte, q *wire.Query) []byte {
	b := wire.Begin(dst, q, wire.RcodeSuccess)
	b.Address(60, netip.MustParseAddr("10.0.0.1"))
	return b.End()
}

func (n *names) Answer(dst []byte, q *wire.Query, _ time.Duration) ([]byte, bool) {
	switch first(q) {
	case "hit":
		return reply(dst, q), true
	case "nx":
		return wire.AppendReply(dst, q, wire.RcodeNXDomain), true
	case "panic":
		panic("in the read loop")
	}
	return dst, false
}

func (n *names) Resolve(ctx context.Context, dst []byte, q *wire.Query) []byte {
	switch first(q) {
	case "late-panic":
		panic("on a goroutine")
	case "slow":
		n.slow.Add(1)
		n.arrived <- struct{}{}
		select {
		case <-n.release:
		case <-ctx.Done():
			return wire.AppendReply(dst, q, wire.RcodeServFail)
		}
	}
	return reply(dst, q)
}

// running is a Server that runs.
type running struct {
	*server.Server
	t      *testing.T
	cancel context.CancelFunc
	ended  chan error
}

func start(t *testing.T, cfg server.Config) *running {
	t.Helper()
	if cfg.Addrs == nil {
		cfg.Addrs = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	}
	s, err := server.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{Server: s, t: t, cancel: cancel, ended: make(chan error, 1)}
	go func() { r.ended <- s.Run(ctx) }()
	t.Cleanup(r.stop)
	return r
}

func (r *running) stop() {
	r.cancel()
	if err := <-r.ended; err != nil {
		r.t.Error(err)
	}
	r.ended <- nil
}

func (r *running) dial(network string) net.Conn {
	r.t.Helper()
	c, err := net.Dial(network, r.Addrs()[0].String())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

func query(t *testing.T, name string) *dns.Msg {
	t.Helper()
	return new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeA)
}

func packed(t *testing.T, m *dns.Msg) []byte {
	t.Helper()
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// exchange sends a message over either transport, and reads one.
func exchange(t *testing.T, c net.Conn, m *dns.Msg) *dns.Msg {
	t.Helper()
	d := &dns.Conn{Conn: c}
	if err := d.WriteMsg(m); err != nil {
		t.Fatal(err)
	}
	return receive(t, c)
}

func receive(t *testing.T, c net.Conn) *dns.Msg {
	t.Helper()
	m, err := (&dns.Conn{Conn: c}).ReadMsg()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// rcode is the response code with the bits of EDNS.
func rcode(m *dns.Msg) int {
	if opt := m.IsEdns0(); opt != nil && opt.ExtendedRcode() != 0 {
		return opt.ExtendedRcode() | m.Rcode&15
	}
	return m.Rcode
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	r := start(t, server.Config{Handler: newNames()})
	change := func(f func(m *dns.Msg)) *dns.Msg {
		m := query(t, "hit.test")
		f(m)
		return m
	}
	for name, tc := range map[string]struct {
		ask  *dns.Msg
		want int
	}{
		"at once":        {query(t, "hit.test"), dns.RcodeSuccess},
		"on a goroutine": {query(t, "miss.test"), dns.RcodeSuccess},
		"two questions":  {change(func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }), dns.RcodeFormatError},
		"STATUS":         {change(func(m *dns.Msg) { m.Opcode = dns.OpcodeStatus }), dns.RcodeNotImplemented},
		"EDNS 1":         {change(func(m *dns.Msg) { m.SetEdns0(1232, false); m.IsEdns0().SetVersion(1) }), dns.RcodeBadVers},
		"panic":          {query(t, "panic.test"), dns.RcodeServerFailure},
		"later panic":    {query(t, "late-panic.test"), dns.RcodeServerFailure},
	} {
		t.Run(name, func(t *testing.T) {
			for _, network := range []string{"udp", "tcp"} {
				got := exchange(t, r.dial(network), tc.ask)
				if got.Id != tc.ask.Id || rcode(got) != tc.want {
					t.Errorf("%s: %v", network, got)
				}
				if tc.want == dns.RcodeSuccess && len(got.Answer) != 1 {
					t.Errorf("%s: %v", network, got)
				}
			}
		})
	}
}

// What is no query has no reply, and kills nothing.
func TestSilence(t *testing.T) {
	t.Parallel()
	r := start(t, server.Config{Handler: newNames()})
	c := r.dial("udp")
	response := query(t, "hit.test")
	response.Response = true
	for _, packet := range [][]byte{{}, {1}, make([]byte, 11), packed(t, response)} {
		if _, err := c.Write(packet); err != nil {
			t.Fatal(err)
		}
	}
	m := query(t, "hit.test")
	if got := exchange(t, c, m); got.Id != m.Id {
		t.Errorf("the first reply is %v", got)
	}
	for r.Stats().Replies < 1 { // it is counted when it has been sent
		time.Sleep(time.Millisecond)
	}
	if s := r.Stats(); s.Malformed != 4 || s.UDP != 5 || s.Replies != 1 || s.Hits != 1 {
		t.Errorf("stats %+v", s)
	}
}

// A header that promises a question: what a naive handler of miekg/dns panics of.
func TestHeaderOnly(t *testing.T) {
	t.Parallel()
	r := start(t, server.Config{Handler: newNames()})
	for _, network := range []string{"udp", "tcp"} {
		c := r.dial(network)
		packet := []byte{1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
		if network == "tcp" {
			packet = append([]byte{0, 12}, packet...)
		}
		if _, err := c.Write(packet); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, c); got.Id != 0x102 || got.Rcode != dns.RcodeFormatError {
			t.Errorf("%s: %v", network, got)
		}
	}
}

// Over TCP a fast answer does not wait for a slow one.
func TestOutOfOrder(t *testing.T) {
	t.Parallel()
	h := newNames()
	r := start(t, server.Config{Handler: h})
	c := r.dial("tcp")
	slow, fast := query(t, "slow.test"), query(t, "miss.test")
	d := &dns.Conn{Conn: c}
	for _, m := range []*dns.Msg{slow, fast} {
		if err := d.WriteMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	if got := receive(t, c); got.Id != fast.Id {
		t.Errorf("the first reply is %v", got)
	}
	close(h.release)
	if got := receive(t, c); got.Id != slow.Id {
		t.Errorf("the second reply is %v", got)
	}
}

// Too many at once get SERVFAIL, at once; those that were accepted their answers.
func TestOverload(t *testing.T) {
	t.Parallel()
	const most = 10
	h := newNames()
	r := start(t, server.Config{Handler: h, MaxInFlight: most})
	c := r.dial("udp")
	for range 3 * most {
		if _, err := c.Write(packed(t, query(t, "slow.test"))); err != nil {
			t.Fatal(err)
		}
	}
	count := map[int]int{}
	for range most {
		count[receive(t, c).Rcode]++
	}
	if count[dns.RcodeServerFailure] != most {
		t.Errorf("response codes %v while all places are taken", count)
	}
	close(h.release)
	for range 2 * most {
		count[receive(t, c).Rcode]++
	}
	if count[dns.RcodeSuccess] != 2*most || r.Stats().Overload != most {
		t.Errorf("response codes %v, stats %+v", count, r.Stats())
	}
}

// When the server ends, what it has accepted is answered, over both transports.
func TestDrain(t *testing.T) {
	t.Parallel()
	h := newNames()
	r := start(t, server.Config{Handler: h})
	udp, tcp := r.dial("udp"), r.dial("tcp")
	if _, err := udp.Write(packed(t, query(t, "slow.test"))); err != nil {
		t.Fatal(err)
	}
	if err := (&dns.Conn{Conn: tcp}).WriteMsg(query(t, "slow.test")); err != nil {
		t.Fatal(err)
	}
	<-h.arrived
	<-h.arrived
	r.cancel()
	close(h.release)
	for _, c := range []net.Conn{udp, tcp} {
		if got := receive(t, c); got.Rcode != dns.RcodeSuccess {
			t.Errorf("%v", got)
		}
	}
	r.stop()
}

// Under load too.
func TestDrainUnderLoad(t *testing.T) {
	t.Parallel()
	r := start(t, server.Config{Handler: newNames()})
	var wg sync.WaitGroup
	var sent, answered atomic.Int64
	for _, name := range []string{"hit.test", "miss.test"} {
		c := r.dial("udp")
		packet := packed(t, query(t, name))
		wg.Go(func() {
			// One query at a time, so that each that was sent while the server was there
			// had a place in the socket's buffer.
			buf := make([]byte, 512)
			for {
				if _, err := c.Write(packet); err != nil {
					return
				}
				sent.Add(1)
				if _, err := c.Read(buf); err != nil {
					if errors.Is(err, syscall.ECONNREFUSED) {
						sent.Add(-1) // it was not accepted
					}
					return
				}
				answered.Add(1)
			}
		})
	}
	for answered.Load() < 1000 {
		time.Sleep(time.Millisecond)
	}
	r.stop()
	wg.Wait()
	if sent.Load() != answered.Load() {
		t.Errorf("%d queries were accepted, %d answered", sent.Load(), answered.Load())
	}
}

// What takes too long at the end is given up.
func TestDrainLimit(t *testing.T) {
	t.Parallel()
	h := newNames()
	r := start(t, server.Config{Handler: h, Drain: 50 * time.Millisecond})
	c := r.dial("udp")
	if _, err := c.Write(packed(t, query(t, "slow.test"))); err != nil {
		t.Fatal(err)
	}
	<-h.arrived
	r.stop()
	if got := receive(t, c); got.Rcode != dns.RcodeServerFailure {
		t.Errorf("%v", got)
	}
}

func TestPanicIsLoggedOnce(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.ErrorLevel)
	r := start(t, server.Config{Handler: newNames(), Logger: zap.New(core)})
	for range 3 {
		exchange(t, r.dial("udp"), query(t, "panic.test"))
		exchange(t, r.dial("tcp"), query(t, "late-panic.test"))
	}
	if logs.Len() != 1 || r.Stats().Panics != 6 {
		t.Errorf("%d lines, stats %+v", logs.Len(), r.Stats())
	}
}

func TestTCPLimits(t *testing.T) {
	t.Parallel()
	r := start(t, server.Config{Handler: newNames(), MaxTCP: 2, TCPIdle: 100 * time.Millisecond})
	a, b := r.dial("tcp"), r.dial("tcp")
	exchange(t, a, query(t, "hit.test"))
	exchange(t, b, query(t, "hit.test"))
	if _, err := r.dial("tcp").Read(make([]byte, 1)); err == nil {
		t.Error("a third connection is served")
	}
	if s := r.Stats(); s.Conns != 2 || s.ConnsRefused != 1 {
		t.Errorf("stats %+v", s)
	}
	// Half a message is not waited for.
	if _, err := a.Write([]byte{0, 100, 1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("error %v", err)
	}
	if _, err := b.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the idle connection: error %v", err)
	}
}

// A message of 65,535 bytes of rubbish over TCP ends that connection only.
func TestTCPRubbish(t *testing.T) {
	t.Parallel()
	r := start(t, server.Config{Handler: newNames()})
	c := r.dial("tcp")
	msg := make([]byte, 2+65535)
	binary.BigEndian.PutUint16(msg, 65535)
	if _, err := c.Write(msg); err != nil {
		t.Fatal(err)
	}
	_, _ = c.Read(make([]byte, 512))
	exchange(t, r.dial("tcp"), query(t, "hit.test"))
}

func TestListenErrors(t *testing.T) {
	t.Parallel()
	r := start(t, server.Config{Handler: newNames()})
	_, err := server.Listen(server.Config{Addrs: r.Addrs(), Handler: newNames()})
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), r.Addrs()[0].String()) {
		t.Errorf("error %v", err)
	}
	_, err = server.Listen(server.Config{Addrs: []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:0")}, Handler: newNames()})
	if err == nil || !strings.Contains(err.Error(), "name the addresses") {
		t.Errorf("error %v", err)
	}
	_, err = server.Listen(server.Config{Addrs: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:0")}, Handler: newNames()})
	if !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("error %v", err)
	}
	// An IPv6 address that cannot be had is left out.
	s, err := server.Listen(server.Config{Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0"), netip.MustParseAddrPort("[2001:db8::1]:0")}, Handler: newNames()})
	if err != nil || len(s.Addrs()) != 1 {
		t.Fatalf("%v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestIPv6(t *testing.T) {
	t.Parallel()
	addr := netip.MustParseAddrPort("[::1]:0")
	if l, err := net.Listen("tcp6", addr.String()); err != nil {
		t.Skip("there is no IPv6: " + err.Error())
	} else {
		_ = l.Close()
	}
	r := start(t, server.Config{Addrs: []netip.AddrPort{addr}, Handler: newNames(), Sockets: 2})
	for _, name := range []string{"hit.test", "miss.test"} {
		if got := exchange(t, r.dial("udp"), query(t, name)); len(got.Answer) != 1 {
			t.Errorf("%v", got)
		}
	}
}

// No datagram ends the server.
func FuzzDatagram(f *testing.F) {
	for _, seed := range [][]byte{{1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, {1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'h', 'i', 't', 0, 0, 1, 0, 1}, nil} {
		f.Add(seed)
	}
	s, err := server.Listen(server.Config{Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Handler: newNames()})
	if err != nil {
		f.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	f.Cleanup(func() { cancel(); <-ended })
	f.Fuzz(func(t *testing.T, packet []byte) {
		c, err := net.Dial("udp", s.Addrs()[0].String())
		if err != nil {
			t.Skip(err.Error())
		}
		defer func() { _ = c.Close() }()
		if _, err := c.Write(packet); err != nil {
			return
		}
		m := new(dns.Msg).SetQuestion("hit.test.", dns.TypeA)
		b, _ := m.Pack()
		_, _ = c.Write(b)
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		buf := make([]byte, 4096)
		for {
			n, err := c.Read(buf)
			if err != nil {
				t.Fatalf("after %x the server is silent: %v", packet, err)
			}
			if n >= 2 && binary.BigEndian.Uint16(buf) == m.Id {
				return
			}
		}
	})
}

// A hit costs no allocation.
func BenchmarkHit(b *testing.B) {
	s, err := server.Listen(server.Config{Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Handler: newNames()})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	c, err := net.Dial("udp", s.Addrs()[0].String())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	m, _ := new(dns.Msg).SetQuestion("hit.test.", dns.TypeA).Pack()
	buf := make([]byte, 512)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(m); err != nil {
			b.Fatal(err)
		}
		if _, err := c.Read(buf); err != nil {
			b.Fatal(err)
		}
	}
}
