package forward

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// link is a connection.
type link interface {
	// write sends a piece from its first frame that is not settled. It
	// returns an error soon after ctx has ended.
	write(ctx context.Context, p *piece) error
	// arrived is how many bytes of all that was written need not be written
	// again. The error says that the connection is broken.
	arrived() (bytes uint64, err error)
	// whole: of the frames of a piece, none arrives before all have.
	whole() bool
	// delay is when to call arrived for the first time after a write.
	delay() time.Duration
	// gone is closed when the other side has ended the connection, and err
	// is why.
	gone() <-chan struct{}
	err() error
	// close ends it. broken: what is still under way is not wanted any more.
	close(broken bool)
}

// dialer makes links to a target.
type dialer struct {
	target  target
	tls     *tls.Config
	timeout time.Duration
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
}

func (d *dialer) connect(ctx context.Context) (link, error) {
	dialing, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	network := d.target.network
	if network == "tls" {
		network = "tcp"
	}
	raw, err := d.dial(dialing, network, d.target.address())
	switch {
	case err != nil:
		return nil, err
	case network == "udp":
		return &datagrams{conn: raw}, nil
	}
	s := &stream{raw: raw, timeout: d.timeout, ended: make(chan struct{})}
	s.conn = &counted{Conn: raw, written: &s.written}
	wait := time.Duration(0)
	if d.tls != nil {
		if wait, err = s.secure(dialing, d.tls); err != nil {
			raw.Close()
			return nil, err
		}
	}
	s.stop = context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })
	go s.read()
	if err := s.hold(ctx, wait); err != nil {
		s.close(true)
		return nil, err
	}
	return s, nil
}

// stream is a connection over TCP, with TLS or without.
type stream struct {
	raw     net.Conn      // TCP
	conn    net.Conn      // what frames are written to
	written atomic.Uint64 // bytes, to raw
	tls     *tls.Conn     // conn, or nil
	timeout time.Duration
	stop    func() bool

	ended   chan struct{} // closed when nothing can be read any more
	readErr error         // valid then
}

// counted counts what is written to a connection, TLS's own bytes too.
type counted struct {
	net.Conn
	written *atomic.Uint64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.written.Add(uint64(n))
	return n, err
}

// secure shakes hands. In TLS 1.3 a server that does not like the client's certificate,
// or misses one, says so only after the handshake, when messages would be on
// their way: wait is how long that may take.
func (s *stream) secure(ctx context.Context, config *tls.Config) (wait time.Duration, err error) {
	asked := false
	config = config.Clone()
	certificates := config.Certificates
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		asked = true
		if len(certificates) == 0 {
			return new(tls.Certificate), nil
		}
		return &certificates[0], nil
	}
	s.tls = tls.Client(s.conn, config)
	s.conn = s.tls
	begin := time.Now()
	if err := s.tls.HandshakeContext(ctx); err != nil {
		return 0, err
	}
	if asked && s.tls.ConnectionState().Version >= tls.VersionTLS13 {
		wait = max(2*time.Since(begin), 20*time.Millisecond)
	}
	return wait, nil
}

// hold waits whether the server ends the connection.
func (s *stream) hold(ctx context.Context, wait time.Duration) error {
	if wait == 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-s.ended:
		return s.readErr
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// read waits for the other side to end the connection. What it says is of no use:
// syslog goes one way. TLS hears alerts here.
func (s *stream) read() {
	defer close(s.ended)
	var buf [512]byte
	for s.readErr == nil {
		_, s.readErr = s.conn.Read(buf[:])
	}
	s.readErr = fmt.Errorf("the connection was ended: %w", s.readErr)
}

func (s *stream) write(ctx context.Context, p *piece) error {
	p.from = s.written.Load()
	s.raw.SetWriteDeadline(time.Now().Add(s.timeout))
	if err := ctx.Err(); err != nil { // else that deadline might stand
		return err
	}
	if _, err := s.conn.Write(p.data[p.at:]); err != nil {
		return err
	}
	p.to = s.written.Load()
	return nil
}

func (s *stream) arrived() (uint64, error) {
	written := s.written.Load() // first: TLS may write meanwhile
	return written - min(written, unconfirmed(s.raw)), nil
}

// whole: a piece is one TLS record, or several if it is a single long frame.
func (s *stream) whole() bool           { return s.tls != nil }
func (s *stream) delay() time.Duration  { return time.Millisecond }
func (s *stream) gone() <-chan struct{} { return s.ended }
func (s *stream) err() error            { return s.readErr }

func (s *stream) close(broken bool) {
	s.stop()
	if tcp, ok := s.raw.(*net.TCPConn); ok && broken {
		tcp.SetLinger(0) // it will be sent again
	}
	if s.tls != nil && !broken {
		s.tls.CloseWrite() // close_notify: RFC 5425, section 4.4
	}
	s.raw.Close()
	<-s.ended
}
