package server

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// maxPipelined is how many queries of one connection are resolved at once. More are not
// read before one of them has its reply.
const maxPipelined = 64

// writeFor bounds how long a client may take no replies.
const writeFor = 5 * time.Second

// conns are the connections that are open.
type conns struct {
	most int
	mu   sync.Mutex
	open map[*tcpConn]struct{}
	wg   sync.WaitGroup
}

// add returns false if there are too many.
func (c *conns) add(conn *tcpConn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) >= c.most {
		return false
	}
	if c.open == nil {
		c.open = map[*tcpConn]struct{}{}
	}
	c.open[conn] = struct{}{}
	return true
}

func (c *conns) remove(conn *tcpConn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

func (c *conns) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open)
}

// lastQueries is how long a connection is read from that has sent nothing more when the
// server ends: what it has sent is there by then.
const lastQueries = 5 * time.Millisecond

// interrupt has no more queries read than those that are there.
func (c *conns) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		_ = conn.SetReadDeadline(time.Now().Add(lastQueries))
	}
}

func (c *conns) wait() { c.wg.Wait() }

// accept serves those who connect, until the listener is closed.
func (s *Server) accept(l *net.TCPListener) {
	loopback := l.Addr().(*net.TCPAddr).IP.IsLoopback()
	for {
		nc, err := l.AcceptTCP()
		if err != nil {
			if s.stop.Load() || s.ctx.Err() != nil {
				return
			}
			time.Sleep(acceptPause) // out of file descriptors: others will be closed
			continue
		}
		conn := &tcpConn{Conn: nc, s: s, room: make(chan struct{}, maxPipelined)}
		peer, _ := nc.RemoteAddr().(*net.TCPAddr)
		switch {
		case loopback && (peer == nil || !peer.IP.IsLoopback()):
			s.foreign.Add(1)
			_ = nc.Close()
		case !s.conns.add(conn):
			s.many.Add(1)
			_ = nc.Close()
		default:
			s.conns.wg.Go(conn.serve)
		}
	}
}

const acceptPause = 10 * time.Millisecond

// tcpConn is a client's connection. Replies come in the order in which they are known
// (RFC 7766 6.2.1.1).
type tcpConn struct {
	net.Conn
	s     *Server
	room  chan struct{} // for queries that are resolved
	write sync.Mutex
	wg    sync.WaitGroup
}

// serve reads queries, until the client goes or says nothing for long.
func (c *tcpConn) serve() {
	defer func() {
		c.wg.Wait()
		_ = c.Close()
		c.s.conns.remove(c)
	}()
	var head [2]byte
	for {
		_ = c.SetReadDeadline(time.Now().Add(c.s.cfg.TCPIdle))
		if c.s.stop.Load() { // the deadline that interrupt set has just been overwritten
			_ = c.SetReadDeadline(time.Now().Add(lastQueries))
		}
		if c.s.ctx.Err() != nil {
			return
		}
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return
		}
		packet := make([]byte, binary.BigEndian.Uint16(head[:]))
		if _, err := io.ReadFull(c, packet); err != nil {
			return
		}
		if !c.handle(packet) {
			return
		}
	}
}

// handle answers a message. It returns false if the connection is of no more use.
func (c *tcpConn) handle(packet []byte) bool {
	s, at := c.s, time.Since(c.s.start)
	s.tcpQueries.Add(1)
	q := new(wire.Query)
	verdict := q.Parse(packet)
	q.Limit = wire.MaxMessage
	switch verdict {
	case wire.Drop:
		s.malformed.Add(1)
		return false // who sends rubbish may have lost count of the bytes
	case wire.Ask:
	default:
		return c.send(s.refusal(frame(), q, verdict), at)
	}
	if reply, ok := c.atOnce(q, at); ok {
		s.hits.Add(1)
		return c.send(reply, at)
	}
	c.room <- struct{}{}
	c.wg.Add(1)
	ok := s.work.submit(func() {
		defer func() { <-c.room; c.wg.Done() }()
		c.send(append(frame(), s.resolve(q)...), at)
	})
	if ok {
		return true
	}
	<-c.room
	c.wg.Done()
	return c.send(s.overloaded(frame(), q), at)
}

// atOnce gives the reply that is in memory.
func (c *tcpConn) atOnce(q *wire.Query, now time.Duration) (reply []byte, ok bool) {
	body := []byte(nil)
	func() {
		defer c.s.recovered(q, &body)
		body, ok = c.s.cfg.Handler.Answer(nil, q, now)
		if ok {
			c.s.results.addReply(body)
		}
	}()
	if !ok && len(body) == 0 {
		return nil, false
	}
	return append(frame(), body...), true
}

// frame is the beginning of a message: room for its length.
func frame() []byte { return make([]byte, 2, wire.MinUDP) }

// send sends a message whose first two bytes are to become its length, in reply to what
// was read at that time.
func (c *tcpConn) send(msg []byte, at time.Duration) bool {
	if len(msg) <= 2 || len(msg) > wire.MaxMessage+2 {
		return false
	}
	binary.BigEndian.PutUint16(msg, uint16(len(msg)-2))
	c.write.Lock()
	defer c.write.Unlock()
	_ = c.SetWriteDeadline(time.Now().Add(writeFor))
	if _, err := c.Write(msg); err != nil {
		c.s.unsent.Add(1)
		return false
	}
	c.s.replies.Add(1)
	c.s.latency.observe(time.Since(c.s.start)-at, 1)
	return true
}
