package dnsmasq

import (
	"net/netip"
	"slices"
	"time"
)

// known returns the options that baseinit has.
func known() []option {
	return slices.Concat(upstreamOptions(), cacheOptions(), hostsOptions(), listenOptions(),
		filterOptions(), recordOptions(), otherOptions(), idleOptions())
}

func upstreamOptions() []option {
	return []option{
		{name: "server", short: 'S', arg: required, set: setServer},
		{name: "local", arg: required, set: setServer},
		{name: "rev-server", arg: required, set: setRevServer},
		{name: "address", short: 'A', arg: required, set: setAddress},
		{name: "servers-file", arg: required, include: includeServers, usage: once},
		{name: "resolv-file", short: 'r', arg: optional, set: setResolvFile},
		{name: "no-resolv", short: 'R', set: flag(func(o *Options) *bool { return &o.NoResolv })},
		{name: "no-poll", short: 'n', set: flag(func(o *Options) *bool { return &o.NoPoll })},
		{name: "clear-on-reload", set: flag(func(o *Options) *bool { return &o.ClearOnReload })},
		{name: "strict-order", short: 'o', set: flag(func(o *Options) *bool { return &o.StrictOrder })},
		{name: "all-servers", set: flag(func(o *Options) *bool { return &o.AllServers })},
		{name: "dns-loop-detect", set: flag(func(o *Options) *bool { return &o.LoopDetect })},
		{name: "dns-forward-max", short: '0', arg: required, usage: once, set: number(func(o *Options) *int { return &o.ForwardMax }, 1, 100_000)},
		{name: "edns-packet-max", short: 'P', arg: required, usage: once, set: setEDNSPacketMax},
		{name: "fast-dns-retry", arg: optional, usage: once, set: setFastRetry},
		{name: "do-0x20-encode", set: flag(func(o *Options) *bool { return &o.Encode0x20 })},
		{name: "query-port", short: 'Q', arg: required, usage: once, set: number(func(o *Options) *int { return &o.QueryPort }, 0, 65535)},
		{name: "min-port", arg: required, usage: once, set: number(func(o *Options) *int { return &o.MinPort }, 0, 65535)},
		{name: "max-port", arg: required, usage: once, set: number(func(o *Options) *int { return &o.MaxPort }, 0, 65535)},
		{name: "port-limit", arg: required, usage: once, set: number(func(o *Options) *int { return &o.PortLimit }, 1, 65535)},
		{name: "max-tcp-connections", arg: required, usage: once, set: number(func(o *Options) *int { return &o.MaxTCP }, 1, 100_000)},
	}
}

func cacheOptions() []option {
	return []option{
		{name: "cache-size", short: 'c', arg: required, usage: once, set: number(func(o *Options) *int { return &o.CacheSize }, 0, 10_000_000)},
		{name: "no-negcache", short: 'N', set: flag(func(o *Options) *bool { return &o.NoNegCache })},
		{name: "neg-ttl", arg: required, usage: once, set: seconds(func(o *Options) *time.Duration { return &o.NegTTL })},
		{name: "min-cache-ttl", arg: required, usage: once, set: setMinCacheTTL},
		{name: "max-cache-ttl", arg: required, usage: once, set: seconds(func(o *Options) *time.Duration { return &o.MaxCacheTTL })},
		{name: "max-ttl", arg: required, usage: once, set: seconds(func(o *Options) *time.Duration { return &o.MaxTTL })},
		{name: "local-ttl", short: 'T', arg: required, usage: once, set: seconds(func(o *Options) *time.Duration { return &o.LocalTTL })},
		{name: "use-stale-cache", arg: optional, usage: once, set: setUseStale},
		{name: "cache-rr", arg: required, set: types(func(o *Options) *[]uint16 { return &o.CacheRR })},
	}
}

func hostsOptions() []option {
	return []option{
		{name: "no-hosts", short: 'h', set: flag(func(o *Options) *bool { return &o.NoHosts })},
		{name: "addn-hosts", short: 'H', arg: required, set: paths(func(o *Options) *[]string { return &o.HostsFiles })},
		{name: "hostsdir", arg: required, set: paths(func(o *Options) *[]string { return &o.HostsDirs })},
		{name: "expand-hosts", short: 'E', set: flag(func(o *Options) *bool { return &o.ExpandHosts })},
		{name: "domain", short: 's', arg: required, usage: last, set: setDomain},
	}
}

func listenOptions() []option {
	return []option{
		{name: "listen-address", short: 'a', arg: required, set: setListen},
		{name: "port", short: 'p', arg: required, usage: once, set: number(func(o *Options) *int { return &o.Port }, 0, 65535)},
		{name: "bind-interfaces", short: 'z', set: flag(func(o *Options) *bool { return &o.BindInterfaces })},
		{name: "interface", short: 'i', arg: required, set: list(func(o *Options) *[]string { return &o.Interfaces })},
		{name: "except-interface", short: 'I', arg: required, set: list(func(o *Options) *[]string { return &o.ExceptInterfaces })},
	}
}

func filterOptions() []option {
	return []option{
		{name: "domain-needed", short: 'D', set: flag(func(o *Options) *bool { return &o.DomainNeeded })},
		{name: "bogus-priv", short: 'b', set: flag(func(o *Options) *bool { return &o.BogusPriv })},
		{name: "stop-dns-rebind", set: flag(func(o *Options) *bool { return &o.StopRebind })},
		{name: "rebind-localhost-ok", set: flag(func(o *Options) *bool { return &o.RebindLocalhostOK })},
		{name: "rebind-domain-ok", arg: required, set: setRebindDomainOK},
		{name: "filter-A", set: flag(func(o *Options) *bool { return &o.FilterA })},
		{name: "filter-AAAA", set: flag(func(o *Options) *bool { return &o.FilterAAAA })},
		{name: "filter-rr", arg: required, set: types(func(o *Options) *[]uint16 { return &o.FilterRR })},
		{name: "no-round-robin", set: flag(func(o *Options) *bool { return &o.NoRoundRobin })},
		{name: "bogus-nxdomain", short: 'B', arg: required, set: prefix(func(o *Options) *[]netip.Prefix { return &o.BogusNXDOMAIN })},
		{name: "ignore-address", arg: required, set: prefix(func(o *Options) *[]netip.Prefix { return &o.IgnoreAddress })},
		{name: "alias", short: 'V', arg: required, set: setAlias},
	}
}

func recordOptions() []option {
	return []option{
		{name: "host-record", arg: required, set: setHostRecord},
		{name: "cname", arg: required, set: setCNAME},
		{name: "srv-host", short: 'W', arg: required, set: setSRV},
		{name: "txt-record", short: 'Y', arg: required, set: setTXT},
		{name: "ptr-record", arg: required, set: setPTR},
		{name: "mx-host", short: 'm', arg: required, set: setMX},
		{name: "mx-target", short: 't', arg: required, usage: once, set: setMXTarget},
		{name: "naptr-record", arg: required, set: setNAPTR},
		{name: "caa-record", arg: required, set: setCAA},
		{name: "dns-rr", arg: required, set: setRR},
		{name: "interface-name", arg: required, set: setInterfaceName},
	}
}

func otherOptions() []option {
	return []option{
		{name: "conf-file", short: 'C', arg: required, include: includeFile},
		{name: "conf-dir", short: '7', arg: required, include: includeDir},
		{name: "log-queries", short: 'q', arg: optional, shortBare: true, usage: last, set: setLogQueries},
		{name: "log-facility", short: '8', arg: required, usage: once, set: setLogFacility},
		{name: "test", set: flag(func(o *Options) *bool { return &o.Test })},
	}
}

// idleOptions are about what baseinit sees to: processes, users, who may ask; or
// they switch off what it does not have.
func idleOptions() []option {
	options := []option{
		{name: "keep-in-foreground", short: 'k'},
		{name: "no-daemon", short: 'd'},
		{name: "user", short: 'u', arg: optional},
		{name: "group", short: 'g', arg: optional},
		{name: "pid-file", short: 'x', arg: optional},
		{name: "no-ident"},
		{name: "local-service", arg: optional, set: checkLocalService},
		{name: "log-async", arg: optional, set: checkLogAsync},
		{name: "log-debug"},
		{name: "bind-dynamic"},
		{name: "no-0x20-encode"},
		{name: "strip-mac"},
		{name: "strip-subnet"},
		{name: "no-dhcp-interface", short: '2', arg: required},
		{name: "no-dhcpv4-interface", arg: required},
		{name: "no-dhcpv6-interface", arg: required},
		{name: "quiet-dhcp"},
		{name: "quiet-dhcp6"},
		{name: "quiet-ra"},
		{name: "quiet-tftp"},
	}
	for i := range options {
		options[i].usage = idle
		if options[i].set == nil {
			options[i].set = setNothing
		}
	}
	return options
}
