package upstream

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

const (
	maxConns  = 2  // per server
	maxOnConn = 64 // questions that wait on one connection, before another is opened
	// idleConn is when a connection that nobody uses is closed; servers do it no later
	// than that (RFC 7766 6.2.3).
	idleConn = 10 * time.Second
	// dialFor bounds the opening of a connection, and a write.
	dialFor = 2 * time.Second
)

var errLost = errors.New("the connection was closed")

// pool is the connections to one server.
type pool struct {
	server *server
	mu     sync.Mutex
	closed bool
	conns  []*conn
}

// conn is a connection on which questions are asked while others wait (RFC 7766 6.2.1.1).
type conn struct {
	net.Conn
	mu      sync.Mutex // also of writes
	lost    bool
	waiting map[uint16]chan []byte
}

func (p *pool) init(s *server) { p.server = s }

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.conns {
		_ = c.Close()
	}
}

// askTCP asks a server over TCP. If a connection is lost that had been open, the
// question is asked once more on a new one.
func (s *server) askTCP(ctx context.Context, q Question, deadline time.Time) (wire.Answer, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	for fresh := false; ; fresh = true {
		c, old, err := s.tcp.get(ctx, fresh)
		if err != nil {
			s.unreachable(plainError(err))
			return wire.Answer{}, fmt.Errorf("cannot connect: %w", plainError(err))
		}
		answer, err := s.exchange(ctx, c, q)
		if errors.Is(err, errLost) && old && !fresh {
			continue
		}
		return answer, err
	}
}

// exchange sends a question on a connection and waits for the answer.
func (s *server) exchange(ctx context.Context, c *conn, q Question) (wire.Answer, error) {
	id, reply, err := c.register()
	if err != nil {
		return wire.Answer{}, err
	}
	defer c.forget(id)
	msg := s.appendQuery(make([]byte, 2, wire.MinUDP), id, q.Name, q, !s.knowsEDNS())
	binary.BigEndian.PutUint16(msg, uint16(len(msg)-2))
	s.asked.Add(1)
	s.overTCP.Add(1)
	sent := time.Now()
	if err := c.send(msg); err != nil {
		return wire.Answer{}, errLost
	}
	select {
	case got, ok := <-reply:
		if !ok {
			return wire.Answer{}, errLost
		}
		answer, err := wire.ParseAnswer(got, wire.Asked{ID: id, Question: q.Name})
		if err != nil {
			return answer, err
		}
		s.heard(time.Since(sent), answer.Kind == wire.Failure)
		return answer, nil
	case <-ctx.Done():
		return wire.Answer{}, ErrTimeout
	}
}

// get returns a connection, and whether it was open before.
func (p *pool) get(ctx context.Context, fresh bool) (c *conn, old bool, err error) {
	p.mu.Lock()
	var least *conn
	for _, c := range p.conns {
		if least == nil || c.load() < least.load() {
			least = c
		}
	}
	full := len(p.conns) >= maxConns
	p.mu.Unlock()
	if least != nil && !fresh && (full || least.load() < maxOnConn) {
		return least, true, nil
	}
	dialer := net.Dialer{Timeout: dialFor}
	nc, err := dialer.DialContext(ctx, "tcp", p.server.addr.String())
	if err != nil {
		return nil, false, err
	}
	c = &conn{Conn: nc, waiting: map[uint16]chan []byte{}}
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.conns = append(p.conns, c)
	}
	p.mu.Unlock()
	if closed || !p.server.c.spawn(func() { p.read(c) }) {
		p.remove(c)
		return nil, false, ErrClosed
	}
	return c, false, nil
}

// read gives answers to those who wait for them, until the connection is lost or
// nobody has used it for long.
func (p *pool) read(c *conn) {
	defer p.remove(c)
	var head [2]byte
	for {
		if err := c.SetReadDeadline(time.Now().Add(idleConn)); err != nil {
			return
		}
		if n, err := io.ReadFull(c, head[:]); err != nil {
			if n == 0 && c.load() > 0 && errors.Is(err, os.ErrDeadlineExceeded) {
				continue
			}
			return
		}
		msg := make([]byte, binary.BigEndian.Uint16(head[:]))
		if _, err := io.ReadFull(c, msg); err != nil {
			return
		}
		c.deliver(msg)
	}
}

func (p *pool) remove(c *conn) {
	p.mu.Lock()
	for i := range p.conns {
		if p.conns[i] == c {
			p.conns = append(p.conns[:i], p.conns[i+1:]...)
			break
		}
	}
	p.mu.Unlock()
	_ = c.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = true
	for id, reply := range c.waiting {
		close(reply)
		delete(c.waiting, id)
	}
}

// load is how many wait for answers.
func (c *conn) load() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting)
}

// register reserves an ID.
func (c *conn) register() (id uint16, reply chan []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost {
		return 0, nil, errLost
	}
	for {
		id = uint16(rand.Uint32())
		if c.waiting[id] == nil {
			break
		}
	}
	reply = make(chan []byte, 1)
	c.waiting[id] = reply
	return id, reply, nil
}

func (c *conn) forget(id uint16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}

// send writes a message.
func (c *conn) send(msg []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.SetWriteDeadline(time.Now().Add(dialFor)); err != nil {
		return err
	}
	_, err := c.Write(msg)
	return err
}

// deliver gives a message to who waits for its ID.
func (c *conn) deliver(msg []byte) {
	if len(msg) < 2 {
		return
	}
	id := binary.BigEndian.Uint16(msg)
	c.mu.Lock()
	defer c.mu.Unlock()
	if reply := c.waiting[id]; reply != nil {
		delete(c.waiting, id)
		reply <- msg
	}
}
