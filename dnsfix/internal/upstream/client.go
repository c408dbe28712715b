// Package upstream asks DNS servers. A Client knows them: how fast they are, whether
// they are up, whether they know EDNS, its connections to them. A Group is those
// that one question may go to, and Group.Ask gets one answer that has been checked.
//
// What surprises most: silence counts little. A datagram is sent again from another
// port after a few round trips (one lost packet costs musl 2.5 s), the next server is asked
// when the first one is silent for long, and no server is given up because of one
// name: that takes several, and a probe says when it is back.
package upstream

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// What Ask may say instead of an answer.
var (
	// ErrNoServers: the group is empty, or all its servers are ourselves.
	ErrNoServers = errors.New("there is no server to ask")
	// ErrTimeout: no server has answered in time.
	ErrTimeout = errors.New("no server has answered in time")
	// ErrBusy: too many questions are waiting already.
	ErrBusy = errors.New("too many questions are waiting for servers")
	// ErrClosed: the Client was closed.
	ErrClosed = errors.New("the client is closed")
)

// Config is what a Client may be told. The zero value is good.
type Config struct {
	// Own are our addresses, which are never asked.
	Own []netip.AddrPort
	// UDPSize is how large datagrams with answers may be. Default 1232 (DNS flag day
	// 2020).
	UDPSize uint16
	// Encode0x20 has questions to public servers in random case, which the answer
	// must repeat: some 10 bits more that who forges answers has to guess (draft
	// vixie-dnsext-dns0x20).
	Encode0x20 bool
	// QueryPort, if above 0, is the port that all questions come from, one
	// after the other. Default: another one each time, from MinPort to MaxPort if those
	// are above 0, else of the kernel's choice.
	QueryPort, MinPort, MaxPort int
	// MaxInFlight is how many questions are asked at once. Default 1024. Four times as
	// many may wait, more get ErrBusy.
	MaxInFlight int
	// Logger. Default: none.
	Logger *zap.Logger
}

// Client knows servers. Make one with New.
type Client struct {
	cfg      Config
	nonce    [8]byte // tells our own questions
	inFlight chan struct{}
	waiting  atomic.Int64
	busy     atomic.Uint64
	port     sync.Mutex // QueryPort's
	turn     atomic.Uint64
	lastAsk  atomic.Int64 // when, in nanoseconds since start
	start    time.Time

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	servers map[netip.AddrPort]*server
	warned  map[string]bool
	tries   map[*try]struct{} // that wait for an answer

	pool sync.Pool // of read buffers

	probing atomic.Int32
	probes  sync.Map // of probe names, in lower case, to servers
}

// New returns a Client. It must be closed.
func New(cfg Config) *Client {
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	if cfg.UDPSize == 0 {
		cfg.UDPSize = wire.MaxUDP
	}
	if cfg.MaxInFlight <= 0 {
		cfg.MaxInFlight = 1024
	}
	c := &Client{
		cfg: cfg, inFlight: make(chan struct{}, cfg.MaxInFlight), start: time.Now(),
		servers: map[netip.AddrPort]*server{}, warned: map[string]bool{}, tries: map[*try]struct{}{},
	}
	for i := range c.nonce {
		c.nonce[i] = byte(rand.Uint32())
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// Close ends all that goes on, and waits for its end.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	servers := c.all()
	for t := range c.tries {
		t.abort()
	}
	c.mu.Unlock()
	c.cancel()
	for _, s := range servers {
		s.tcp.close()
	}
	c.wg.Wait()
}

// all is for those who hold the lock.
func (c *Client) all() []*server {
	all := make([]*server, 0, len(c.servers))
	for _, s := range c.servers {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *server) int { return a.addr.Compare(b.addr) })
	return all
}

// spawn runs f on a goroutine that Close waits for, unless it has been called.
func (c *Client) spawn(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.wg.Go(f)
	return true
}

// warnOnce logs what holds until somebody changes it.
func (c *Client) warnOnce(text string) {
	c.mu.Lock()
	again := c.warned[text]
	c.warned[text] = true
	c.mu.Unlock()
	if !again {
		c.cfg.Logger.Warn(text)
	}
}

// Order is in which order the servers of a Group are asked.
type Order uint8

// The orders.
const (
	// InOrder: as they are listed, but those that are down come last. The next one is
	// asked when the one before has failed, or been silent for long.
	InOrder Order = iota
	// Rotate: InOrder, and each question begins with another one.
	Rotate
	// Race: all at once. The first answer counts.
	Race
)

// Policy is how the servers of a Group are asked. The zero value is good.
type Policy struct {
	Order Order
	// Strict: also servers that are down keep their place.
	Strict bool
	// Timeout and Attempts are those of resolv.conf(5): how long a server is waited for,
	// and how often it is. Default 5 s and 2.
	Timeout  time.Duration
	Attempts int
	// Total is when the last word is due. Default 4.4 s, as musl gives up after 5 s. It
	// is never more than what Timeout and Attempts amount to.
	Total time.Duration
	// Hedge is how long the first server may be silent before the next one is
	// asked, too. Default 400 ms.
	Hedge time.Duration
	// Resend is how long a server may be silent before it is asked again. Default 350 ms,
	// less for a server that is known to be fast.
	Resend time.Duration
	// UseTCP asks over TCP only.
	UseTCP bool
}

// Group is servers that a question may go to.
type Group struct {
	c       *Client
	p       Policy
	servers []*server
}

// Group returns a Group. It does no I/O. Our own addresses are left out, with a warning.
func (c *Client) Group(servers []netip.AddrPort, p Policy) *Group {
	g := &Group{c: c, p: p}
	for _, addr := range servers {
		addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
		if c.isOwn(addr) {
			c.warnOnce("nameserver " + addr.String() + " is this forwarder itself: it is not asked")
			continue
		}
		if s := c.server(addr); !slices.Contains(g.servers, s) {
			g.servers = append(g.servers, s)
		}
	}
	g.defaults()
	return g
}

func (g *Group) defaults() {
	p := &g.p
	if p.Timeout <= 0 {
		p.Timeout = 5 * time.Second
	}
	if p.Attempts <= 0 {
		p.Attempts = 2
	}
	if p.Total <= 0 {
		p.Total = 4400 * time.Millisecond
	}
	p.Total = min(p.Total, p.Timeout*time.Duration(p.Attempts*max(1, len(g.servers))))
	if p.Hedge <= 0 {
		p.Hedge = 400 * time.Millisecond
	}
	p.Hedge = min(p.Hedge, p.Timeout)
	if p.Resend <= 0 {
		p.Resend = 350 * time.Millisecond
	}
}

// isOwn tells whether we listen there. 0.0.0.0 and :: are this host.
func (c *Client) isOwn(addr netip.AddrPort) bool {
	for _, own := range c.cfg.Own {
		if own.Port() != addr.Port() {
			continue
		}
		a := addr.Addr()
		if own.Addr() == a || a.IsUnspecified() && own.Addr().IsLoopback() || own.Addr().IsUnspecified() && a.IsLoopback() {
			return true
		}
	}
	return false
}

// server returns what is known of a server, from now on if nothing was.
func (c *Client) server(addr netip.AddrPort) *server {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.servers[addr]
	if s == nil {
		s = newServer(c, addr)
		c.servers[addr] = s
	}
	return s
}

// Len is how many servers there are that do not send our questions back to us.
func (g *Group) Len() int {
	n := 0
	for _, s := range g.servers {
		if !s.looping.Load() {
			n++
		}
	}
	return n
}

// Question is what is to be found out.
type Question struct {
	// Name is name, type and class in wire form.
	Name []byte
	// DO and CD ask for DNSSEC's records, and for no validation (RFC 4035 3.2).
	DO, CD bool
}

// admit waits until there is room for one more question.
func (c *Client) admit(ctx context.Context) error {
	c.lastAsk.Store(int64(time.Since(c.start)))
	select {
	case c.inFlight <- struct{}{}:
		return nil
	default:
	}
	if c.waiting.Add(1) > int64(4*c.cfg.MaxInFlight) {
		c.waiting.Add(-1)
		c.busy.Add(1)
		return ErrBusy
	}
	defer c.waiting.Add(-1)
	select {
	case c.inFlight <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.ctx.Done():
		return ErrClosed
	}
}

// order returns the servers in the order in which this question goes to them.
func (g *Group) order() []*server {
	list := make([]*server, 0, len(g.servers))
	turn := 0
	if g.p.Order == Rotate && len(g.servers) > 0 {
		turn = int(g.c.turn.Add(1) % uint64(len(g.servers)))
	}
	for i := range g.servers {
		if s := g.servers[(i+turn)%len(g.servers)]; !s.looping.Load() {
			list = append(list, s)
		}
	}
	if !g.p.Strict && len(list) > 1 {
		slices.SortStableFunc(list, func(a, b *server) int { return a.rank() - b.rank() })
	}
	return list
}
