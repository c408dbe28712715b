package dnsfix

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/sillelien/baseinit/dnsfix/internal/resolve"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// Resolver answers in process, without a socket, as the forwarder does: hosts, search
// list, cache, servers. It is for programs that embed a DNSBootstrap; any number of
// goroutines may use one, from Boot's start to the end of Run.
type Resolver struct{ r *resolve.Resolver }

// Resolver returns the Resolver.
func (d *DNSBootstrap) Resolver() *Resolver { return &Resolver{d.resolver} }

// Exchange answers a DNS message (RFC 1035) with another one, as over TCP. The error is
// that query is none: shorter than a header, or a response.
func (r *Resolver) Exchange(ctx context.Context, query []byte) ([]byte, error) {
	var q wire.Query
	verdict := q.Parse(query)
	switch verdict {
	case wire.Drop:
		return nil, errors.New("cannot answer what is no query")
	case wire.Ask:
		q.Limit = wire.MaxMessage
		return r.r.Resolve(ctx, nil, &q), nil
	}
	return wire.AppendReply(nil, &q, verdict.Rcode()), nil
}

// LookupNetIP returns the addresses of a host, as net.Resolver.LookupNetIP does: network
// is "ip", "ip4" or "ip6"; the error is a *net.DNSError, with IsNotFound where there is no
// such host. With a dot at its end, the search list is not applied to the name.
func (r *Resolver) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	name, err := wire.AppendName(nil, host)
	if err != nil || host == "" {
		return nil, &net.DNSError{Err: "the name is not valid", Name: host, IsNotFound: true}
	}
	types := []byte{wire.TypeA, wire.TypeAAAA}
	switch network {
	case "ip4":
		types = types[:1]
	case "ip6":
		types = types[1:]
	}
	answers := make([]wire.Answer, len(types))
	var wg sync.WaitGroup
	for i, typ := range types {
		wg.Go(func() {
			question := append(append([]byte(nil), name...), 0, typ, 0, wire.ClassIN)
			answers[i] = r.r.Lookup(ctx, question, strings.HasSuffix(host, "."))
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, &net.DNSError{UnwrapErr: context.Cause(ctx), Err: err.Error(), Name: host, IsTimeout: errors.Is(err, context.DeadlineExceeded), IsTemporary: true}
	}
	var addrs []netip.Addr
	failed := false
	for _, answer := range answers {
		failed = failed || answer.Kind == wire.Failure
		for data := range answer.Stored.Addresses() {
			if addr, ok := netip.AddrFromSlice(data); ok {
				addrs = append(addrs, addr)
			}
		}
	}
	switch {
	case len(addrs) > 0:
		return addrs, nil
	case failed:
		return nil, &net.DNSError{Err: "no server has an answer", Name: host, IsTemporary: true}
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}
