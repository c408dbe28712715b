// Package server takes DNS queries over UDP and TCP on addresses of this host, and sends
// the replies that a Handler gives.
//
// What surprises most: a datagram whose reply is in memory is answered in the loop that
// reads, 32 at a time and without an allocation, as most of what a query costs is the
// kernel's work (facts/dns.md 3). Everything else gets a goroutine, of which there are
// so many at most, and then a queue; what is more is answered with SERVFAIL, since musl
// waits 5 s for what is REFUSED or dropped.
package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// Handler gives replies.
type Handler interface {
	// Answer appends the reply to q to dst if it can be given at once from memory. It
	// is called in the read loop: it does not block, and should not allocate. now is the
	// time since the server was made, read once for several queries.
	Answer(dst []byte, q *wire.Query, now time.Duration) ([]byte, bool)
	// Resolve appends the reply to q to dst. It runs on a goroutine of its own, may
	// take seconds, and always gives a reply. q is the goroutine's own. ctx ends when
	// the server gives up draining.
	Resolve(ctx context.Context, dst []byte, q *wire.Query) []byte
}

// Config is what a Server may be told.
type Config struct {
	// Addrs are where it listens. Default 127.0.0.1:53 and [::1]:53. An IPv6 address
	// is left out if the host has no IPv6 and there is another address. On a
	// loopback address only loopback clients are served.
	Addrs []netip.AddrPort
	// Handler gives the replies.
	Handler Handler
	// MaxInFlight is how many queries are resolved at once. Default 1000. As many again
	// may wait.
	MaxInFlight int
	// MaxTCP is how many connections there are at once. Default 100. More are closed.
	MaxTCP int
	// TCPIdle is when a connection is closed that says nothing. Default 10 s (RFC 7766
	// 6.2.3 wants a few).
	TCPIdle time.Duration
	// Drain bounds what is done after Run's ctx has ended. Default 2 s.
	Drain time.Duration
	// Sockets is how many sockets share a UDP address (SO_REUSEPORT). Default 1; with
	// four processors and more half as many, up to 4: below that it costs more than it gains.
	Sockets int
	// Logger. Default: none.
	Logger *zap.Logger
}

// Server is made by Listen.
type Server struct {
	cfg     Config
	start   time.Time
	addrs   []netip.AddrPort
	udps    []*udpSocket
	tcps    []*net.TCPListener
	work    work
	ctx     context.Context // of Resolve
	cancel  context.CancelFunc
	stop    atomic.Bool // no new connections and messages over TCP
	conns   conns
	closing sync.Once

	udpQueries, tcpQueries, replies, hits  atomic.Uint64
	malformed, foreign, overload, unsent   atomic.Uint64
	formErr, notImp, badVers, panics, many atomic.Uint64

	results results
	latency latency
}

// Listen binds all addresses. An error names the address, and what to do about it.
func Listen(cfg Config) (*Server, error) {
	s := &Server{cfg: cfg, start: time.Now()}
	s.defaults()
	s.ctx, s.cancel = context.WithCancel(context.Background())
	var skipped error
	for _, addr := range s.cfg.Addrs {
		err := s.bind(addr)
		switch {
		case err == nil:
		case addr.Addr().Is6() && len(s.cfg.Addrs) > 1 && (errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)):
			skipped = err
		default:
			s.close()
			return nil, err
		}
	}
	if len(s.addrs) == 0 {
		s.close()
		return nil, skipped
	}
	if skipped != nil {
		s.cfg.Logger.Debug(skipped.Error() + ": there is no IPv6")
	}
	return s, nil
}

func (s *Server) defaults() {
	c := &s.cfg
	if len(c.Addrs) == 0 {
		c.Addrs = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53"), netip.MustParseAddrPort("[::1]:53")}
	}
	if c.MaxInFlight <= 0 {
		c.MaxInFlight = 1000
	}
	if c.MaxTCP <= 0 {
		c.MaxTCP = 100
	}
	if c.TCPIdle <= 0 {
		c.TCPIdle = 10 * time.Second
	}
	if c.Drain <= 0 {
		c.Drain = 2 * time.Second
	}
	if n := runtime.GOMAXPROCS(0); c.Sockets <= 0 {
		c.Sockets = 1
		if n >= 4 {
			c.Sockets = min(n/2, 4)
		}
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	s.work.most = c.MaxInFlight
	s.conns.most = c.MaxTCP
}

// bind opens the sockets of one address. TCP comes first: two processes can share a UDP
// address by SO_REUSEPORT, which would go unnoticed.
func (s *Server) bind(addr netip.AddrPort) error {
	if addr.Addr().IsUnspecified() {
		return fmt.Errorf("cannot listen on %s: answers would come from another address than was asked; name the addresses", addr)
	}
	network := "4"
	if addr.Addr().Is6() {
		network = "6"
	}
	for range 16 { // port 0 may be free for TCP and taken for UDP
		tcp, err := net.ListenTCP("tcp"+network, net.TCPAddrFromAddrPort(addr))
		if err != nil {
			return bindError(addr, "TCP", err)
		}
		bound := tcp.Addr().(*net.TCPAddr).AddrPort()
		udps, err := s.bindUDP(network, bound)
		if err == nil {
			s.tcps, s.udps, s.addrs = append(s.tcps, tcp), append(s.udps, udps...), append(s.addrs, bound)
			return nil
		}
		_ = tcp.Close()
		if addr.Port() != 0 || !errors.Is(err, syscall.EADDRINUSE) {
			return bindError(addr, "UDP", err)
		}
	}
	return fmt.Errorf("cannot listen on %s: no port is free for both UDP and TCP", addr)
}

func (s *Server) bindUDP(network string, addr netip.AddrPort) (all []*udpSocket, err error) {
	for range s.cfg.Sockets {
		u, err := newUDPSocket(s, network, addr, s.cfg.Sockets > 1)
		if err != nil {
			for _, u := range all {
				u.close()
			}
			return nil, err
		}
		all = append(all, u)
	}
	return all, nil
}

// bindError says what can be done.
func bindError(addr netip.AddrPort, transport string, err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	remedy := ""
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		remedy = ": another program of this container or pod listens there"
	case errors.Is(err, syscall.EACCES):
		remedy = ": run it as root, with the capability NET_BIND_SERVICE, or with the sysctl net.ipv4.ip_unprivileged_port_start=0"
	}
	return fmt.Errorf("cannot listen on %s (%s): %w%s", addr, transport, err, remedy)
}

// Addrs are the addresses that are listened on.
func (s *Server) Addrs() []netip.AddrPort { return s.addrs }

// Run serves until ctx ends. Then what the sockets have got by that time is read, and
// whatever was accepted gets its reply, within Config.Drain.
func (s *Server) Run(ctx context.Context) error {
	var loops, accepts sync.WaitGroup
	for _, u := range s.udps {
		loops.Go(u.run)
	}
	for _, l := range s.tcps {
		accepts.Go(func() { s.accept(l) })
	}
	<-ctx.Done()
	s.stop.Store(true)
	giveUp := time.AfterFunc(s.cfg.Drain, s.cancel)
	defer giveUp.Stop()
	for _, u := range s.udps {
		u.interrupt()
	}
	for _, l := range s.tcps {
		_ = l.Close()
	}
	loops.Wait()
	accepts.Wait()
	s.conns.interrupt()
	for s.drainUDP() {
		s.work.wait()
	}
	s.conns.wait()
	s.work.wait()
	s.close()
	return nil
}

// drainUDP answers what is in the sockets, and tells whether there was anything to wait for.
func (s *Server) drainUDP() (more bool) {
	for _, u := range s.udps {
		more = u.drain() || more
	}
	return more && s.ctx.Err() == nil
}

// Close ends a Server that was never Run. After Run it does nothing.
func (s *Server) Close() error {
	s.close()
	return nil
}

func (s *Server) close() {
	s.closing.Do(func() {
		s.cancel()
		for _, u := range s.udps {
			u.close()
		}
		for _, l := range s.tcps {
			_ = l.Close()
		}
	})
}

// refusal gives the reply to what is not answered by Handler, and counts it.
func (s *Server) refusal(dst []byte, q *wire.Query, verdict wire.Verdict) []byte {
	switch verdict {
	case wire.FormErr:
		s.formErr.Add(1)
	case wire.NotImp:
		s.notImp.Add(1)
	case wire.BadVers:
		s.badVers.Add(1)
	}
	s.results.add(verdict.Rcode())
	return wire.AppendReply(dst, q, verdict.Rcode())
}

// overloaded gives the reply to a query when there are too many, and counts it.
func (s *Server) overloaded(dst []byte, q *wire.Query) []byte {
	s.overload.Add(1)
	s.results.add(wire.RcodeServFail)
	return wire.AppendReply(dst, q, wire.RcodeServFail)
}

// Stats are counts since Listen.
type Stats struct {
	UDP, TCP uint64 // queries
	Replies  uint64
	Hits     uint64 // replies of Handler.Answer

	// Malformed are datagrams that are no queries, and stay unanswered; NotLoopback
	// came from other hosts, and do, too; Overload were too many at once, and got SERVFAIL;
	// Unsent are replies that the system did not take.
	Malformed, NotLoopback, Overload, Unsent uint64
	// FormErr, NotImp and BadVers were answered with these response codes.
	FormErr, NotImp, BadVers uint64
	// Results are replies by response code, the last one of all others.
	Results [NumResults]uint64
	// Latency is how long they took.
	Latency Latency
	// Panics are of Handler; the query got SERVFAIL.
	Panics uint64
	// InFlight are being resolved, Waiting are to be.
	InFlight, Waiting int
	// Conns are open now; ConnsRefused were closed as there were too many.
	Conns        int
	ConnsRefused uint64
}

// Stats returns the counts as of now.
func (s *Server) Stats() Stats {
	inFlight, waiting := s.work.load()
	return Stats{
		UDP: s.udpQueries.Load(), TCP: s.tcpQueries.Load(), Replies: s.replies.Load(), Hits: s.hits.Load(),
		Malformed: s.malformed.Load(), NotLoopback: s.foreign.Load(), Overload: s.overload.Load(), Unsent: s.unsent.Load(),
		FormErr: s.formErr.Load(), NotImp: s.notImp.Load(), BadVers: s.badVers.Load(), Panics: s.panics.Load(),
		InFlight: inFlight, Waiting: waiting, Conns: s.conns.count(), ConnsRefused: s.many.Load(),
		Results: s.results.load(), Latency: s.latency.load(),
	}
}
