package upstream

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// try is one datagram to a server, and the wait for the answer to it. It has a
// socket of its own: whoever forges answers has to guess its port, no connection
// tracking takes two of them for one, and when nobody listens, the system says so at once.
type try struct {
	server *server
	again  bool // not the first to this server with this question
	plain  bool // without EDNS
	exact  bool // in a case of its own
	sock   socket
	id     uint16
	name   []byte // name, type and class as sent
	packet []byte
	sent   time.Time
}

// socket is connected to a server.
type socket interface {
	io.ReadWriteCloser
	SetReadDeadline(t time.Time) error
}

// lingerFor is how long the answer of a server is waited for that nobody needs any more.
const lingerFor = time.Second

// newTry prepares a question to a server.
func newTry(s *server, q Question, plain bool) *try {
	t := &try{server: s, name: q.Name, id: uint16(rand.Uint32())}
	t.plain = plain || !s.knowsEDNS()
	if s.c.cfg.Encode0x20 && !s.near && !s.addr.Addr().IsPrivate() && !s.mixesCase.Load() {
		t.name, t.exact = mixCase(q.Name), true
	}
	t.packet = s.appendQuery(nil, t.id, t.name, q, t.plain)
	return t
}

// appendQuery appends the message that asks a question.
func (s *server) appendQuery(dst []byte, id uint16, name []byte, q Question, plain bool) []byte {
	flags := uint16(wire.FlagRD)
	if q.CD {
		flags |= wire.FlagCD
	}
	size, options := s.c.cfg.UDPSize, []byte(nil)
	if plain {
		size = 0
	} else if s.near {
		options = s.c.loopOption()
	}
	return wire.AppendQuery(dst, id, flags, name, size, q.DO, options)
}

// send opens the socket and sends the question.
func (t *try) send() error {
	c := t.server.c
	sock, err := c.dial(t.server.addr)
	if err != nil {
		t.server.unreachable(err)
		return err
	}
	t.sock, t.sent = sock, time.Now()
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		t.close()
		return ErrClosed
	}
	c.tries[t] = struct{}{}
	c.mu.Unlock()
	t.server.asked.Add(1)
	if _, err := sock.Write(t.packet); err != nil {
		t.close()
		err = plainError(err)
		t.server.unreachable(err)
		return err
	}
	return nil
}

// read waits for the answer until a time. What answers another question is passed over.
func (t *try) read(ctx context.Context, until time.Time) (wire.Answer, error) {
	c := t.server.c
	buf := c.buffer()
	defer c.pool.Put(buf)
	if err := t.sock.SetReadDeadline(until); err != nil {
		return wire.Answer{}, err
	}
	if ctx.Err() != nil { // since abort may have come before the deadline was set
		return wire.Answer{}, context.Cause(ctx)
	}
	asked := wire.Asked{ID: t.id, Question: t.name, Exact: t.exact}
	wrongCase := false
	for {
		n, err := t.sock.Read(*buf)
		switch {
		case errors.Is(err, io.EOF): // an empty datagram
			continue
		case errors.Is(err, os.ErrDeadlineExceeded):
			if c.ctx.Err() != nil {
				return wire.Answer{}, ErrClosed
			}
			if wrongCase {
				t.server.mixesCase.Store(true) // the next try is not exact
			}
			return wire.Answer{}, os.ErrDeadlineExceeded
		case err != nil:
			err = plainError(err)
			t.server.unreachable(err)
			return wire.Answer{}, err
		}
		answer, err := wire.ParseAnswer((*buf)[:n], asked)
		if errors.Is(err, wire.ErrForeign) {
			if asked.Exact && !wrongCase {
				loose := asked
				loose.Exact = false
				_, err := wire.ParseAnswer((*buf)[:n], loose)
				wrongCase = err == nil
			}
			continue
		}
		t.server.heard(time.Since(t.sent), err != nil || answer.Kind == wire.Failure)
		return answer, err
	}
}

// hurry has read end soon.
func (t *try) hurry() { _ = t.sock.SetReadDeadline(t.sent.Add(lingerFor)) }

// abort has read end now.
func (t *try) abort() { _ = t.sock.SetReadDeadline(time.Unix(1, 0)) }

func (t *try) close() {
	_ = t.sock.Close()
	c := t.server.c
	c.mu.Lock()
	delete(c.tries, t)
	c.mu.Unlock()
	if c.cfg.QueryPort > 0 {
		c.port.Unlock()
	}
}

// buffer has room for the largest datagram.
func (c *Client) buffer() *[]byte {
	if b, ok := c.pool.Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, max(4096, int(c.cfg.UDPSize)))
	return &b
}

// plainError is the error without the names of a file and a system call that mean
// nothing to who reads it.
func plainError(err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	return err
}

// mixCase returns a question whose name has its letters in random case.
func mixCase(question []byte) []byte {
	mixed := append([]byte(nil), question...)
	bits, left := rand.Uint64(), 64
	for i := 0; i < len(mixed)-4; i++ {
		c := mixed[i] | 0x20
		if c < 'a' || c > 'z' {
			continue
		}
		if left == 0 {
			bits, left = rand.Uint64(), 64
		}
		mixed[i] = c &^ byte(bits&1<<5)
		bits, left = bits>>1, left-1
	}
	return mixed
}
