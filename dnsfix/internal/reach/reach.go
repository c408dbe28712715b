// Package reach waits until hosts can be reached.
//
// What surprises most: "reachable" is about the host, not the service. A connection that
// is refused shows as well as an answer to a ping that somebody is there. And pings need
// no privilege on most systems (net.ipv4.ping_group_range, icmp(7)), but where they are
// not possible at all, nothing but the linked port is left to try.
package reach

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"
)

// Target is a host that must answer.
type Target struct {
	Name string
	Addr netip.Addr
	TCP  []uint16 // ports that may be tried
}

func (t Target) String() string {
	if t.Name == "" {
		return t.Addr.String()
	}
	return t.Name + " (" + t.Addr.String() + ")"
}

// Policy is how it is found out whether a host is there.
type Policy int

// The policies.
const (
	// Auto: ping, and a TCP connection where that is not possible, or when there is no
	// answer for 2 s.
	Auto Policy = iota
	// Ping: nothing but ping (RFC 792, RFC 4443).
	Ping
	// TCP: a connection to a port of the host, or its refusal.
	TCP
	// Off: hosts are not waited for.
	Off
)

// ParsePolicy reads "auto", "ping", "tcp" or "off".
func ParsePolicy(s string) (Policy, error) {
	for p := Auto; p <= Off; p++ {
		if s == p.String() {
			return p, nil
		}
	}
	return Auto, fmt.Errorf("%q is no way to find out whether a host is there: it can be auto, ping, tcp or off", s)
}

func (p Policy) String() string { return [...]string{"auto", "ping", "tcp", "off"}[p] }

// Config says how hosts are waited for.
type Config struct {
	Policy Policy
	// Interval is how long after a try comes the next one. Default 1 s; the first
	// few follow each other faster.
	Interval time.Duration
	// Progress is how often it is logged who is waited for. Default 5 s.
	Progress time.Duration
	// Logger. Default: none.
	Logger *zap.Logger
}

const (
	firstInterval = 50 * time.Millisecond
	tcpAfter      = 2 * time.Second // Auto
	dialTimeout   = 2 * time.Second
	maxDials      = 64
)

// UnreachableError is that some hosts have not answered.
type UnreachableError struct {
	Targets []Target
	Tried   []string // for each, what was tried and what came of it
	err     error
}

// Error names the hosts, and what was tried.
func (e *UnreachableError) Error() string {
	var all []string
	for i, t := range e.Targets {
		all = append(all, t.String()+": "+e.Tried[i])
	}
	return strings.Join(all, "; ")
}

// Unwrap returns what ended the wait.
func (e *UnreachableError) Unwrap() error { return e.err }

// Wait returns when all targets have answered. If ctx ends before, the error is an
// *UnreachableError that wraps the cause.
func Wait(ctx context.Context, targets []Target, cfg Config) error {
	if len(targets) == 0 || cfg.Policy == Off {
		return nil
	}
	if cfg.Interval <= 0 {
		cfg.Interval = time.Second
	}
	if cfg.Progress <= 0 {
		cfg.Progress = 5 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	w := waiting{cfg: cfg, started: time.Now(), dials: make(chan struct{}, maxDials)}
	if cfg.Policy != TCP {
		w.pinger = newPinger(targets)
		defer w.pinger.close()
	}
	for _, t := range targets {
		w.hosts = append(w.hosts, &host{Target: t, tried: "nothing was tried"})
	}
	return w.all(ctx)
}

// waiting is one Wait.
type waiting struct {
	cfg     Config
	started time.Time
	pinger  *pinger // nil: no pings
	dials   chan struct{}
	hosts   []*host
}

// host is a target while it is waited for.
type host struct {
	Target
	mu    sync.Mutex
	up    bool
	tried string
}

func (h *host) note(tried string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tried = tried
}

func (h *host) state() (up bool, tried string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.up, h.tried
}

// all waits for all hosts, and tells from time to time for whom.
func (w *waiting) all(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, h := range w.hosts {
		wg.Go(func() { w.one(ctx, h) })
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	progress := time.NewTicker(w.cfg.Progress)
	defer progress.Stop()
	for {
		select {
		case <-done:
			return w.result(ctx)
		case <-progress.C:
			for _, h := range w.hosts {
				if up, tried := h.state(); !up {
					w.cfg.Logger.Info(fmt.Sprintf("waiting for %s for %v: %s", h.Target, time.Since(w.started).Round(time.Second), tried))
				}
			}
		}
	}
}

func (w *waiting) result(ctx context.Context) error {
	e := &UnreachableError{err: context.Cause(ctx)}
	for _, h := range w.hosts {
		if up, tried := h.state(); !up {
			e.Targets, e.Tried = append(e.Targets, h.Target), append(e.Tried, tried)
		}
	}
	if len(e.Targets) == 0 {
		return nil
	}
	return e
}

// one tries a host until it answers.
func (w *waiting) one(ctx context.Context, h *host) {
	for wait := firstInterval; ctx.Err() == nil; wait = min(2*wait, w.cfg.Interval) {
		if how := w.try(ctx, h, wait); how != "" {
			h.mu.Lock()
			h.up = true
			h.mu.Unlock()
			w.cfg.Logger.Debug(fmt.Sprintf("%s %s, after %v", h.Target, how, time.Since(w.started).Round(time.Millisecond)))
			return
		}
	}
}

// try tries a host for a time, and tells what showed that it is there.
func (w *waiting) try(ctx context.Context, h *host, wait time.Duration) (how string) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	pinging := w.pinger != nil && w.pinger.can(h.Addr)
	tcp := w.cfg.Policy == TCP || w.cfg.Policy == Auto && (!pinging || time.Since(w.started) >= tcpAfter)
	switch {
	case tcp && len(h.TCP) == 0 && !pinging:
		w.cfg.Logger.Warn(h.String() + " cannot be waited for: pings are not possible here, and it has no linked TCP port")
		return "cannot be tried"
	case !tcp && !pinging:
		h.note("ping is not possible here: " + w.pinger.why(h.Addr).Error() + "; BASEINIT_DNS_REACH=tcp does without")
		<-ctx.Done()
		return ""
	}
	answered := make(chan string, 2)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	if pinging {
		pong := w.pinger.expect(h.Addr)
		h.note("no answer to ping")
		if err := w.pinger.send(h.Addr); err != nil {
			h.note("ping: " + err.Error())
		}
		wg.Go(func() {
			select {
			case <-pong:
				answered <- "answers"
			case <-ctx.Done():
			}
		})
	}
	if tcp && len(h.TCP) > 0 {
		wg.Go(func() {
			if how := w.dial(h, wait); how != "" {
				answered <- how
			}
		})
	}
	select {
	case how := <-answered:
		return how
	case <-ctx.Done():
		return ""
	}
}

// dial connects to the first port that answers.
func (w *waiting) dial(h *host, wait time.Duration) (how string) {
	ctx, cancel := context.WithTimeout(context.Background(), max(wait, min(dialTimeout, w.cfg.Interval)))
	defer cancel()
	w.dials <- struct{}{}
	defer func() { <-w.dials }()
	dialer := net.Dialer{}
	for _, port := range h.TCP {
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(h.Addr.String(), strconv.Itoa(int(port))))
		switch {
		case err == nil:
			_ = conn.Close()
			return "accepts connections"
		case errors.Is(err, syscall.ECONNREFUSED):
			return "is there, and refuses connections"
		case errors.Is(err, context.DeadlineExceeded):
			h.note(fmt.Sprintf("no answer on TCP port %d", port))
		default:
			if op, ok := errors.AsType[*net.OpError](err); ok {
				err = op.Err
			}
			h.note(fmt.Sprintf("TCP port %d: %v", port, err))
		}
	}
	return ""
}
