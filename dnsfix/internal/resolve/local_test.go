package resolve_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// What is answered without asking anybody, and what options make of what servers say.
func TestLocal(t *testing.T) {
	t.Parallel()
	const public, private = "nameserver 8.8.8.8\n", "nameserver 10.0.0.1\n"
	for _, tc := range []struct {
		name  string
		setup setup
		ask   string // name and type
		want  string
		asks  int // of servers
	}{
		{"hosts", setup{hosts: "10.0.0.1 web web.corp.test\nfd00::1 web\n"}, "WEB. A", "10.0.0.1", 0},
		{"hosts, the other family", setup{hosts: "10.0.0.1 web\n"}, "web. AAAA", "NODATA", 0},
		{"hosts, reverse", setup{hosts: "10.0.0.1 web alias\n"}, "1.0.0.10.in-addr.arpa. PTR", "web.", 0},
		{"hosts, reverse of IPv6", setup{hosts: "fd00::1 six\n"}, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa. PTR", "six.", 0},
		{"hosts, another type", setup{hosts: "10.0.0.1 web.test\n"}, "web.test. MX", "NODATA", 1},
		{"localhost", setup{}, "localhost. A", "127.0.0.1", 0},
		{"a name below localhost", setup{}, "app.LOCALHOST. AAAA", "::1", 0},
		{"localhost, another type", setup{}, "localhost. MX", "NODATA", 0},
		{"127.x, reverse", setup{}, "53.0.0.127.in-addr.arpa. PTR", "localhost.", 0},
		{".invalid", setup{script: script{"*": "10.6.6.6"}}, "x.invalid. A", "NXDOMAIN", 0},
		{".onion", setup{script: script{"*": "10.6.6.6"}}, "x.onion. A", "NXDOMAIN", 0},
		{"a private address, public servers", setup{resolv: public}, "1.0.0.10.in-addr.arpa. PTR", "NXDOMAIN", 0},
		{"a private address, private servers", setup{resolv: private, script: script{"*": "web.test."}}, "1.0.0.10.in-addr.arpa. PTR", "web.test.", 1},
		{"--bogus-priv", setup{resolv: private, args: "--bogus-priv"}, "1.0.0.10.in-addr.arpa. PTR", "NXDOMAIN", 0},
		{"a private address, --rev-server", setup{resolv: public, args: "--rev-server=10.0.0.0/8,10.0.0.1", script: script{"*": "web.test."}}, "1.0.0.10.in-addr.arpa. PTR", "web.test.", 1},
		{"a public address", setup{resolv: public, script: script{"*": "dns.test."}}, "8.8.8.8.in-addr.arpa. PTR", "dns.test.", 1},
		{"half an address", setup{resolv: public}, "8.8.in-addr.arpa. PTR", "NXDOMAIN", 1},

		{"--address", setup{args: "--address=/ads.test/10.1.1.1"}, "x.ads.test. A", "10.1.1.1", 0},
		{"--address, the other family, none upstream", setup{args: "--address=/ads.test/10.1.1.1"}, "x.ads.test. AAAA", "NODATA", 1},
		{"--address without one", setup{args: "--address=/ads.test/"}, "x.ads.test. A", "NXDOMAIN", 0},
		{"--address, all", setup{args: "--address=/#/10.1.1.1"}, "any.thing. A", "10.1.1.1", 0},
		{"--address=/x/#", setup{args: "--address=/ads.test/#"}, "ads.test. AAAA", "::", 0},
		{"hosts before --address", setup{args: "--address=/ads.test/10.1.1.1", hosts: "10.0.0.1 x.ads.test\n"}, "x.ads.test. A", "10.0.0.1", 0},
		{"--local", setup{args: "--local=/corp.test/", script: script{"*": "10.0.0.1"}}, "x.corp.test. A", "NXDOMAIN", 0},
		{"--server for a domain", setup{args: "--server=/corp.test/10.0.0.9", script: script{"*": "10.0.0.1"}}, "x.corp.test. A", "10.0.0.1", 1},
		{"--host-record", setup{args: "--host-record=a.test,b.test,10.0.0.1,fd00::1,90"}, "b.test. AAAA", "fd00::1", 0},
		{"--host-record, reverse", setup{args: "--host-record=a.test,b.test,10.0.0.1"}, "1.0.0.10.in-addr.arpa. PTR", "a.test.", 0},
		{"--host-record, the other family", setup{args: "--host-record=a.test,10.0.0.1"}, "a.test. AAAA", "NODATA", 0},
		{"--cname of a record", setup{args: "--cname=www.test,a.test --host-record=a.test,10.0.0.1"}, "www.test. A", ">a.test. 10.0.0.1", 0},
		{"--cname of a cname", setup{args: "--cname=w.test,www.test --cname=www.test,a.test --host-record=a.test,10.0.0.1"}, "w.test. A", ">www.test. >a.test. 10.0.0.1", 0},
		{"--cname of what servers know", setup{args: "--cname=www.test,far.test", script: script{"far.test.": "10.0.0.8"}}, "www.test. A", ">far.test. 10.0.0.8", 1},
		{"--cname itself", setup{args: "--cname=www.test,a.test"}, "www.test. CNAME", ">a.test.", 0},
		{"--srv-host", setup{args: "--srv-host=_ldap._tcp.test,ldap.test,389,1,2"}, "_ldap._tcp.test. SRV", "1 2 389 ldap.test.", 0},
		{"--txt-record", setup{args: `--txt-record=t.test,one,two`}, "t.test. TXT", `"one" "two"`, 0},
		{"--ptr-record", setup{args: "--ptr-record=p.test,q.test"}, "p.test. PTR", "q.test.", 0},
		{"--mx-host", setup{args: "--mx-host=test,mail.test,50"}, "test. MX", "50 mail.test.", 0},
		{"--mx-host without a target", setup{args: "--mx-host=test"}, "test. MX", "1 box.", 0},
		{"--naptr-record", setup{args: "--naptr-record=n.test,10,20,U,sip,!a!b!,r.test"}, "n.test. NAPTR", `10 20 "U" "sip" "!a!b!" r.test.`, 0},
		{"--caa-record", setup{args: "--caa-record=c.test,0,issue,ca.test"}, "c.test. CAA", `0 issue "ca.test"`, 0},
		{"--dns-rr", setup{args: "--dns-rr=r.test,1,0a000007"}, "r.test. A", "10.0.0.7", 0},
		{"a record of another type", setup{args: "--txt-record=t.test,one", script: script{"t.test.": "10.0.0.1"}}, "t.test. A", "10.0.0.1", 1},
		{"a record, and no such name upstream", setup{args: "--txt-record=t.test,one"}, "t.test. A", "NODATA", 1},

		{"--filter-AAAA", setup{args: "--filter-AAAA", script: script{"*": "fd00::1"}}, "x.test. AAAA", "NODATA", 0},
		{"--filter-rr", setup{args: "--filter-rr=TXT", script: script{"*": "text"}}, "x.test. TXT", "NODATA", 0},
		{"--bogus-nxdomain", setup{args: "--bogus-nxdomain=10.6.6.0/24", script: script{"*": "10.6.6.6"}}, "x.test. A", "NXDOMAIN", 1},
		{"--ignore-address", setup{args: "--ignore-address=10.6.6.6", script: script{"x.test. A": "10.6.6.6"}}, "x.test. A", "SERVFAIL", 2},
		{"--alias", setup{args: "--alias=192.0.2.0,10.0.0.0,255.255.255.0", script: script{"x.test. A": "192.0.2.7"}}, "x.test. A", "10.0.0.7", 1},
		{"--stop-dns-rebind", setup{args: "--stop-dns-rebind", script: script{"x.test. A": "10.0.0.7"}}, "x.test. A", "NODATA", 1},
		{"--rebind-domain-ok", setup{args: "--stop-dns-rebind --rebind-domain-ok=/test/", script: script{"x.test. A": "10.0.0.7"}}, "x.test. A", "10.0.0.7", 1},
		{"--rebind-localhost-ok", setup{args: "--stop-dns-rebind --rebind-localhost-ok", script: script{"x.test. A": "127.0.0.7"}}, "x.test. A", "127.0.0.7", 1},
		{"--max-ttl", setup{args: "--max-ttl=7", script: script{"x.test. A": "10.0.0.7"}}, "x.test. A", "10.0.0.7", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				if tc.setup.resolv == "" {
					tc.setup.resolv = "nameserver 8.8.8.8\n"
				}
				w := newWorld(t, tc.setup)
				name, typ, _ := strings.Cut(tc.ask, " ")
				if got := w.ask(name, typ); got != tc.want {
					t.Errorf("%s, want %s", got, tc.want)
				}
				synctest.Wait()
				if asked := w.server.questions(); len(asked) != tc.asks {
					t.Errorf("servers were asked %q, want %d questions", asked, tc.asks)
				}
			})
		})
	}
}

// What is answered in the same way whoever asks.
func TestSpecial(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, setup{resolv: "nameserver 8.8.8.8\n"})
		m := new(dns.Msg).SetQuestion("version.bind.", dns.TypeTXT)
		m.Question[0].Qclass = dns.ClassCHAOS
		if got := w.send(m); got.Rcode != dns.RcodeRefused {
			t.Errorf("the version: %v", got)
		}
		if got := w.send(new(dns.Msg).SetQuestion("web.test.", dns.TypeANY)); len(got.Answer) != 1 || got.Answer[0].Header().Rrtype != dns.TypeHINFO {
			t.Errorf("ANY: %v", got)
		}
		if got := w.send(new(dns.Msg).SetQuestion("web.test.", dns.TypeAXFR)); got.Rcode != dns.RcodeNotImplemented {
			t.Errorf("AXFR: %v", got)
		}
		if n := w.server.count(); n != 0 {
			t.Errorf("%d questions upstream", n)
		}
	})
}

// The addresses of Docker's DNS are kept for 5 s, whatever it says.
func TestDockerTTL(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, setup{resolv: "nameserver 127.0.0.11\noptions ndots:0\n", script: script{"peer.": "172.18.0.2"}})
		if got := w.ask("peer", "A"); got != "172.18.0.2" {
			t.Fatal(got)
		}
		w.server.set("peer.", "172.18.0.3")
		time.Sleep(4 * time.Second)
		if got := w.ask("peer", "A"); got != "172.18.0.2" {
			t.Errorf("after 4 s: %s", got)
		}
		time.Sleep(2 * time.Second)
		if got := w.ask("peer", "A"); got != "172.18.0.3" {
			t.Errorf("after 6 s: %s", got)
		}
	})
}

// Other servers, and nothing that the old ones said is used any more.
func TestOtherServers(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, setup{resolv: "nameserver 10.0.0.1\n", script: script{"web.test.": "10.0.0.1"}})
		w.both("web.test")
		w.SetView(w.view)
		if _, _, took := w.both("web.test"); took > 0 {
			t.Error("the same view again has made it forget")
		}
		other := w.view
		other.Servers = nil
		other.Default = nil
		w.SetView(other)
		if got := w.ask("web.test", "A"); got != "SERVFAIL" {
			t.Errorf("without servers: %s", got)
		}
	})
}

// A hit costs no allocation, with hosts and records to be looked at first.
func TestHitDoesNotAllocate(t *testing.T) {
	w := newWorld(t, setup{resolv: "nameserver 8.8.8.8\n", hosts: "10.0.0.9 other\n", args: "--txt-record=t.test,one", script: script{"web.test.": "10.0.0.1"}})
	w.ask("web.test", "A")
	packed, err := new(dns.Msg).SetQuestion("web.test.", dns.TypeA).Pack()
	if err != nil {
		t.Fatal(err)
	}
	w.noAllocations(packed)
}
