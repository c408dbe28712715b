// Package dnstest serves DNS as a script says: right, wrong, late, cut off, or not
// at all. It is for tests, which tell from its log what was asked, and how.
//
//	s, err := dnstest.Listen(dnstest.Config{Script: `
//		www.ok.test     *     192.0.2.1 2001:db8::1   # A and AAAA
//		slow.ok.test    A     192.0.2.2 delay:300ms
//		slow.ok.test    AAAA  silent
//		*.broken.test   *     servfail
//	`})
//
// A line is a name, a type, and words. The first line that fits both is taken. A name
// may be "*.domain" (all below the domain) or "*"; a type may be "*". A name that only
// other types have gets "no data", and one that nothing fits NXDOMAIN.
//
//	192.0.2.1, 2001:db8::1   addresses, of which the type asked for is answered
//	x40                      so many addresses of the type
//	cname:NAME               an alias, followed as far as the script knows it
//	rr DATA                  any record; DATA is all of the line's rest, as in a zone file
//	ttl:60                   of the records, in seconds
//	nodata, nxdomain, servfail, refused, formerr, notimp
//	nosoa                    with nodata or nxdomain: without the SOA record
//	silent                   no answer
//	drop:2                   no answer to the first two datagrams that the line fits
//	delay:300ms              an answer that is late
//	tc:30                    UDP: cut off after so many records, 0 too
//	oversize                 UDP: not cut off, whatever the client can take
//	noedns                   FORMERR to EDNS
//	badid, badquestion       UDP: first a reply to somebody else with Wrong or Wrong6, then the right one
//	foreign:NAME             records that belong to another name
//
// What surprises: the sockets belong to the network namespace of the thread that
// calls Listen, and go on to serve it wherever the Server is used.
package dnstest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// Config says where a Server is and what it says.
type Config struct {
	// Addr is the address for UDP and TCP. Default: 127.0.0.1 and a free port,
	// the same for both.
	Addr netip.AddrPort
	// Script is what it answers. An empty one answers NXDOMAIN to everything.
	Script string
	// NoTCP and NoUDP leave one of the two out: connections are refused.
	NoTCP, NoUDP bool
}

// Server is a DNS server that serves until Close.
type Server struct {
	addr   netip.AddrPort
	script script
	log    log
	udp    *net.UDPConn
	tcp    *net.TCPListener

	ctx    context.Context // of everything that waits
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{} // nil once closed
}

// Listen starts a Server. What is wrong with the script, it says by line.
func Listen(cfg Config) (*Server, error) {
	if !cfg.Addr.IsValid() {
		cfg.Addr = netip.MustParseAddrPort("127.0.0.1:0")
	}
	script, err := parse(cfg.Script)
	if err != nil {
		return nil, err
	}
	s := &Server{script: script, conns: map[net.Conn]struct{}{}}
	s.log.grown = make(chan struct{})
	if err := s.bind(&cfg); err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if s.udp != nil {
		s.wg.Go(s.serveUDP)
	}
	if s.tcp != nil {
		s.wg.Go(s.serveTCP)
	}
	return s, nil
}

// bind takes a port for both protocols. One that is free for UDP may be taken for TCP.
func (s *Server) bind(cfg *Config) error {
	for try := 0; ; try++ {
		err := s.bindOnce(cfg)
		if err == nil {
			return nil
		}
		if s.udp != nil {
			_ = s.udp.Close()
			s.udp = nil
		}
		if cfg.Addr.Port() != 0 || try == 9 || !errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("cannot serve DNS on %v: %w", cfg.Addr, err)
		}
	}
}

func (s *Server) bindOnce(cfg *Config) (err error) {
	s.addr = cfg.Addr
	if !cfg.NoUDP {
		if s.udp, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(s.addr)); err != nil {
			return err
		}
		s.addr = s.udp.LocalAddr().(*net.UDPAddr).AddrPort()
	}
	if !cfg.NoTCP {
		if s.tcp, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(s.addr)); err != nil {
			return err
		}
		s.addr = s.tcp.Addr().(*net.TCPAddr).AddrPort()
	}
	return nil
}

// Addr is where the Server is.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// Close ends the Server, late answers and connections with it, and waits until that is done.
func (s *Server) Close() {
	s.cancel()
	if s.udp != nil {
		_ = s.udp.Close()
	}
	if s.tcp != nil {
		_ = s.tcp.Close()
	}
	s.mu.Lock()
	for conn := range s.conns {
		_ = conn.Close()
	}
	s.conns = nil
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *Server) serveUDP() {
	buf := make([]byte, 65535)
	for {
		n, from, err := s.udp.ReadFromUDPAddrPort(buf)
		if s.ctx.Err() != nil {
			return
		}
		if err != nil {
			continue // ECONNREFUSED: a client has gone
		}
		s.handle(buf[:n], Query{UDP: true, From: from}, func(reply []byte) {
			_, _ = s.udp.WriteToUDPAddrPort(reply, from)
		})
	}
}

func (s *Server) serveTCP() {
	for {
		conn, err := s.tcp.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.conns == nil {
			s.mu.Unlock()
			_ = conn.Close()
			return
		}
		s.conns[conn] = struct{}{}
		s.mu.Unlock()
		s.wg.Go(func() { s.serveConn(conn) })
	}
}

// handle logs a message and answers it, at once if it is not to be late: what comes
// in one after the other is answered in that order.
func (s *Server) handle(message []byte, q Query, send func([]byte)) {
	q.Time = time.Now()
	replies, delay := s.answer(message, &q)
	if delay == 0 {
		sendAll(replies, send)
		return
	}
	s.wg.Go(func() {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
			sendAll(replies, send)
		case <-s.ctx.Done():
		}
	})
}

func sendAll(replies [][]byte, send func([]byte)) {
	for _, reply := range replies {
		send(reply)
	}
}
