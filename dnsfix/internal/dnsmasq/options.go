package dnsmasq

import (
	"net/netip"
	"slices"
	"time"
)

// Options is what the options of a command line and of the files that it names
// say. Names are lower-case and without a final dot, paths absolute, times are
// [time.Duration]. A field whose option was not given has dnsmasq's default, if
// its comment does not say otherwise; lists are in the order of the options.
type Options struct {
	// Servers are --server, --local, --rev-server and --servers-file.
	Servers []ServerRule
	// Addresses are --address.
	Addresses []AddressRule
	// NoResolv: --no-resolv, or --resolv-file without a path.
	NoResolv bool
	// ResolvFiles are --resolv-file; none means /etc/resolv.conf.
	ResolvFiles []string
	// NoPoll: --no-poll. ClearOnReload: --clear-on-reload.
	NoPoll, ClearOnReload bool
	// StrictOrder: --strict-order. AllServers: --all-servers.
	StrictOrder, AllServers bool
	// LoopDetect: --dns-loop-detect.
	LoopDetect bool
	// ForwardMax is --dns-forward-max, 1 to 100,000; default 150.
	ForwardMax int
	// EDNSPacketMax is --edns-packet-max in bytes, brought into 512 to 65,535;
	// default 1232.
	EDNSPacketMax int
	// FastRetry and FastRetryFor are --fast-dns-retry: after how long a query is
	// sent again, at least 50 ms, and for how long at most. 0 is without; with
	// the option and no values they are 1 s and 10 s.
	FastRetry, FastRetryFor time.Duration
	// Encode0x20: --do-0x20-encode.
	Encode0x20 bool
	// QueryPort is --query-port: [RandomPorts] by default, 0 is one port that the
	// kernel chooses.
	QueryPort int
	// MinPort and MaxPort are --min-port and --max-port; default 1024 and 65535.
	MinPort, MaxPort int
	// PortLimit is --port-limit, at least 1; default 1.
	PortLimit int
	// MaxTCP is --max-tcp-connections, at least 1; default 20.
	MaxTCP int

	// CacheSize is --cache-size in entries, up to 10,000,000; 0 is no cache. Our
	// default is 4096, dnsmasq's 150.
	CacheSize int
	// NoNegCache: --no-negcache.
	NoNegCache bool
	// NegTTL is --neg-ttl, for negative answers without SOA only; 0 is none.
	NegTTL time.Duration
	// MinCacheTTL is --min-cache-ttl, at most an hour; 0 is no floor.
	MinCacheTTL time.Duration
	// MaxCacheTTL is --max-cache-ttl, MaxTTL --max-ttl; 0 is no ceiling.
	MaxCacheTTL, MaxTTL time.Duration
	// LocalTTL is --local-ttl: the TTL of hosts and records; default 0.
	LocalTTL time.Duration
	// UseStale: --use-stale-cache. StaleFor is how long past their TTL answers
	// may be given: a day by default, 0 is for ever.
	UseStale bool
	StaleFor time.Duration
	// CacheRR are the record types of --cache-rr (255 is all).
	CacheRR []uint16

	// NoHosts: --no-hosts. ExpandHosts: --expand-hosts.
	NoHosts, ExpandHosts bool
	// Domain is --domain, "" for none. DomainFromSearch: --domain=#, which takes
	// the first search domain of resolv.conf.
	Domain           string
	DomainFromSearch bool
	// HostsFiles are --addn-hosts: files or directories.
	HostsFiles []string
	// HostsDirs are --hostsdir: directories whose changes are seen.
	HostsDirs []string

	// Listen is --listen-address.
	Listen []netip.Addr
	// Port is --port; default 53, 0 serves nothing.
	Port int
	// BindInterfaces: --bind-interfaces.
	BindInterfaces bool
	// Interfaces are --interface, ExceptInterfaces --except-interface; a "*" at
	// the end of a name is for any end.
	Interfaces, ExceptInterfaces []string

	// DomainNeeded: --domain-needed. BogusPriv: --bogus-priv.
	DomainNeeded, BogusPriv bool
	// StopRebind: --stop-dns-rebind. RebindLocalhostOK: --rebind-localhost-ok.
	StopRebind, RebindLocalhostOK bool
	// RebindDomainOK are the domains of --rebind-domain-ok.
	RebindDomainOK []Domain
	// FilterA: --filter-A. FilterAAAA: --filter-AAAA.
	FilterA, FilterAAAA bool
	// FilterRR are the record types of --filter-rr (255 is queries for ANY).
	FilterRR []uint16
	// NoRoundRobin: --no-round-robin.
	NoRoundRobin bool
	// BogusNXDOMAIN is --bogus-nxdomain, IgnoreAddress --ignore-address.
	BogusNXDOMAIN, IgnoreAddress []netip.Prefix
	// Aliases are --alias.
	Aliases []Alias

	// HostRecords are --host-record, and so on.
	HostRecords []HostRecord
	CNAMEs      []CNAME
	SRVs        []SRV
	TXTs        []TXT
	PTRs        []PTR
	MXs         []MX
	NAPTRs      []NAPTR
	CAAs        []CAA
	RRs         []RR
	// InterfaceNames are --interface-name.
	InterfaceNames []InterfaceName

	// LogQueries: --log-queries. LogExtra: --log-queries=extra (or proto).
	LogQueries, LogExtra bool
	// LogFacility is --log-facility: "-" for stderr, an absolute path, or the
	// name of a syslog facility; "" if not given.
	LogFacility string
	// Test: --test, which wants the options read and nothing started.
	Test bool

	// Files are the configuration files that were read, in that order.
	Files []string

	mxTarget string
	settings []setting
}

// RandomPorts is [Options.QueryPort] when each query is to have a port of its own.
const RandomPorts = -1

// NoTTL is the TTL of a record whose option gave none: [Options.LocalTTL] holds.
const NoTTL = time.Duration(-1)

func defaults() *Options {
	return &Options{
		ForwardMax:    150,
		EDNSPacketMax: 1232,
		QueryPort:     RandomPorts,
		MinPort:       1024,
		MaxPort:       65535,
		PortLimit:     1,
		MaxTCP:        20,
		CacheSize:     4096,
		StaleFor:      24 * time.Hour,
		Port:          53,
	}
}

// Given says whether the option of that long name, without dashes, is in effect:
// given, and not a no-op.
func (o *Options) Given(name string) bool {
	return slices.ContainsFunc(o.settings, func(s setting) bool { return s.opt.name == name })
}

// setting is an option as given.
type setting struct {
	opt   *option
	value value
	has   bool // has a value
}

// Describe returns a line for each option in effect, in the order in which they
// were read: as a configuration file says it, and as a comment where it is from.
//
//	cache-size=1000 # argument 2
//	address=/ads.example/ # /etc/dnsmasq.d/ads.conf:17
//
// Options that do nothing here are left out, and so are those that a later one
// overrides, and the names of files: what stood in them is listed. A file of
// these lines gives the same Options, but for [Options.Files] and the origins.
func (o *Options) Describe() []string {
	lines := make([]string, 0, len(o.settings))
	for _, s := range o.settings {
		line := []byte(s.opt.name)
		if s.has {
			line = appendLine(append(line, '='), s.value.raw)
		}
		line = append(line, " # "...)
		line = append(line, s.value.from.String()...)
		lines = append(lines, string(line))
	}
	return lines
}
