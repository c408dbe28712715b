// Package resolvconf reads /etc/resolv.conf as the C libraries do, and writes the
// one that the programs of a container get when a forwarder resolves for them.
//
// [Parse] takes from a file what glibc or musl would take, and never fails: the
// C libraries ignore what they do not understand, so each line that they or we
// ignore is a [Note], for a person to read. What surprises most is how much is
// ignored: a nameserver with a port, a keyword with a space before it, every
// search line but the last.
//
// [Render] returns the file for the clients. It holds the original file as
// comments, and [Original] gets it back: in a Kubernetes pod the file outlives the
// container and every other copy of it. [IsOurs] recognises such a file.
package resolvconf

import (
	"net/netip"
	"time"
)

// Config is what a resolv.conf(5) says.
type Config struct {
	// Nameservers are the servers to ask, in the file's order, with port 53: no
	// resolv.conf can name another. All are here; the C libraries stop at the
	// third. An IPv6 link-local address has its zone (fe80::1%eth0), and
	// ::ffff:10.0.0.1 is 10.0.0.1. 0.0.0.0 and :: stand for this host, as in connect(2).
	//
	// It is empty if no line names one that is valid. The C libraries then ask
	// 127.0.0.1, Go's resolver 127.0.0.1 and ::1: a forwarder that listens there
	// has no server to ask.
	Nameservers []netip.AddrPort
	// Search are the domains to try for a name with fewer than NDots dots, in
	// order, in lower case and without dots at their ends: those of the last
	// search or domain line. A domain that is repeated is here once.
	Search []string
	// HasSearch is true if there is a search or domain line that counts, even if
	// it leaves no domain, as "search ." does. Where it is false, glibc and Go
	// search the domain of the host's name; musl never does.
	HasSearch bool
	// Options are those of all options lines together.
	Options Options
	// Notes say which lines were not taken, and which the C libraries do not
	// take or not understand in the same way, in the file's order.
	Notes []Note
}

// Options are the options of resolv.conf(5), with its defaults and limits. Of an
// option that is given twice, the last counts.
type Options struct {
	NDots    int           // ndots: dots that a name needs to be tried as it is first; 0 to 15, default 1
	Timeout  time.Duration // timeout: wait for a server's answer; 1 to 30 s, default 5 s (in musl: for all of them)
	Attempts int           // attempts: rounds over the servers; 1 to 5, default 2

	Rotate              bool // rotate: begin with another server each time
	UseVC               bool // use-vc: ask over TCP only
	EDNS0               bool // edns0: ask with EDNS (RFC 6891)
	NoAAAA              bool // no-aaaa: ask for no IPv6 addresses
	SingleRequest       bool // single-request: ask for A and AAAA one after the other
	SingleRequestReopen bool // single-request-reopen: ask for A and AAAA from two sockets
	TrustAD             bool // trust-ad: leave the AD bit in answers (RFC 4035, section 3.2.3)
	NoTLDQuery          bool // no-tld-query: do not ask for a name without dots as it is
}

// Note is a remark about one line.
type Note struct {
	Line int    // from 1
	Text string // lower case, without the line's number
}
