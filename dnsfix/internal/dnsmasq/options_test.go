package dnsmasq_test

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
)

type options = dnsmasq.Options

// Values of accepted that are none: noValue for an option without, and bare for
// one whose value may be left out.
const (
	noValue = "\x00"
	bare    = "\x01"
)

// accepted has each option of tiers 1 and 2, and what it means.
var accepted = []struct {
	name, short, value string
	want               func(o *options)
}{
	{"server", "S", "8.8.8.8", server("8.8.8.8:53")},
	{"server", "S", "8.8.8.8#5353", server("8.8.8.8:5353")},
	{"server", "S", "::1", server("[::1]:53")},
	{"server", "S", "fe80::1%lo#54", server("[fe80::1%lo]:54")},
	{"server", "S", "/a.com/1.2.3.4", server("1.2.3.4:53", below("a.com")...)},
	{"server", "S", "/A.Com./B.example/1.2.3.4#54", server("1.2.3.4:54", below("a.com", "b.example")...)},
	{"server", "S", "/.a.com/1.2.3.4", server("1.2.3.4:53", below("a.com")...)},
	{"server", "S", "/_tcp.a.com/1.2.3.4", server("1.2.3.4:53", below("_tcp.a.com")...)},
	{"server", "S", "/*a.com/1.2.3.4", server("1.2.3.4:53", dnsmasq.Domain{Name: "a.com", Kind: dnsmasq.Ending})},
	{"server", "S", "/*.a.com/1.2.3.4", server("1.2.3.4:53", dnsmasq.Domain{Name: ".a.com", Kind: dnsmasq.Ending})},
	{"server", "S", "//1.2.3.4", server("1.2.3.4:53", dnsmasq.Domain{Kind: dnsmasq.Unqualified})},
	{"server", "S", "/#/1.2.3.4", server("1.2.3.4:53", dnsmasq.Domain{Kind: dnsmasq.Everything})},
	{"server", "S", "/*/1.2.3.4", server("1.2.3.4:53", dnsmasq.Domain{Kind: dnsmasq.Everything})},
	{"server", "S", "/a.com/", func(o *options) { o.Servers = []dnsmasq.ServerRule{{Domains: below("a.com"), Local: true}} }},
	{"server", "S", "/a.com/#", func(o *options) { o.Servers = []dnsmasq.ServerRule{{Domains: below("a.com"), Default: true}} }},
	{"server", "S", "#", func(o *options) { o.Servers = []dnsmasq.ServerRule{{Default: true}} }},
	{"local", "", "/lan/", func(o *options) { o.Servers = []dnsmasq.ServerRule{{Domains: below("lan"), Local: true}} }},
	{"local", "", "/lan/1.2.3.4", server("1.2.3.4:53", below("lan")...)},
	{"rev-server", "", "1.2.3.0/24,9.9.9.9#54", server("9.9.9.9:54", below("3.2.1.in-addr.arpa")...)},
	{"rev-server", "", "1.2.3.77/23,9.9.9.9", server("9.9.9.9:53", below("2.2.1.in-addr.arpa", "3.2.1.in-addr.arpa")...)},
	{"rev-server", "", "1.2.3.4,9.9.9.9", server("9.9.9.9:53", below("4.3.2.1.in-addr.arpa")...)},
	{"rev-server", "", "128.0.0.0/1,9.9.9.9", func(o *options) {
		var all []string
		for n := 128; n < 256; n++ {
			all = append(all, strconv.Itoa(n)+".in-addr.arpa")
		}
		server("9.9.9.9:53", below(all...)...)(o)
	}},
	{"rev-server", "", "fd00::/8,9.9.9.9", server("9.9.9.9:53", below("d.f.ip6.arpa")...)},
	{"rev-server", "", "fd00::/6,9.9.9.9", server("9.9.9.9:53", below("c.f.ip6.arpa", "d.f.ip6.arpa", "e.f.ip6.arpa", "f.f.ip6.arpa")...)},
	{"rev-server", "", "1.2.3.0/24", func(o *options) {
		o.Servers = []dnsmasq.ServerRule{{Domains: below("3.2.1.in-addr.arpa"), Local: true}}
	}},
	{"address", "A", "/a.com/1.2.3.4", address(dnsmasq.AddressRule{Domains: below("a.com"), Addr: addr("1.2.3.4")})},
	{"address", "A", "/A.com/b.com/::1", address(dnsmasq.AddressRule{Domains: below("a.com", "b.com"), Addr: addr("::1")})},
	{"address", "A", "/a.com/#", address(dnsmasq.AddressRule{Domains: below("a.com"), Zero: true})},
	{"address", "A", "/a.com/", address(dnsmasq.AddressRule{Domains: below("a.com"), NXDomain: true})},
	{"address", "A", "/#/1.2.3.4", address(dnsmasq.AddressRule{Domains: []dnsmasq.Domain{{Kind: dnsmasq.Everything}}, Addr: addr("1.2.3.4")})},
	{"address", "A", "1.2.3.4", address(dnsmasq.AddressRule{Domains: []dnsmasq.Domain{{Kind: dnsmasq.Everything}}, Addr: addr("1.2.3.4")})},
	{"address", "A", "#", address(dnsmasq.AddressRule{Domains: []dnsmasq.Domain{{Kind: dnsmasq.Everything}}, Zero: true})},
	{"address", "A", "//1.2.3.4", address(dnsmasq.AddressRule{Domains: []dnsmasq.Domain{{Kind: dnsmasq.Unqualified}}, Addr: addr("1.2.3.4")})},
	{"resolv-file", "r", "/x/../y", func(o *options) { o.ResolvFiles = []string{"/y"} }},
	{"resolv-file", "", bare, func(o *options) { o.NoResolv = true }},
	{"no-resolv", "R", noValue, func(o *options) { o.NoResolv = true }},
	{"no-poll", "n", noValue, func(o *options) { o.NoPoll = true }},
	{"clear-on-reload", "", noValue, func(o *options) { o.ClearOnReload = true }},
	{"strict-order", "o", noValue, func(o *options) { o.StrictOrder = true }},
	{"all-servers", "", noValue, func(o *options) { o.AllServers = true }},
	{"dns-loop-detect", "", noValue, func(o *options) { o.LoopDetect = true }},
	{"dns-forward-max", "0", "10", func(o *options) { o.ForwardMax = 10 }},
	{"edns-packet-max", "P", "4096", func(o *options) { o.EDNSPacketMax = 4096 }},
	{"edns-packet-max", "P", "100", func(o *options) { o.EDNSPacketMax = 512 }},
	{"edns-packet-max", "P", "70000", func(o *options) { o.EDNSPacketMax = 65535 }},
	{"fast-dns-retry", "", bare, func(o *options) { o.FastRetry, o.FastRetryFor = time.Second, 10*time.Second }},
	{"fast-dns-retry", "", "500", func(o *options) { o.FastRetry, o.FastRetryFor = 500*time.Millisecond, 10*time.Second }},
	{"fast-dns-retry", "", "500,", func(o *options) { o.FastRetry, o.FastRetryFor = 500*time.Millisecond, 10*time.Second }},
	{"fast-dns-retry", "", "50,5000", func(o *options) { o.FastRetry, o.FastRetryFor = 50*time.Millisecond, 5*time.Second }},
	{"do-0x20-encode", "", noValue, func(o *options) { o.Encode0x20 = true }},
	{"query-port", "Q", "5300", func(o *options) { o.QueryPort = 5300 }},
	{"query-port", "Q", "0", func(o *options) { o.QueryPort = 0 }},
	{"min-port", "", "2000", func(o *options) { o.MinPort = 2000 }},
	{"max-port", "", "3000", func(o *options) { o.MaxPort = 3000 }},
	{"port-limit", "", "3", func(o *options) { o.PortLimit = 3 }},
	{"max-tcp-connections", "", "9", func(o *options) { o.MaxTCP = 9 }},

	{"cache-size", "c", "1000", func(o *options) { o.CacheSize = 1000 }},
	{"cache-size", "c", "0", func(o *options) { o.CacheSize = 0 }},
	{"no-negcache", "N", noValue, func(o *options) { o.NoNegCache = true }},
	{"neg-ttl", "", "10", func(o *options) { o.NegTTL = 10 * time.Second }},
	{"min-cache-ttl", "", "60", func(o *options) { o.MinCacheTTL = time.Minute }},
	{"min-cache-ttl", "", "3601", func(o *options) { o.MinCacheTTL = time.Hour }},
	{"max-cache-ttl", "", "60", func(o *options) { o.MaxCacheTTL = time.Minute }},
	{"max-ttl", "", "2147483647", func(o *options) { o.MaxTTL = 2147483647 * time.Second }},
	{"local-ttl", "T", "5", func(o *options) { o.LocalTTL = 5 * time.Second }},
	{"use-stale-cache", "", bare, func(o *options) { o.UseStale = true }},
	{"use-stale-cache", "", "60", func(o *options) { o.UseStale, o.StaleFor = true, time.Minute }},
	{"use-stale-cache", "", "0", func(o *options) { o.UseStale, o.StaleFor = true, 0 }},
	{"cache-rr", "", "TXT,mx,65,ANY", func(o *options) { o.CacheRR = []uint16{16, 15, 65, 255} }},

	{"no-hosts", "h", noValue, func(o *options) { o.NoHosts = true }},
	{"addn-hosts", "H", "/etc/hosts.links", func(o *options) { o.HostsFiles = []string{"/etc/hosts.links"} }},
	{"addn-hosts", "H", "links", func(o *options) { o.HostsFiles = []string{"/links"} }},
	{"hostsdir", "", "/etc/hosts.d/", func(o *options) { o.HostsDirs = []string{"/etc/hosts.d"} }},
	{"expand-hosts", "E", noValue, func(o *options) { o.ExpandHosts = true }},
	{"domain", "s", "Lan.", func(o *options) { o.Domain = "lan" }},
	{"domain", "s", "#", func(o *options) { o.DomainFromSearch = true }},

	{"listen-address", "a", "127.0.0.1,::1", func(o *options) { o.Listen = []netip.Addr{addr("127.0.0.1"), addr("::1")} }},
	{"port", "p", "5353", func(o *options) { o.Port = 5353 }},
	{"port", "p", "0", func(o *options) { o.Port = 0 }},
	{"bind-interfaces", "z", noValue, func(o *options) { o.BindInterfaces = true }},
	{"interface", "i", "lo,eth*", func(o *options) { o.Interfaces = []string{"lo", "eth*"} }},
	{"except-interface", "I", "eth0", func(o *options) { o.ExceptInterfaces = []string{"eth0"} }},

	{"domain-needed", "D", noValue, func(o *options) { o.DomainNeeded = true }},
	{"bogus-priv", "b", noValue, func(o *options) { o.BogusPriv = true }},
	{"stop-dns-rebind", "", noValue, func(o *options) { o.StopRebind = true }},
	{"rebind-localhost-ok", "", noValue, func(o *options) { o.RebindLocalhostOK = true }},
	{"rebind-domain-ok", "", "a.com", func(o *options) { o.RebindDomainOK = below("a.com") }},
	{"rebind-domain-ok", "", "/a.com/b.com/", func(o *options) { o.RebindDomainOK = below("a.com", "b.com") }},
	{"rebind-domain-ok", "", "/a.com/b.com", func(o *options) { o.RebindDomainOK = below("a.com", "b.com") }},
	{"filter-A", "", noValue, func(o *options) { o.FilterA = true }},
	{"filter-AAAA", "", noValue, func(o *options) { o.FilterAAAA = true }},
	{"filter-rr", "", "HTTPS,SVCB", func(o *options) { o.FilterRR = []uint16{65, 64} }},
	{"no-round-robin", "", noValue, func(o *options) { o.NoRoundRobin = true }},
	{"bogus-nxdomain", "B", "1.2.3.4", func(o *options) { o.BogusNXDOMAIN = []netip.Prefix{netip.MustParsePrefix("1.2.3.4/32")} }},
	{"bogus-nxdomain", "B", "fd00::1/8", func(o *options) { o.BogusNXDOMAIN = []netip.Prefix{netip.MustParsePrefix("fd00::/8")} }},
	{"ignore-address", "", "1.2.3.4/24", func(o *options) { o.IgnoreAddress = []netip.Prefix{netip.MustParsePrefix("1.2.3.0/24")} }},
	{"alias", "V", "1.2.3.4,5.6.7.8", alias("1.2.3.4", "1.2.3.4", "5.6.7.8", "255.255.255.255")},
	{"alias", "V", "1.2.3.0,6.7.8.0,255.255.255.0", alias("1.2.3.0", "1.2.3.0", "6.7.8.0", "255.255.255.0")},
	{"alias", "V", "192.168.0.10-192.168.0.40,10.0.0.0,255.255.255.0", alias("192.168.0.10", "192.168.0.40", "10.0.0.0", "255.255.255.0")},

	{"host-record", "", "a,1.2.3.4", func(o *options) {
		o.HostRecords = []dnsmasq.HostRecord{{Names: []string{"a"}, V4: addr("1.2.3.4"), TTL: dnsmasq.NoTTL}}
	}},
	{"host-record", "", "A,a.lan.,1.2.3.4,::1,60", func(o *options) {
		o.HostRecords = []dnsmasq.HostRecord{{Names: []string{"a", "a.lan"}, V4: addr("1.2.3.4"), V6: addr("::1"), TTL: time.Minute}}
	}},
	{"host-record", "", "a,,::1", func(o *options) {
		o.HostRecords = []dnsmasq.HostRecord{{Names: []string{"a"}, V6: addr("::1"), TTL: dnsmasq.NoTTL}}
	}},
	{"host-record", "", "a,5,1.2.3.4,b", func(o *options) {
		o.HostRecords = []dnsmasq.HostRecord{{Names: []string{"a", "b"}, V4: addr("1.2.3.4"), TTL: 5 * time.Second}}
	}},
	{"cname", "", "a,b", func(o *options) {
		o.CNAMEs = []dnsmasq.CNAME{{Aliases: []string{"a"}, Target: "b", TTL: dnsmasq.NoTTL}}
	}},
	{"cname", "", "a,B,c,60", func(o *options) {
		o.CNAMEs = []dnsmasq.CNAME{{Aliases: []string{"a", "b"}, Target: "c", TTL: time.Minute}}
	}},
	{"cname", "", "a,60", func(o *options) {
		o.CNAMEs = []dnsmasq.CNAME{{Aliases: []string{"a"}, Target: "60", TTL: dnsmasq.NoTTL}}
	}},
	{"srv-host", "W", "_a._tcp.x", srv(dnsmasq.SRV{Name: "_a._tcp.x", Port: 1})},
	{"srv-host", "W", "_a._tcp", srv(dnsmasq.SRV{Name: "_a._tcp", Port: 1})},
	{"srv-host", "W", "_a._tcp.x,H.lan,80,2,3", srv(dnsmasq.SRV{Name: "_a._tcp.x", Target: "h.lan", Port: 80, Priority: 2, Weight: 3})},
	{"srv-host", "W", "_a._tcp.x,,80", srv(dnsmasq.SRV{Name: "_a._tcp.x", Port: 80})},
	{"txt-record", "Y", "a", func(o *options) { o.TXTs = []dnsmasq.TXT{{Name: "a", Strings: []string{""}}} }},
	{"txt-record", "Y", "a,b,,c d", func(o *options) { o.TXTs = []dnsmasq.TXT{{Name: "a", Strings: []string{"b", "", "c d"}}} }},
	{"txt-record", "Y", `a,"b,\"c\" ", "\t"x`, func(o *options) { o.TXTs = []dnsmasq.TXT{{Name: "a", Strings: []string{`b,"c" `, "\tx"}}} }},
	{"txt-record", "Y", `a,"\\\"\t\e\b\r\n\q"`, func(o *options) {
		o.TXTs = []dnsmasq.TXT{{Name: "a", Strings: []string{"\\\"\t\x1b\b\r\n\\q"}}}
	}},
	{"txt-record", "Y", "a," + strings.Repeat("x", 300), func(o *options) {
		o.TXTs = []dnsmasq.TXT{{Name: "a", Strings: []string{strings.Repeat("x", 255), strings.Repeat("x", 45)}}}
	}},
	{"ptr-record", "", "4.3.2.1.in-addr.arpa,A.lan", func(o *options) {
		o.PTRs = []dnsmasq.PTR{{Name: "4.3.2.1.in-addr.arpa", Target: "a.lan"}}
	}},
	{"mx-host", "m", "a", mx(dnsmasq.MX{Name: "a", Preference: 1})},
	{"mx-host", "m", "a,b", mx(dnsmasq.MX{Name: "a", Target: "b", Preference: 1})},
	{"mx-host", "m", "a,b,10", mx(dnsmasq.MX{Name: "a", Target: "b", Preference: 10})},
	{"mx-host", "m", "a,10", mx(dnsmasq.MX{Name: "a", Preference: 10})},
	{"mx-target", "t", "a", func(*options) {}},
	{"naptr-record", "", "a,1,2,s,SIP+D2U,!x!y!", naptr(dnsmasq.NAPTR{Name: "a", Order: 1, Preference: 2, Flags: "s", Service: "SIP+D2U", Regexp: "!x!y!"})},
	{"naptr-record", "", `a,1,2,s,SIP+D2U,"!x,z!y!",R`, naptr(dnsmasq.NAPTR{Name: "a", Order: 1, Preference: 2, Flags: "s", Service: "SIP+D2U", Regexp: "!x,z!y!", Replacement: "r"})},
	{"caa-record", "", "a,0,issue,letsencrypt.org", caa(dnsmasq.CAA{Name: "a", Tag: "issue", Value: "letsencrypt.org"})},
	{"caa-record", "", "a,128,issue,x,y=1", caa(dnsmasq.CAA{Name: "a", Flags: 128, Tag: "issue", Value: "x,y=1"})},
	{"dns-rr", "", "a,51", rr(dnsmasq.RR{Name: "a", Type: 51})},
	{"dns-rr", "", "a,51,01:23 45ab", rr(dnsmasq.RR{Name: "a", Type: 51, Data: []byte{1, 0x23, 0x45, 0xab}})},
	{"dns-rr", "", "a,51,1:234", rr(dnsmasq.RR{Name: "a", Type: 51, Data: []byte{1, 0x23, 4}})},
	{"interface-name", "", "a,lo", func(o *options) {
		o.InterfaceNames = []dnsmasq.InterfaceName{{Name: "a", Interface: "lo", V4: true, V6: true}}
	}},
	{"interface-name", "", "a,lo/4", func(o *options) { o.InterfaceNames = []dnsmasq.InterfaceName{{Name: "a", Interface: "lo", V4: true}} }},
	{"interface-name", "", "a,lo/6", func(o *options) { o.InterfaceNames = []dnsmasq.InterfaceName{{Name: "a", Interface: "lo", V6: true}} }},

	{"log-queries", "q", noValue, func(o *options) { o.LogQueries = true }},
	{"log-queries", "", "extra", func(o *options) { o.LogQueries, o.LogExtra = true, true }},
	{"log-facility", "8", "-", func(o *options) { o.LogFacility = "-" }},
	{"log-facility", "8", "/var/log/dns", func(o *options) { o.LogFacility = "/var/log/dns" }},
	{"log-facility", "8", "local3", func(o *options) { o.LogFacility = "local3" }},
	{"test", "", noValue, func(o *options) { o.Test = true }},

	{"keep-in-foreground", "k", noValue, nothing},
	{"no-daemon", "d", noValue, nothing},
	{"user", "u", "root", nothing},
	{"user", "", bare, nothing},
	{"group", "g", "root", nothing},
	{"pid-file", "x", "/run/dnsmasq.pid", nothing},
	{"pid-file", "", bare, nothing},
	{"no-ident", "", noValue, nothing},
	{"local-service", "", bare, nothing},
	{"local-service", "", "host", nothing},
	{"log-async", "", bare, nothing},
	{"log-async", "", "25", nothing},
	{"log-debug", "", noValue, nothing},
	{"bind-dynamic", "", noValue, nothing},
	{"no-0x20-encode", "", noValue, nothing},
	{"strip-mac", "", noValue, nothing},
	{"strip-subnet", "", noValue, nothing},
	{"no-dhcp-interface", "2", "eth0", nothing},
	{"no-dhcpv4-interface", "", "eth0", nothing},
	{"no-dhcpv6-interface", "", "eth0", nothing},
	{"quiet-dhcp", "", noValue, nothing},
	{"quiet-dhcp6", "", noValue, nothing},
	{"quiet-ra", "", noValue, nothing},
	{"quiet-tftp", "", noValue, nothing},
}

func nothing(*options) {}

func server(addr string, domains ...dnsmasq.Domain) func(*options) {
	return func(o *options) { o.Servers = []dnsmasq.ServerRule{{Domains: domains, Server: addrPort(addr)}} }
}

func address(r dnsmasq.AddressRule) func(*options) {
	return func(o *options) { o.Addresses = []dnsmasq.AddressRule{r} }
}

func alias(start, end, to, mask string) func(*options) {
	return func(o *options) {
		o.Aliases = []dnsmasq.Alias{{Start: addr(start), End: addr(end), New: addr(to), Mask: addr(mask)}}
	}
}

func srv(r dnsmasq.SRV) func(*options) { return func(o *options) { o.SRVs = []dnsmasq.SRV{r} } }
func mx(r dnsmasq.MX) func(*options)   { return func(o *options) { o.MXs = []dnsmasq.MX{r} } }
func caa(r dnsmasq.CAA) func(*options) { return func(o *options) { o.CAAs = []dnsmasq.CAA{r} } }
func rr(r dnsmasq.RR) func(*options)   { return func(o *options) { o.RRs = []dnsmasq.RR{r} } }

func naptr(r dnsmasq.NAPTR) func(*options) {
	return func(o *options) { o.NAPTRs = []dnsmasq.NAPTR{r} }
}

// optionalLong are options whose long form takes no separate value.
var optionalLong = []string{"resolv-file", "fast-dns-retry", "use-stale-cache", "user", "group", "pid-file", "local-service", "log-async", "log-queries"}

// forms are all ways to write an option on a command line.
func forms(name, short, value string) [][]string {
	switch value {
	case noValue:
		all := [][]string{{"--" + name}}
		if short != "" {
			all = append(all, []string{"-" + short}, []string{"-k" + short}, []string{"-" + short + "k"})
		}
		return all
	case bare:
		return [][]string{{"--" + name}, {"--" + name + "="}}
	}
	all := [][]string{{"--" + name + "=" + value}}
	if !slices.Contains(optionalLong, name) {
		all = append(all, []string{"--" + name, value})
	}
	if short != "" {
		all = append(all, []string{"-" + short, value}, []string{"-" + short + value}, []string{"-k" + short, value}, []string{"-k" + short + value})
	}
	return all
}

func TestOptionsInEveryForm(t *testing.T) {
	t.Parallel()
	for _, tc := range accepted {
		want := mustArgs(t)
		tc.want(want)
		for _, args := range forms(tc.name, tc.short, tc.value) {
			got, err := dnsmasq.ParseArgs(args)
			if err != nil {
				t.Errorf("%q: %v", args, err)
			} else if diff := cmp.Diff(want, got, same); diff != "" {
				t.Errorf("%q (-want +got):\n%s", args, diff)
			}
		}
		line := tc.name + "=" + tc.value + "\n"
		if tc.value == noValue || tc.value == bare {
			line = tc.name + "\n"
		}
		got, err := dnsmasq.ParseFile(tree(t, "conf", line), "conf")
		if err != nil {
			t.Errorf("file of %q: %v", line, err)
		} else if diff := cmp.Diff(want, got, same); diff != "" {
			t.Errorf("file of %q (-want +got):\n%s", line, diff)
		}
	}
}

// tiers12 is what facts/dns.md asks for, but for options that name files.
const tiers12 = `server local address host-record cname cache-size no-negcache neg-ttl min-cache-ttl max-cache-ttl max-ttl local-ttl log-queries log-facility strict-order
	all-servers expand-hosts domain addn-hosts hostsdir no-hosts resolv-file no-resolv no-poll clear-on-reload listen-address port bind-interfaces interface dns-forward-max
	edns-packet-max domain-needed bogus-priv stop-dns-rebind rebind-localhost-ok rebind-domain-ok filter-AAAA filter-A filter-rr dns-loop-detect use-stale-cache fast-dns-retry
	keep-in-foreground no-daemon user group pid-file no-ident local-service log-async bind-dynamic no-0x20-encode
	srv-host txt-record ptr-record mx-host mx-target naptr-record caa-record dns-rr rev-server no-round-robin bogus-nxdomain ignore-address alias interface-name do-0x20-encode
	cache-rr query-port min-port max-port port-limit max-tcp-connections except-interface test`

func TestTableIsComplete(t *testing.T) {
	t.Parallel()
	for name := range strings.FieldsSeq(tiers12) {
		if !slices.ContainsFunc(accepted, func(a struct {
			name, short, value string
			want               func(o *options)
		},
		) bool {
			return a.name == name
		}) {
			t.Errorf("the table has no --%s", name)
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	want := &options{
		ForwardMax: 150, EDNSPacketMax: 1232, QueryPort: dnsmasq.RandomPorts, MinPort: 1024, MaxPort: 65535, PortLimit: 1, MaxTCP: 20,
		CacheSize: 4096, StaleFor: 24 * time.Hour, Port: 53,
	}
	for _, args := range []string{"", " \n", "-k --user=x"} {
		got, err := dnsmasq.Parse(args)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, same); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", args, diff)
		}
		if lines := got.Describe(); len(lines) > 0 {
			t.Errorf("Parse(%q) describes %q", args, lines)
		}
	}
}

func TestRepeated(t *testing.T) {
	t.Parallel()
	o := mustArgs(t, "-S1.1.1.1", "--server", "8.8.8.8", "--local=/lan/", "-r", "/a", "-r/b", "--addn-hosts=/c", "-H/d", "-h", "-h",
		"-s", "a", "-s", "b", "-i", "lo", "-ieth0", "--cache-rr=TXT", "--cache-rr=MX", "--txt-record=x,1", "--txt-record=x,2")
	want := mustArgs(t)
	want.Servers = []dnsmasq.ServerRule{{Server: addrPort("1.1.1.1:53")}, {Server: addrPort("8.8.8.8:53")}, {Domains: below("lan"), Local: true}}
	want.ResolvFiles, want.HostsFiles, want.NoHosts = []string{"/a", "/b"}, []string{"/c", "/d"}, true
	want.Domain, want.Interfaces, want.CacheRR = "b", []string{"lo", "eth0"}, []uint16{16, 15}
	want.TXTs = []dnsmasq.TXT{{Name: "x", Strings: []string{"1"}}, {Name: "x", Strings: []string{"2"}}}
	if diff := cmp.Diff(want, o, same); diff != "" {
		t.Errorf("ParseArgs (-want +got):\n%s", diff)
	}
}

func TestTogether(t *testing.T) {
	t.Parallel()
	t.Run("mx-target", func(t *testing.T) {
		t.Parallel()
		o := mustArgs(t, "--mx-host=a", "--mx-host=b,c", "--mx-target=T.lan")
		if o.MXs[0].Target != "t.lan" || o.MXs[1].Target != "c" {
			t.Errorf("MXs = %+v", o.MXs)
		}
	})
	t.Run("the domain of a service", func(t *testing.T) {
		t.Parallel()
		o := mustArgs(t, "--srv-host=_a._tcp.,h", "--srv-host=_a._tcp.x,h", "--srv-host=a.b,h", "--srv-host=_a,h", "--domain=lan")
		var names []string
		for _, s := range o.SRVs {
			names = append(names, s.Name)
		}
		if diff := cmp.Diff([]string{"_a._tcp.lan", "_a._tcp.x", "a.b", "_a"}, names); diff != "" {
			t.Errorf("names (-want +got):\n%s", diff)
		}
	})
	t.Run("relative paths", func(t *testing.T) {
		t.Parallel()
		o, err := dnsmasq.Parser{Dir: "/srv/app"}.ParseArgs([]string{"-Hhosts", "-r../r", "-8./log", "--hostsdir=/abs"})
		if err != nil {
			t.Fatal(err)
		}
		got := []string{o.HostsFiles[0], o.ResolvFiles[0], o.LogFacility, o.HostsDirs[0]}
		if diff := cmp.Diff([]string{"/srv/app/hosts", "/srv/r", "/srv/app/log", "/abs"}, got); diff != "" {
			t.Errorf("paths (-want +got):\n%s", diff)
		}
	})
}

func TestAbbreviations(t *testing.T) {
	t.Parallel()
	for args, full := range map[string]string{
		"--strict":        "--strict-order",
		"--cache-s=5":     "--cache-size=5",
		"--cache-s 5":     "--cache-size=5",
		"--local=/a/":     "--local=/a/", // not short for --local-ttl
		"--filter-A":      "--filter-A",
		"--filter-AA":     "--filter-AAAA",
		"--log-q=extra":   "--log-queries=extra",
		"--addr /a.com/#": "--address=/a.com/#",
	} {
		got, err := dnsmasq.Parse(args)
		if err != nil {
			t.Errorf("%s: %v", args, err)
		} else if diff := cmp.Diff(mustArgs(t, full), got, same); diff != "" {
			t.Errorf("%s (-want +got):\n%s", args, diff)
		}
	}
}

func TestAliasRewrite(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ alias, from, to string }{
		{"1.2.3.4,5.6.7.8", "1.2.3.4", "5.6.7.8"},
		{"1.2.3.4,5.6.7.8", "1.2.3.5", ""},
		{"1.2.3.0,6.7.8.0,255.255.255.0", "1.2.3.56", "6.7.8.56"},
		{"1.2.3.0,6.7.8.0,255.255.255.0", "1.2.4.56", ""},
		{"192.168.0.10-192.168.0.40,10.0.0.0,255.255.255.0", "192.168.0.10", "10.0.0.10"},
		{"192.168.0.10-192.168.0.40,10.0.0.0,255.255.255.0", "192.168.0.40", "10.0.0.40"},
		{"192.168.0.10-192.168.0.40,10.0.0.0,255.255.255.0", "192.168.0.41", ""},
		{"192.168.0.10-192.168.0.40,10.0.0.0,255.255.255.0", "192.168.0.9", ""},
		{"1.2.3.4,5.6.7.8,255.0.255.0", "1.9.3.9", "5.9.7.9"},
		{"1.2.3.4,5.6.7.8", "::1", ""},
	} {
		a := mustArgs(t, "--alias="+tc.alias).Aliases[0]
		want, to := addr(tc.from), tc.to != ""
		if to {
			want = addr(tc.to)
		}
		if got, ok := a.Rewrite(addr(tc.from)); ok != to || got != want {
			t.Errorf("%s: Rewrite(%s) = %s, %v", tc.alias, tc.from, got, ok)
		}
	}
}
