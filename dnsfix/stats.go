package dnsfix

import (
	"net/netip"
	"time"
)

// Stats is what a DNSBootstrap has done since New.
type Stats struct {
	// Queries came in over UDP and TCP; Replies went out.
	Queries, Replies uint64
	// Hits were answered at once, from hosts or the cache.
	Hits uint64
	// Failed were answered with SERVFAIL, as no server had an answer; Late before
	// there was one, some of them with an old answer.
	Failed, Late uint64
	// Repaired are answers that became "no data", as the name has addresses of the
	// other family, and musl would have taken them for the end of the name.
	Repaired uint64
	// Searched are names to which the search list was applied.
	Searched uint64
	// Loops are our own questions that came back to us.
	Loops uint64
	// Refused are queries that were dropped or answered with an error at the door:
	// too many at once, malformed, not from this host.
	Refused uint64
	// Results are the replies by response code.
	Results Results
	// Latency is how long they took.
	Latency Latency
	// InFlight are being resolved, Waiting are to be.
	InFlight, Waiting int
	// Entries and Bytes are what the cache holds; Evictions are answers that had to go
	// before their time.
	Entries, Bytes int
	Evictions      uint64
	// Stale answers were past their time.
	Stale uint64
	// Servers are those that have been asked, by address.
	Servers []ServerStats
}

// Results counts replies by response code (RFC 6895 2.3). Other is all that has no field,
// such as BADVERS.
type Results struct {
	NoError, FormErr, ServFail, NXDomain, NotImp, Refused, Other uint64
}

// Latency is how long replies took, from the reading of a query to the sending of its reply.
type Latency struct {
	Bounds []time.Duration // upper bounds of the buckets, and the last bucket has none
	Counts []uint64        // of each bucket alone, one more than Bounds; nil if nothing is served
	Sum    time.Duration
}

// ServerStats is what is known of a server.
type ServerStats struct {
	Addr netip.AddrPort
	// Asked counts messages to it; Answered and Failed what came back, the latter being
	// SERVFAIL, REFUSED and the like; TimedOut questions without an answer; TCP those
	// of the messages that went over TCP.
	Asked, Answered, Failed, TimedOut, TCP uint64
	// RTT is how long an answer takes, smoothed.
	RTT time.Duration
	// Up: it answers. Looping: it asks us what we ask it, and is not asked any more.
	Up, Looping bool
	// LastError is why it was last taken for down.
	LastError string
}

// Stats returns the counts as of now.
func (d *DNSBootstrap) Stats() Stats {
	r := d.resolver.Stats()
	s := Stats{
		Failed: r.Failures, Late: r.Timeouts, Repaired: r.Coherence, Searched: r.Searched, Loops: r.Loops,
		Entries: r.Cache.Entries, Bytes: r.Cache.Bytes, Evictions: r.Cache.Evictions, Stale: r.Cache.Stale,
	}
	if d.server != nil {
		n := d.server.Stats()
		s.Queries, s.Replies, s.Hits = n.UDP+n.TCP, n.Replies, n.Hits
		s.Refused = n.Malformed + n.NotLoopback + n.Overload
		c := n.Results
		s.Results = Results{NoError: c[0], FormErr: c[1], ServFail: c[2], NXDomain: c[3], NotImp: c[4], Refused: c[5], Other: c[6]}
		s.Latency = Latency(n.Latency)
		s.InFlight, s.Waiting = n.InFlight, n.Waiting
	}
	for _, u := range d.client.Stats().Servers {
		s.Servers = append(s.Servers, ServerStats{
			Addr: u.Addr, Asked: u.Asked, Answered: u.Answered, Failed: u.Failed, TimedOut: u.TimedOut, TCP: u.TCP,
			RTT: u.RTT, Up: u.Up, Looping: u.Looping, LastError: u.LastError,
		})
	}
	return s
}

// Addrs are where queries are answered; none if they are not.
func (d *DNSBootstrap) Addrs() []netip.AddrPort {
	if d.server == nil {
		return nil
	}
	return d.server.Addrs()
}
