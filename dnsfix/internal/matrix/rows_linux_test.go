package matrix_test

import (
	"slices"
	"strings"
	"time"
)

// row is a line of the matrix: a world, a lookup, and what comes of it.
type row struct {
	name string // as in docs/dns.md
	place
	ask    string // default "web"
	family string // "4" or "6"; default both

	// musl, glibc and golang are what they get by themselves: outcome.class, or several
	// with " or " between where that is a matter of luck. Go's is given only then:
	// its error is that of whichever of its questions, A and AAAA, fails last. muslAsks
	// and glibcAsks are the queries that takes; 0: not looked at.
	musl, glibc, golang string
	muslAsks, glibcAsks int
	// want is what all clients get through baseinit: addresses, or an error. "x40" are
	// so many addresses; what fits into one datagram is enough for clients that
	// know UDP alone.
	want string
	// canon is the canonical name that libcs get then; default: not looked at.
	canon string
	// slow is the time that the fastest server that works takes.
	slow time.Duration
	// dead says that no server works: a clear error is what is wanted, in time.
	dead bool
	// most is how many queries for addresses the servers get at most, from each client.
	most int
}

const (
	okZone   = "web.ok.test * 192.0.2.2\n"
	searchOK = "nameserver 127.0.0.2\nsearch "
	cluster  = "nameserver 127.0.0.2\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"
	outside  = "www.example.com * 192.0.2.80 2001:db8::80\n"
	two      = "nameserver 127.0.0.2\nnameserver 127.0.0.3\n"
)

// one is a world of one server.
func one(resolv, zone string) place { return place{resolv: resolv, servers: zones{"127.0.0.2": zone}} }

func rows() []row {
	return slices.Concat(searchRows(), pairRows(), sizeRows(), serverRows(), fileRows())
}

// searchRows are about the search list: facts 1.2, first part.
func searchRows() []row {
	return []row{
		{
			name: "two search domains, the name is in the second", place: one(searchOK+"nx.test ok.test\n", okZone),
			want: "192.0.2.2", canon: "web.ok.test", most: 4,
			musl: "ok", muslAsks: 4, glibc: "ok", glibcAsks: 4,
		},
		{
			name: "`ndots:5`, three cluster domains, an outside name", place: one(cluster, outside), ask: "www.example.com",
			want: "192.0.2.80 2001:db8::80", most: 8,
			musl: "ok", muslAsks: 8, glibc: "ok", glibcAsks: 8,
		},
		{
			name: "the same, with a final dot", place: one(cluster, outside), ask: "www.example.com.",
			want: "192.0.2.80 2001:db8::80", most: 8,
			musl: "ok", muslAsks: 2, glibc: "ok", glibcAsks: 2,
		},
		{
			name: "`ndots:1`, `a.b` is in a search domain alone", place: one(searchOK+"ok.test\n", "a.b.ok.test * 192.0.2.3"), ask: "a.b",
			want: "192.0.2.3", most: 4,
			musl: "NONAME", muslAsks: 2, glibc: "ok", glibcAsks: 4,
		},
		{
			name: "first search domain: SERVFAIL", place: one(searchOK+"bad.test ok.test\n", "*.bad.test * servfail\n"+okZone),
			want: "192.0.2.2", canon: "web.ok.test", most: 6,
			musl: "AGAIN, 5 s", muslAsks: 12, glibc: "ok", glibcAsks: 6,
		},
		{
			name: "first search domain: no data", place: one(searchOK+"bad.test ok.test\n", "*.bad.test * nodata\n"+okZone),
			want: "192.0.2.2", canon: "web.ok.test", most: 4,
			musl: "NONAME", muslAsks: 2, glibc: "ok", glibcAsks: 4,
		},
		{
			name: "first search domain: REFUSED", place: one(searchOK+"bad.test ok.test\n", "*.bad.test * refused\n"+okZone),
			want: "192.0.2.2", canon: "web.ok.test", most: 6,
			musl: "AGAIN, 5 s", muslAsks: 4, glibc: "NONAME",
		},
		{
			name: "first search domain: silence", place: one(searchOK+"bad.test ok.test\n", "*.bad.test * silent\n"+okZone),
			want: "192.0.2.2", canon: "web.ok.test",
			musl: "AGAIN, 5 s", muslAsks: 4, glibc: "NONAME, 10 s",
		},
		{
			name: "the name is in no search domain", place: one(searchOK+"nx.test ok.test\n", okZone), ask: "nobody",
			want: noName, most: 6, musl: "NONAME", glibc: "NONAME",
		},
		{
			name:  "search line of 300 bytes, the name is in the last domain",
			place: one(searchOK+strings.Repeat("a.domain-that-is-quite-as-long-as-some-clouds-have-them.test ", 5)+"ok.test\n", okZone),
			want:  "192.0.2.2", most: 12,
			musl: "NONAME", glibc: "ok",
		},
		{
			name: "`search . ok.test`", place: one(searchOK+". ok.test\n", okZone),
			want: "192.0.2.2", musl: "AGAIN, 5 s", glibc: "ok",
		},
		{
			name: "`domain` in place of `search`", place: one("nameserver 127.0.0.2\ndomain ok.test\n", okZone),
			want: "192.0.2.2", canon: "web.ok.test", most: 2, musl: "ok", glibc: "ok",
		},
		{
			name:  "no search line, a host name with a domain",
			place: place{servers: zones{"127.0.0.2": okZone}, hostname: "box.ok.test"},
			want:  "192.0.2.2", musl: "NONAME", glibc: "ok",
		},
		{
			name: "capital letters", place: one(searchOK+"ok.test\n", okZone), ask: "WEB.ok.TEST",
			want: "192.0.2.2", most: 2, musl: "ok", glibc: "ok",
		},
	}
}

// pairRows are about the question for the other family: facts 1.2, second part.
func pairRows() []row {
	pair := func(zone string) place { return one("", zone) }
	return []row{
		{
			name: "A, and AAAA: no data without SOA", ask: "v4.test", place: pair("v4.test A 192.0.2.4\nv4.test AAAA nodata nosoa"),
			want: "192.0.2.4", most: 2, musl: "ok", glibc: "ok",
		},
		{
			name: "A, and AAAA: NXDOMAIN", ask: "v4.test", place: pair("v4.test A 192.0.2.4\nv4.test AAAA nxdomain"),
			want: "192.0.2.4", most: 2, musl: "NONAME", glibc: "ok",
		},
		{
			name: "A, and AAAA: SERVFAIL", ask: "v4.test", place: pair("v4.test A 192.0.2.4\nv4.test AAAA servfail"),
			want: "192.0.2.4", musl: "AGAIN, 5 s", muslAsks: 11, glibc: "ok",
		},
		{
			name: "A, and AAAA: REFUSED", ask: "v4.test", place: pair("v4.test A 192.0.2.4\nv4.test AAAA refused"),
			want: "192.0.2.4", musl: "AGAIN, 5 s", glibc: "ok",
		},
		{
			name: "A, and AAAA: silence", ask: "v4.test", place: pair("v4.test A 192.0.2.4\nv4.test AAAA silent"),
			want: "192.0.2.4", musl: "AGAIN, 5 s", glibc: "ok, 15 s",
		},
		{
			name: "A, and AAAA after 2 s", ask: "v4.test", place: pair("v4.test A 192.0.2.4\nv4.test AAAA delay:2s 2001:db8::4"),
			want: "192.0.2.4", musl: "ok, 2 s", glibc: "ok, 2 s",
		},
		{
			name: "AAAA, and A: NXDOMAIN", ask: "v6.test", place: pair("v6.test AAAA 2001:db8::6\nv6.test A nxdomain"),
			want: "2001:db8::6", most: 2, musl: "NONAME", glibc: "ok",
		},
		{
			name: "AAAA, and A: SERVFAIL", ask: "v6.test", place: pair("v6.test AAAA 2001:db8::6\nv6.test A servfail"),
			want: "2001:db8::6", musl: "AGAIN, 5 s", glibc: "ok",
		},
		{
			name: "IPv6 wanted, A alone is there", ask: "v4.test", family: "6", place: pair("v4.test * 192.0.2.4"),
			want: noName, most: 1, musl: "NONAME", glibc: "NONAME",
		},
		{
			name: "`options no-aaaa`, and AAAA: silence", ask: "v4.test",
			place: one("nameserver 127.0.0.2\noptions no-aaaa\n", "v4.test A 192.0.2.4\nv4.test AAAA silent"),
			want:  "192.0.2.4", most: 1, musl: "AGAIN, 5 s", glibc: "ok",
		},
	}
}

// sizeRows are about answers that do not fit: facts 1.2, third part.
func sizeRows() []row {
	big := func(words string) place { return one("", "big.test A "+words+"\nbig.test AAAA nodata") }
	noTCP := big("x40 tc:30")
	noTCP.noTCP = true
	chain := one("", `
		www.long-name-of-a-customer.example.test * cname:edge-0123456789abcdef0123456789abcdef0123456789abcdef.c1.test
		edge-0123456789abcdef0123456789abcdef0123456789abcdef.c1.test * cname:edge-1123456789abcdef0123456789abcdef0123456789abcdef.c2.test
		edge-1123456789abcdef0123456789abcdef0123456789abcdef.c2.test * cname:edge-2123456789abcdef0123456789abcdef0123456789abcdef.c3.test
		edge-2123456789abcdef0123456789abcdef0123456789abcdef.c3.test * cname:edge-3123456789abcdef0123456789abcdef0123456789abcdef.c4.test
		edge-3123456789abcdef0123456789abcdef0123456789abcdef.c4.test * cname:edge-4123456789abcdef0123456789abcdef0123456789abcdef.c5.test
		edge-4123456789abcdef0123456789abcdef0123456789abcdef.c5.test * cname:edge-5123456789abcdef0123456789abcdef0123456789abcdef.c6.test
		edge-5123456789abcdef0123456789abcdef0123456789abcdef.c6.test * cname:edge-6123456789abcdef0123456789abcdef0123456789abcdef.c7.test
		edge-6123456789abcdef0123456789abcdef0123456789abcdef.c7.test * 192.0.2.7`)
	return []row{
		{
			name: "40 addresses, cut off after 30", ask: "big.test", place: big("x40 tc:30"),
			want: "x40", musl: "ok (30)", glibc: "ok (40)",
		},
		{name: "63 addresses", ask: "big.test", place: big("x63"), want: "x63", musl: "ok (30)", glibc: "ok (63)"},
		{name: "64 addresses", ask: "big.test", place: big("x64"), want: "x64", musl: "ok (30)", glibc: "ok (64)"},
		{name: "100 addresses", ask: "big.test", place: big("x100"), want: "x100", musl: "ok (30)", glibc: "ok (100)"},
		{
			name: "40 addresses, cut off to nothing", ask: "big.test", place: big("x40 tc:0"),
			want: "x40", musl: "NONAME", glibc: "ok (40)",
		},
		{
			name: "40 addresses, cut off after 30, no TCP", ask: "big.test", place: noTCP,
			want: "x30", musl: "ok (30)", glibc: "AGAIN", golang: "AGAIN or NONAME",
		},
		{
			name: "40 addresses, not cut off", ask: "big.test", place: big("x40 oversize"),
			want: "x40", musl: "ok (30)", glibc: "ok (40)",
		},
		{
			name: "7 aliases, 585 bytes", ask: "www.long-name-of-a-customer.example.test", place: chain,
			want: "192.0.2.7", musl: "NONAME", glibc: "ok",
		},
	}
}
