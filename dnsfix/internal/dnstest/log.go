package dnstest

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Query is a message that came to a Server.
type Query struct {
	// Name is the name asked for, as it was written, with a final dot.
	Name string
	// Type is its type: "A", "AAAA", "SRV", or "TYPE65280" for one without a name.
	Type string
	// Time is when it came.
	Time time.Time
	// UDP tells it from one over TCP.
	UDP bool
	// From is whom the reply goes to.
	From netip.AddrPort
	// EDNS is the size in EDNS, 0 without EDNS (RFC 6891).
	EDNS uint16
}

// String is the query for a test's message: "A www.ok.test. udp".
func (q Query) String() string {
	protocol := "tcp"
	if q.UDP {
		protocol = "udp"
	}
	return fmt.Sprintf("%s %s %s", q.Type, q.Name, protocol)
}

// log is what was asked so far.
type log struct {
	mu      sync.Mutex
	queries []Query
	grown   chan struct{} // closed when there is another one
}

func (l *log) add(q Query) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queries = append(l.queries, q)
	close(l.grown)
	l.grown = make(chan struct{})
}

func (l *log) read() ([]Query, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.queries), l.grown
}

// Queries returns what was asked so far, oldest first. What cannot be read
// as a query is not in it.
func (s *Server) Queries() []Query {
	queries, _ := s.log.read()
	return queries
}

// Wait returns when n queries that match have come, or with an error when ctx ends before.
// A nil match is every query.
func (s *Server) Wait(ctx context.Context, n int, match func(Query) bool) error {
	for {
		queries, grown := s.log.read()
		have := 0
		for _, q := range queries {
			if match == nil || match(q) {
				have++
			}
		}
		if have >= n {
			return nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return fmt.Errorf("only %d of %d queries came: %v: %w", have, n, queries, ctx.Err())
		}
	}
}
