package upstream

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// loopCode is the EDNS option that our own questions carry to servers of this host: one
// for private use (RFC 6891 9). A forwarder such as Docker's passes it on, and so
// the question is known when it comes back.
const loopCode = 65302

// loopOption is the option with our nonce, in wire form.
func (c *Client) loopOption() []byte {
	option := make([]byte, 4, 12)
	binary.BigEndian.PutUint16(option, loopCode)
	option[3] = byte(len(c.nonce))
	return append(option, c.nonce[:]...)
}

// Looped tells whether a client's query is one of our own questions: a server asks us what
// we ask it. Without this, one question became 2,050 datagrams (facts).
func (c *Client) Looped(q *wire.Query) bool {
	for options := q.Options; len(options) >= 4; {
		n := int(binary.BigEndian.Uint16(options[2:]))
		if len(options) < 4+n {
			break
		}
		if binary.BigEndian.Uint16(options) == loopCode && bytes.Equal(options[4:4+n], c.nonce[:]) {
			c.warnOnce("a nameserver asks this forwarder what it is asked by it: names that it does not know itself cannot be resolved. " +
				"Give the container a nameserver other than 127.0.0.1, as with docker run --dns")
			return true
		}
		options = options[4+n:]
	}
	if c.probing.Load() == 0 || q.Type != wire.TypeTXT {
		return false
	}
	found, ok := c.probes.Load(string(bytes.ToLower(q.Name())))
	if !ok {
		return false
	}
	s, _ := found.(*server)
	if !s.looping.Swap(true) {
		c.cfg.Logger.Warn("nameserver " + s.addr.String() + " sends the questions that it is asked back to this forwarder: it is not asked any more. " +
			"Give the container another nameserver, as with docker run --dns")
	}
	return true
}

// probeFor is how long a loop may take.
const probeFor = time.Second

// Probe asks servers for names that nobody else asks for. Whose question comes back to us,
// as Looped finds, is not asked any more; who was not asked before is, if it no
// longer comes back. It takes a second at most.
func (c *Client) Probe(ctx context.Context, servers []netip.AddrPort) {
	var wg sync.WaitGroup
	for _, addr := range servers {
		addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
		if c.isOwn(addr) {
			continue
		}
		s := c.server(addr)
		wg.Add(1)
		if !c.spawn(func() { defer wg.Done(); s.probeLoop(ctx) }) {
			wg.Done()
		}
	}
	wg.Wait()
}

func (s *server) probeLoop(ctx context.Context) {
	c := s.c
	s.looping.Store(false)
	label := make([]byte, 8)
	binary.BigEndian.PutUint64(label, rand.Uint64())
	name := append([]byte{16}, hex.EncodeToString(label)...)
	name = append(name, "\x04test\x00"...)
	c.probes.Store(string(name), s)
	c.probing.Add(1)
	defer func() {
		c.probes.Delete(string(name))
		c.probing.Add(-1)
	}()
	t := newTry(s, Question{Name: append(name, 0, wire.TypeTXT, 0, wire.ClassIN)}, false)
	if t.send() != nil {
		return
	}
	defer t.close()
	defer context.AfterFunc(ctx, t.abort)()
	_, _ = t.read(ctx, time.Now().Add(probeFor))
}
