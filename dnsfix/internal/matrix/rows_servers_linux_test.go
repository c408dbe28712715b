package matrix_test

import (
	"strings"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/dnstest"
)

// serverRows are about servers that fail, lie or are late: facts 1.2, 1.4 and 4.
func serverRows() []row {
	x := "x.test * 192.0.2.9"
	both := func(first, second string) place {
		return place{resolv: two, servers: zones{"127.0.0.2": first, "127.0.0.3": second}}
	}
	overTCP := one("nameserver 127.0.0.2\noptions use-vc\n", x)
	overTCP.noUDP = true
	options := func(o string) place { return one("nameserver 127.0.0.2\noptions "+o+"\n", x) }
	return []row{
		{
			name: "two servers, the second is faster and says NXDOMAIN", ask: "x.test",
			place: both("x.test * delay:30ms 192.0.2.9", "* * nxdomain"),
			want:  "192.0.2.9", slow: 30 * time.Millisecond, musl: "NONAME", glibc: "ok",
		},
		{
			name: "the same, and the first takes 100 ms", ask: "x.test",
			place: both("* * delay:100ms 192.0.2.9", "* * nxdomain"),
			want:  "192.0.2.9", slow: 100 * time.Millisecond, musl: "NONAME", glibc: "ok",
		},
		{
			name: "two servers, the first is silent", ask: "x.test", place: both("* * silent", x),
			want: "192.0.2.9", musl: "ok", glibc: "ok, 5 s",
		},
		{
			name: "two servers, nobody listens at the first", ask: "x.test",
			place: place{resolv: two, servers: zones{"127.0.0.3": x}},
			want:  "192.0.2.9", musl: "ok", glibc: "ok",
		},
		{
			name: "two servers, the first says SERVFAIL", ask: "x.test", place: both("* * servfail", x),
			want: "192.0.2.9", musl: "ok", glibc: "ok",
		},
		{
			name: "two servers, the first says REFUSED", ask: "x.test", place: both("* * refused", x),
			want: "192.0.2.9", musl: "ok", glibc: "ok",
		},
		{
			name: "the server takes 300 ms", ask: "x.test", place: one("", "x.test * delay:300ms 192.0.2.9\n* * delay:300ms nxdomain"),
			want: "192.0.2.9", slow: 300 * time.Millisecond, most: 8, musl: "ok, 0.5 s", glibc: "ok, 0.5 s",
		},
		{
			name: "the first question for A is lost", ask: "x.test", place: one("", "x.test A 192.0.2.9 drop:1\nx.test AAAA nodata"),
			want: "192.0.2.9", musl: "ok, 2.5 s", glibc: "ok, 5 s",
		},
		{
			name: "the first question for AAAA is lost", ask: "x.test", place: one("", "x.test A 192.0.2.9\nx.test AAAA nodata drop:1"),
			want: "192.0.2.9", musl: "ok, 2.5 s", glibc: "ok, 5 s",
		},
		{
			name: "a datagram with another id first", ask: "x.test", place: one("", "x.test * 192.0.2.9 badid"),
			want: "192.0.2.9", most: 2, musl: "ok", glibc: "ok",
		},
		{
			name: "a datagram to another question first", ask: "x.test", place: one("", "x.test * 192.0.2.9 badquestion"),
			want: "192.0.2.9", most: 2, musl: "wrong", glibc: "ok",
		},
		{
			name: "records of a name nobody asked for", ask: "x.test", place: one("", "x.test * "+dnstest.Wrong+" foreign:evil.test"),
			want: noName, musl: "wrong", glibc: "NONAME",
		},
		{
			name: "a server without EDNS", ask: "x.test", place: one("", "x.test * 192.0.2.9 noedns"),
			want: "192.0.2.9", most: 4, musl: "ok", glibc: "ok",
		},
		{name: "a server with TCP alone, `options use-vc`", ask: "x.test", place: overTCP, want: "192.0.2.9", musl: "AGAIN, 5 s", glibc: "ok"},
		{name: "`options attempts:0`", ask: "x.test", place: options("attempts:0"), want: "192.0.2.9", musl: "crash", glibc: "AGAIN"},
		{name: "`options timeout:0`", ask: "x.test", place: options("timeout:0"), want: "192.0.2.9", musl: "AGAIN", glibc: "ok"},
		{name: "only SERVFAIL", ask: "x.test", place: one("", "* * servfail"), want: again, dead: true, musl: "AGAIN, 5 s", glibc: "AGAIN"},
		{name: "only REFUSED", ask: "x.test", place: one("", "* * refused"), want: again, dead: true, musl: "AGAIN, 5 s", glibc: "AGAIN"},
		{name: "only FORMERR", ask: "x.test", place: one("", "* * formerr"), want: again, dead: true, musl: "AGAIN, 5 s", glibc: "NONAME"},
		{name: "only NOTIMP", ask: "x.test", place: one("", "* * notimp"), want: again, dead: true, musl: "AGAIN, 5 s", glibc: "AGAIN"},
		{name: "only silence", ask: "x.test", place: one("", "* * silent"), want: again, dead: true, musl: "AGAIN, 5 s", glibc: "AGAIN, 10 s"},
		{name: "nobody listens", ask: "x.test", place: place{}, want: again, dead: true, musl: "AGAIN, 5 s", glibc: "AGAIN"},
	}
}

// fileRows are about names of /etc/hosts and of the machine itself: facts 1.1 and 1.6.
func fileRows() []row {
	none := zones{"127.0.0.2": ""}
	hosts := func(lines string) place { return place{hosts: lines, servers: none} }
	return []row{
		{
			name: "`linked` in hosts, `Linked` looked up", ask: "Linked", place: hosts("192.0.2.5 linked\n"),
			want: "192.0.2.5", most: 0, musl: "NONAME", glibc: "ok",
		},
		{
			name: "a name of hosts, with a final dot", ask: "linked.", place: hosts("192.0.2.5 linked\n"),
			want: "192.0.2.5", musl: "NONAME", glibc: "NONAME",
		},
		{
			name: "the last name of a line of 600 bytes in hosts", ask: "last",
			place: hosts("192.0.2.5 " + strings.Repeat("alias-of-it ", 50) + "last\n"),
			want:  "192.0.2.5", musl: "NONAME", glibc: "ok",
		},
		{
			name: "an IPv4 name of hosts, its servers are silent", ask: "linked",
			place: place{hosts: "192.0.2.5 linked\n", servers: zones{"127.0.0.2": "* * silent"}},
			want:  "192.0.2.5", musl: "ok", glibc: "ok",
		},
		{name: "`app.localhost`", ask: "app.localhost", place: hosts(""), want: "127.0.0.1 ::1", musl: "NONAME", glibc: "NONAME"},
	}
}
