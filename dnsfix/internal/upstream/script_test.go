package upstream_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/upstream"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// request is one message that a scripted server got.
type request struct {
	*dns.Msg
	n    int // from 0, over UDP and TCP together
	tcp  bool
	from netip.AddrPort
}

// scripted is a server on UDP and TCP that does as its script says.
type scripted struct {
	t      *testing.T
	addr   netip.AddrPort
	udp    *net.UDPConn
	tcp    *net.TCPListener
	script func(request) [][]byte // what to send; nil: nothing
	wg     sync.WaitGroup

	mu    sync.Mutex
	seen  []request
	conns []net.Conn
}

func serve(t *testing.T, script func(request) [][]byte) *scripted {
	t.Helper()
	return serveAt(t, "127.0.0.1:0", script)
}

func serveAt(t *testing.T, at string, script func(request) [][]byte) *scripted {
	t.Helper()
	for range 20 {
		udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(at)))
		if err != nil {
			t.Fatal(err)
		}
		addr := udp.LocalAddr().(*net.UDPAddr).AddrPort()
		tcp, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(addr))
		if err != nil {
			_ = udp.Close()
			continue
		}
		s := &scripted{t: t, addr: addr, udp: udp, tcp: tcp, script: script}
		s.wg.Go(s.readUDP)
		s.wg.Go(s.accept)
		t.Cleanup(s.close)
		return s
	}
	t.Fatal("no port is free for both UDP and TCP")
	return nil
}

func (s *scripted) close() {
	_ = s.udp.Close()
	_ = s.tcp.Close()
	s.mu.Lock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *scripted) note(packet []byte, tcp bool, from netip.AddrPort) [][]byte {
	m := new(dns.Msg)
	if err := m.Unpack(packet); err != nil {
		s.t.Errorf("a question that is none: %v", err)
		return nil
	}
	s.mu.Lock()
	r := request{m, len(s.seen), tcp, from}
	s.seen = append(s.seen, r)
	s.mu.Unlock()
	return s.script(r)
}

func (s *scripted) readUDP() {
	buf := make([]byte, 4096)
	for {
		n, from, err := s.udp.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		for _, reply := range s.note(buf[:n], false, from) {
			_, _ = s.udp.WriteToUDPAddrPort(reply, from)
		}
	}
}

func (s *scripted) accept() {
	for {
		c, err := s.tcp.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, c)
		s.mu.Unlock()
		s.wg.Go(func() {
			defer func() { _ = c.Close() }()
			var head [2]byte
			for {
				if _, err := io.ReadFull(c, head[:]); err != nil {
					return
				}
				packet := make([]byte, binary.BigEndian.Uint16(head[:]))
				if _, err := io.ReadFull(c, packet); err != nil {
					return
				}
				replies := s.note(packet, true, netip.AddrPort{})
				if replies == nil {
					return
				}
				for _, reply := range replies {
					binary.BigEndian.PutUint16(head[:], uint16(len(reply)))
					_, _ = c.Write(append(head[:], reply...))
				}
			}
		})
	}
}

func (s *scripted) requests() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.seen...)
}

// reply answers with addresses, or with an rcode.
func reply(r request, rcode int, addrs ...string) [][]byte {
	return pack(message(r, rcode, addrs...))
}

func message(r request, rcode int, addrs ...string) *dns.Msg {
	m := new(dns.Msg).SetRcode(r.Msg, rcode)
	for _, a := range addrs {
		m.Answer = append(m.Answer, &dns.A{
			Hdr: dns.RR_Header{Name: r.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.ParseIP(a),
		})
	}
	if opt := r.IsEdns0(); opt != nil {
		m.SetEdns0(1232, opt.Do())
	}
	return m
}

func pack(m *dns.Msg) [][]byte {
	packed, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return [][]byte{packed}
}

func silence(request) [][]byte { return nil }

func answering(addr string) func(request) [][]byte {
	return func(r request) [][]byte { return reply(r, dns.RcodeSuccess, addr) }
}

// question is one for the A record of a name.
func question(t *testing.T, name string) upstream.Question {
	t.Helper()
	q, err := wire.AppendName(nil, name)
	if err != nil {
		t.Fatal(err)
	}
	return upstream.Question{Name: append(q, 0, wire.TypeA, 0, wire.ClassIN)}
}

func client(t *testing.T, cfg upstream.Config) *upstream.Client {
	t.Helper()
	c := upstream.New(cfg)
	t.Cleanup(c.Close)
	return c
}

// addresses are those in an answer.
func addresses(a wire.Answer) (all []string) {
	for data := range a.Stored.Addresses() {
		addr, _ := netip.AddrFromSlice(data)
		all = append(all, addr.String())
	}
	return all
}

// ask asks for a name, and gives the kind of the answer, its addresses and how long it took.
func ask(t *testing.T, g *upstream.Group, name string) (wire.Answer, time.Duration, error) {
	t.Helper()
	started := time.Now()
	a, err := g.Ask(context.Background(), question(t, name))
	return a, time.Since(started), err
}
