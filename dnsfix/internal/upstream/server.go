package upstream

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// server is what is known of one.
type server struct {
	c     *Client
	addr  netip.AddrPort
	near  bool // loopback or link-local: nobody can forge answers, and loops are likely
	tcp   pool
	known atomic.Bool // it has answered

	looping   atomic.Bool
	mixesCase atomic.Bool // it does not repeat the case of a name

	asked, answered, failed, silences, overTCP atomic.Uint64

	mu       sync.Mutex
	rtt      time.Duration // smoothed
	silent   int           // questions in succession
	down     bool
	refused  time.Time // until when it is taken for down
	noEDNS   time.Time // until when it is asked without
	lastFail string
}

const (
	// suspect is how many questions in succession a server leaves unanswered before it
	// is taken for down.
	suspect = 3
	// refusedFor is how long a refusal by ICMP counts.
	refusedFor = time.Second
	// noEDNSFor is how long it is remembered that a server does not know EDNS.
	noEDNSFor = 10 * time.Minute
	// Probes of a server that is down are this far apart, twice as far each time.
	firstProbe, lastProbe = time.Second, 30 * time.Second
	// idle is when there have been no questions for so long that nobody needs to know.
	idle = time.Minute
)

func newServer(c *Client, addr netip.AddrPort) *server {
	s := &server{c: c, addr: addr}
	s.near = addr.Addr().IsLoopback() || addr.Addr().IsLinkLocalUnicast()
	s.tcp.init(s)
	return s
}

// rank is 0 for a server that is up.
func (s *server) rank() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down || time.Now().Before(s.refused) {
		return 1
	}
	return 0
}

// heard notes that the server has answered a question.
func (s *server) heard(took time.Duration, failed bool) {
	s.known.Store(true)
	if failed {
		s.failed.Add(1)
	} else {
		s.answered.Add(1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rtt == 0 {
		s.rtt = took
	}
	s.rtt += (took - s.rtt) / 8 // RFC 6298 2.3
	s.silent, s.down, s.refused = 0, false, time.Time{}
}

// unheard notes that the server has left a question unanswered. Several in succession
// have it probed.
func (s *server) unheard() {
	s.silences.Add(1)
	s.mu.Lock()
	s.silent++
	s.lastFail = "no answer"
	probe := s.silent >= suspect && !s.down
	if probe {
		s.down = true
	}
	s.mu.Unlock()
	if probe {
		s.c.cfg.Logger.Info("nameserver " + s.addr.String() + " does not answer: others are asked before it")
		s.c.spawn(s.probeUntilUp)
	}
}

// unreachable notes that the system says nobody is there.
func (s *server) unreachable(err error) {
	s.silences.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastFail = err.Error()
	s.refused = time.Now().Add(refusedFor)
}

// probeUntilUp asks the server for the root's servers until it answers. It ends when
// nobody asks anything any more: an idle container sleeps.
func (s *server) probeUntilUp() {
	for wait := firstProbe; ; wait = min(2*wait, lastProbe) {
		select {
		case <-s.c.ctx.Done():
			return
		case <-time.After(wait):
		}
		s.mu.Lock()
		up := !s.down
		quiet := time.Since(s.c.start)-time.Duration(s.c.lastAsk.Load()) > idle
		if quiet {
			s.down, s.silent = false, 0 // the next question finds out
		}
		s.mu.Unlock()
		if up || quiet {
			return
		}
		t := newTry(s, Question{Name: []byte{0, 0, wire.TypeNS, 0, wire.ClassIN}}, false)
		if t.send() != nil {
			continue
		}
		_, err := t.read(s.c.ctx, time.Now().Add(firstProbe))
		t.close()
		if err == nil {
			s.c.cfg.Logger.Info("nameserver " + s.addr.String() + " answers again")
			return
		}
	}
}

// patience returns how long the server may be silent until it is asked again: some round
// trips, if these are known.
func (s *server) patience(most time.Duration) time.Duration {
	const least = 20 * time.Millisecond
	s.mu.Lock()
	rtt := s.rtt
	s.mu.Unlock()
	if rtt == 0 {
		return min(most, least)
	}
	return min(most, max(least, 4*rtt+10*time.Millisecond))
}

func (s *server) knowsEDNS() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.noEDNS.IsZero() || time.Now().After(s.noEDNS)
}

func (s *server) withoutEDNS() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noEDNS = time.Now().Add(noEDNSFor)
}

// ServerStats is what is known of a server.
type ServerStats struct {
	Addr netip.AddrPort
	// Asked counts datagrams and messages over TCP; Answered and Failed answers, the
	// latter those that were SERVFAIL, REFUSED and the like; TimedOut
	// questions without an answer.
	Asked, Answered, Failed, TimedOut, TCP uint64
	RTT                                    time.Duration // smoothed
	Up, EDNS, Looping                      bool
	LastError                              string
}

// Stats is what a Client has done.
type Stats struct {
	Servers  []ServerStats // by address
	InFlight int
	Busy     uint64 // questions refused with ErrBusy
}

// Stats returns the counts as of now.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	all := c.all()
	c.mu.Unlock()
	stats := Stats{InFlight: len(c.inFlight), Busy: c.busy.Load()}
	for _, s := range all {
		up, edns := s.rank() == 0, s.knowsEDNS()
		s.mu.Lock()
		stats.Servers = append(stats.Servers, ServerStats{
			Addr: s.addr, Asked: s.asked.Load(), Answered: s.answered.Load(), Failed: s.failed.Load(),
			TimedOut: s.silences.Load(), TCP: s.overTCP.Load(), RTT: s.rtt,
			Up: up, EDNS: edns, Looping: s.looping.Load(), LastError: s.lastFail,
		})
		s.mu.Unlock()
	}
	return stats
}
