package dnsmasq

import (
	"net/netip"
	"strings"
)

// node is all that the options say about one domain, and what that comes to.
type node struct {
	Domain
	servers         []netip.AddrPort
	local, standard bool
	v4, v6          []netip.Addr
	zero            bool

	// The results for names with a dot and without: they differ where a rule of
	// one label falls through, which may be to [Unqualified].
	qualified, bare settled
}

// settled is the answer to a lookup.
type settled struct {
	servers *DomainRule
	addrs   *Addresses
}

func (n *node) addAddress(a AddressRule) {
	switch {
	case a.NXDomain:
		n.local = true
	case a.Zero:
		n.zero = true
	case a.Addr.Is4():
		n.v4 = appendNew(n.v4, a.Addr)
	default:
		n.v6 = appendNew(n.v6, a.Addr)
	}
}

// settleLast settles the node of everything. Its Local, unlike that of a domain,
// gives way to any server that there is.
func (n *node) settleLast(noServers bool) {
	rule := &DomainRule{Domain: n.Domain, Local: n.local && !n.standard && noServers}
	rule.Default = !rule.Local
	n.qualified = settled{rule, n.addresses(nil)}
	n.bare = n.qualified
}

// settle settles n, after all nodes that are shorter.
func (r *Rules) settle(n *node) {
	next, nextBare := &r.everything.qualified, &r.unqualified.bare
	if shorter := r.longest(n.Name, 1); shorter != nil {
		next, nextBare = &shorter.qualified, &shorter.bare
	}
	n.qualified = n.over(next)
	switch {
	case n.Kind == Unqualified:
		n.bare = n.qualified
	case strings.Contains(n.Name, "."):
		// no name without a dot agrees
	default:
		n.bare = n.over(nextBare)
		if n.standard {
			// The standard servers of a name without a dot are those of "//".
			n.bare.servers = r.unqualified.bare.servers
		}
	}
}

// over is what n makes of the results of the next shorter node.
func (n *node) over(next *settled) settled {
	s := *next
	below := next.addrs
	if n.standard || n.local || n.servers != nil {
		// dnsmasq's order: the standard servers before the domain's own, and
		// any server before none.
		s.servers = &DomainRule{Domain: n.Domain, Default: n.standard}
		if !n.standard {
			s.servers.Servers, s.servers.Local = n.servers, n.servers == nil
		}
		below = nil
	}
	s.addrs = n.addresses(below)
	return s
}

// addresses are those of n, and those of below in the family that n is silent on.
// It is nil where there are none.
func (n *node) addresses(below *Addresses) *Addresses {
	if !n.zero && n.v4 == nil && n.v6 == nil {
		return below
	}
	var a Addresses
	if below != nil {
		a = *below
	}
	if n.zero {
		a = Addresses{[]netip.Addr{netip.IPv4Unspecified()}, []netip.Addr{netip.IPv6Unspecified()}}
	}
	if n.v4 != nil {
		a.V4 = n.v4
	}
	if n.v6 != nil {
		a.V6 = n.v6
	}
	return &a
}
