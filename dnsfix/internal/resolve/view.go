package resolve

import (
	"net/netip"
	"sync"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/cache"
	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
	"github.com/sillelien/baseinit/dnsfix/internal/hostsfile"
	"github.com/sillelien/baseinit/dnsfix/internal/resolvconf"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// View is what a Resolver goes by until it gets another.
type View struct {
	// Hosts answers before all else.
	Hosts *hostsfile.Table
	// Options are dnsmasq's. Nil: none.
	Options *dnsmasq.Options
	// Rules say which servers and fixed addresses a name has. Nil: none.
	Rules *dnsmasq.Rules

	// Servers are the standard ones, in order, and Default asks them. Nil: there is none.
	Servers []netip.AddrPort
	Default Asker
	// Group makes an Asker of the servers that a rule names.
	Group func(servers []netip.AddrPort) Asker

	// Search are the domains to try, in lower case. DNS names cannot be longer than
	// 255 bytes; what would be is left out.
	Search []string
	// Resolv are the options of resolv.conf.
	Resolv resolvconf.Options

	// IPv6 says that there are addresses that IPv6 can be reached from. Without,
	// the answer to AAAA is not waited for once that to A is there.
	IPv6 bool
	// HostName is what --mx-host without a target means.
	HostName string
}

// view is a View made ready.
type view struct {
	View
	generation int // another one for other servers
	logQueries bool
	noAAAA     bool
	noA        bool
	search     [][]byte // in wire form
	records    records
	localTTL   uint32
	bare       bool // names without a dot may be asked of the standard servers
	plain      bool // no option says anything about servers
	private    bool // they are of a private network, and know its addresses
	groups     *groups
}

// groups are the Askers of rules, made when first wanted.
type groups struct {
	mu   sync.Mutex
	made map[*dnsmasq.DomainRule]Asker
}

func (v View) compile(old *view) *view {
	if v.Options == nil {
		v.Options = &dnsmasq.Options{}
	}
	if v.Rules == nil {
		v.Rules = v.Options.Compile()
	}
	c := &view{
		View: v, logQueries: v.Options.LogQueries, noA: v.Options.FilterA,
		noAAAA:   v.Options.FilterAAAA || v.Resolv.NoAAAA,
		localTTL: seconds(v.Options.LocalTTL),
		groups:   &groups{made: map[*dnsmasq.DomainRule]Asker{}},
	}
	c.plain = len(v.Options.Servers)+len(v.Options.Addresses) == 0
	c.records.compile(&v)
	for _, domain := range v.Search {
		if suffix, ok := hostsfile.AppendWire(nil, domain); ok && len(suffix) > 1 {
			c.search = append(c.search, suffix)
		}
	}
	c.bare = len(c.search) == 0
	for _, server := range v.Servers {
		addr := server.Addr()
		near := addr.IsLoopback() || addr.IsLinkLocalUnicast()
		c.bare = c.bare || near
		c.private = c.private || near || addr.IsPrivate()
	}
	c.bare = c.bare && !v.Resolv.NoTLDQuery && !v.Options.DomainNeeded
	if old != nil {
		c.generation = old.generation
		if !sameServers(&old.View, &v) {
			c.generation++
		}
	}
	return c
}

// sameServers tells whether answers are the same under both.
func sameServers(a, b *View) bool {
	if len(a.Servers) != len(b.Servers) || a.Options != b.Options || len(a.Search) != len(b.Search) || a.Resolv != b.Resolv {
		return false
	}
	for i := range a.Servers {
		if a.Servers[i] != b.Servers[i] {
			return false
		}
	}
	for i := range a.Search {
		if a.Search[i] != b.Search[i] {
			return false
		}
	}
	return true
}

// docker is Docker's DNS on user-defined networks. It says that containers'
// addresses are good for 600 s, but they end with the container.
var docker = netip.AddrFrom4([4]byte{127, 0, 0, 11})

var keepDocker = cache.Keep{MaxTTL: 5 * time.Second, MaxStale: time.Minute}

// route returns whom to ask for a name in lower-case wire form. Without an Asker, the
// name is nobody's.
func (v *view) route(name []byte) (asker Asker, keep cache.Keep) {
	if v.plain {
		return v.standard()
	}
	rule := v.Rules.ServersFor(text(name))
	switch {
	case rule.Local:
		return nil, keep
	case rule.Default || len(rule.Servers) == 0:
		return v.standard()
	}
	v.groups.mu.Lock()
	defer v.groups.mu.Unlock()
	asker = v.groups.made[rule]
	if asker == nil && v.Group != nil {
		asker = v.Group(rule.Servers)
		v.groups.made[rule] = asker
	}
	return asker, keep
}

// standard returns the standard servers.
func (v *view) standard() (asker Asker, keep cache.Keep) {
	if len(v.Servers) > 0 && v.Servers[0].Addr() == docker {
		keep = keepDocker
	}
	return v.Default, keep
}

// mayAskBare tells whether a server is to be asked for a name without a dot. Public
// ones are not if there is a search list: they would learn what is sought inside.
func (v *view) mayAskBare(name []byte) bool {
	return v.bare || !v.plain && !v.Rules.ServersFor(text(name)).Default
}

// isLocal tells whether a rule says that nobody is asked for a name.
func (v *view) isLocal(name []byte) bool { return v.Rules.ServersFor(text(name)).Local }

// text is a name as rules want it.
func text(name []byte) string {
	dotted := wire.AppendText(make([]byte, 0, wire.MaxName), name)
	return string(dotted[:max(len(dotted)-1, 0)])
}

func seconds(d time.Duration) uint32 { return uint32((d + time.Second - 1) / time.Second) }
