package dnsmasq

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// Rules are the --server, --local, --rev-server and --address options, made ready
// for lookups. They do not change, and any number of goroutines may use them.
//
// Lookups take a name in lower case, dotted, without a final dot ("" is the root),
// and allocate nothing. The rule that agrees with the most letters at the end of
// the name wins; among equals, Subtree before Ending. Unqualified comes after all
// that have letters, Everything last.
type Rules struct {
	subtrees, endings       map[string]*node
	subtreeLens, endingLens lengths // how long their keys are
	unqualified, everything *node
	upstreams               []netip.AddrPort
}

// DomainRule is what to do with queries that no local data answers. It has
// Servers, or is Local, or Default.
type DomainRule struct {
	Domain Domain
	// Servers are to be asked, and no others, in the order of the options.
	Servers []netip.AddrPort
	// Local: no server is to be asked; the answer is NXDOMAIN, or NODATA where
	// the name has data of another type.
	Local bool
	// Default: the standard servers are to be asked, which are [Rules.Upstreams]
	// and those of resolv.conf unless [Options.NoResolv].
	Default bool
}

// Addresses are what --address gives a name. A family that is empty has no fixed
// answer: [Rules.ServersFor] says who is asked for it.
type Addresses struct{ V4, V6 []netip.Addr }

// Compile makes the rules. Later changes of o are not seen.
func (o *Options) Compile() *Rules {
	r := &Rules{
		subtrees:    map[string]*node{},
		endings:     map[string]*node{},
		unqualified: &node{Domain: Domain{Kind: Unqualified}},
		everything:  &node{Domain: Domain{Kind: Everything}},
	}
	nodes := []*node{r.unqualified}
	r.addAll(o, func(d Domain) *node {
		n, made := r.node(d)
		if made {
			nodes = append(nodes, n)
		}
		return n
	})
	r.everything.settleLast(o.NoResolv && len(r.upstreams) == 0)
	// A node takes from shorter ones what it does not have.
	slices.SortStableFunc(nodes, func(a, b *node) int { return cmp.Compare(len(a.Name), len(b.Name)) })
	for _, n := range nodes {
		r.settle(n)
	}
	return r
}

func (r *Rules) addAll(o *Options, node func(Domain) *node) {
	for _, s := range o.Servers {
		if len(s.Domains) == 0 {
			s.Domains = []Domain{{Kind: Everything}}
		}
		for _, d := range s.Domains {
			switch n := node(d); {
			case s.Server.IsValid() && d.Kind == Everything:
				r.upstreams = appendNew(r.upstreams, s.Server)
			case s.Server.IsValid():
				n.servers = appendNew(n.servers, s.Server)
			default:
				n.local, n.standard = n.local || s.Local, n.standard || s.Default
			}
		}
	}
	for _, a := range o.Addresses {
		for _, d := range a.Domains {
			n := node(d)
			n.addAddress(a)
		}
	}
}

// node returns the node of d, and whether it had to be made.
func (r *Rules) node(d Domain) (n *node, made bool) {
	nodes, lens := r.subtrees, &r.subtreeLens
	switch d.Kind {
	case Unqualified:
		return r.unqualified, false
	case Everything:
		return r.everything, false
	case Ending:
		nodes, lens = r.endings, &r.endingLens
	}
	if old := nodes[d.Name]; old != nil {
		return old, false
	}
	n = &node{Domain: d}
	nodes[d.Name] = n
	lens.add(len(d.Name))
	return n, true
}

func appendNew[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// Upstreams are the servers of --server without a domain, in order.
func (r *Rules) Upstreams() []netip.AddrPort { return r.upstreams }

// ServersFor returns the rule that says which servers a query for name goes to. It
// is never nil: where no option is about the name, it is Default.
func (r *Rules) ServersFor(name string) *DomainRule {
	servers, _ := r.Lookup(name)
	return servers
}

// AddressFor returns the addresses that --address gives the name, or nil. Data from
// hosts files and records comes before them.
func (r *Rules) AddressFor(name string) *Addresses {
	_, addrs := r.Lookup(name)
	return addrs
}

// Lookup is ServersFor and AddressFor at once, in the time of one.
func (r *Rules) Lookup(name string) (*DomainRule, *Addresses) {
	qualified := strings.IndexByte(name, '.') >= 0
	n := r.longest(name, 0)
	if n == nil {
		n = r.last(qualified)
	}
	s := &n.qualified
	if !qualified {
		s = &n.bare
	}
	return s.servers, s.addrs
}

// last is the node of names that no letters of a rule agree with.
func (r *Rules) last(qualified bool) *node {
	if qualified {
		return r.everything
	}
	return r.unqualified
}

// longest returns the node with the most letters that agrees with name[from:], which
// begins a label if name[from-1] is a dot; nil if there is none.
func (r *Rules) longest(name string, from int) *node {
	for i := from; i < len(name); i++ {
		size := len(name) - i
		if (i == 0 || name[i-1] == '.') && r.subtreeLens.has(size) {
			if n := r.subtrees[name[i:]]; n != nil {
				return n
			}
		}
		if r.endingLens.has(size) {
			if n := r.endings[name[i:]]; n != nil {
				return n
			}
		}
	}
	return nil
}

// lengths is a set of numbers up to 254, the longest an [Ending] can be.
type lengths [4]uint64

func (l *lengths) add(n int)      { l[n>>6] |= 1 << (n & 63) }
func (l *lengths) has(n int) bool { return n < 256 && l[n>>6]&(1<<(n&63)) != 0 }
