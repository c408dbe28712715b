package reach

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"syscall"
)

// pinger sends pings to any number of hosts from one socket for each family.
type pinger struct {
	token   [8]byte // in our pings
	id      uint16
	v4, v6  net.PacketConn // nil: not possible
	err     error          // why
	err6    error
	mu      sync.Mutex
	waiting map[netip.Addr]chan struct{} // closed when an answer comes
	heard   map[netip.Addr]bool
	wg      sync.WaitGroup
}

// newPinger opens the sockets that the targets need: unprivileged ones, or raw ones
// where these are not allowed (ping_group_range is empty).
func newPinger(targets []Target) *pinger {
	p := &pinger{id: uint16(rand.Uint32()), waiting: map[netip.Addr]chan struct{}{}, heard: map[netip.Addr]bool{}}
	for i := range p.token {
		p.token[i] = byte(rand.Uint32())
	}
	need4, need6 := false, false
	for _, t := range targets {
		need4, need6 = need4 || t.Addr.Unmap().Is4(), need6 || t.Addr.Unmap().Is6()
	}
	if need4 {
		p.v4, p.err = open(false, "ip4:icmp")
	}
	if need6 {
		p.v6, p.err6 = open(true, "ip6:ipv6-icmp")
	}
	for _, c := range []net.PacketConn{p.v4, p.v6} {
		if c != nil {
			p.wg.Go(func() { p.read(c) })
		}
	}
	return p
}

func open(v6 bool, raw string) (net.PacketConn, error) {
	c, err := listen(v6)
	if err != nil {
		if c, rawErr := net.ListenPacket(raw, ""); rawErr == nil {
			return c, nil
		}
	}
	return c, err
}

func (p *pinger) close() {
	for _, c := range []net.PacketConn{p.v4, p.v6} {
		if c != nil {
			_ = c.Close()
		}
	}
	p.wg.Wait()
}

func (p *pinger) conn(addr netip.Addr) net.PacketConn {
	if addr.Unmap().Is4() {
		return p.v4
	}
	return p.v6
}

// can tells whether an address can be pinged.
func (p *pinger) can(addr netip.Addr) bool { return p.conn(addr) != nil }

// why tells why not.
func (p *pinger) why(addr netip.Addr) error {
	if addr.Unmap().Is4() {
		return p.err
	}
	return p.err6
}

// expect returns a channel that is closed when the host answers, be it to an earlier ping.
func (p *pinger) expect(addr netip.Addr) <-chan struct{} {
	addr = addr.Unmap().WithZone("")
	p.mu.Lock()
	defer p.mu.Unlock()
	pong := p.waiting[addr]
	if pong == nil {
		pong = make(chan struct{})
		p.waiting[addr] = pong
	}
	return pong
}

// send sends one ping.
func (p *pinger) send(addr netip.Addr) error {
	c := p.conn(addr)
	to := net.Addr(&net.UDPAddr{IP: addr.Unmap().AsSlice(), Zone: addr.Zone()})
	if _, raw := c.LocalAddr().(*net.IPAddr); raw {
		to = &net.IPAddr{IP: addr.Unmap().AsSlice(), Zone: addr.Zone()}
	}
	_, err := c.WriteTo(request(addr.Unmap().Is6(), p.id, p.token[:]), to)
	if err != nil {
		if errno, ok := errors.AsType[syscall.Errno](err); ok {
			return errno
		}
	}
	return err
}

// read tells who answers, until the socket is closed.
func (p *pinger) read(c net.PacketConn) {
	buf := make([]byte, 1500)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		var addr netip.Addr
		switch a := from.(type) {
		case *net.UDPAddr:
			addr, _ = netip.AddrFromSlice(a.IP)
		case *net.IPAddr:
			addr, _ = netip.AddrFromSlice(a.IP)
		}
		addr = addr.Unmap()
		// By the data: the kernel may have put an ID of its own into a ping of an unprivileged socket.
		if bytes.Equal(reply(addr.Is6(), buf[:n]), p.token[:]) {
			p.mu.Lock()
			if pong := p.waiting[addr]; pong != nil && !p.heard[addr] {
				p.heard[addr] = true
				close(pong)
			}
			p.mu.Unlock()
		}
	}
}
