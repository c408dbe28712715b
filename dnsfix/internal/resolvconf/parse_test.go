package resolvconf_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sillelien/baseinit/dnsfix/internal/resolvconf"
)

var (
	byValue  = cmpopts.EquateComparable(netip.AddrPort{})
	defaults = resolvconf.Options{NDots: 1, Timeout: 5 * time.Second, Attempts: 2}
)

// servers returns addresses with port 53.
func servers(addrs ...string) (list []netip.AddrPort) {
	for _, addr := range addrs {
		list = append(list, netip.AddrPortFrom(netip.MustParseAddr(addr), 53))
	}
	return list
}

func TestParseNameservers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		want       []netip.AddrPort
		notes      []string // a part of each
	}{
		{"none", "", nil, nil},
		{"one", "nameserver 10.0.0.1\n", servers("10.0.0.1"), nil},
		{"docker's", "nameserver 127.0.0.11\n", servers("127.0.0.11"), nil},
		{"no newline at the end", "nameserver 10.0.0.1", servers("10.0.0.1"), nil},
		{"tabs and spaces", "nameserver\t \t10.0.0.1 \t\n", servers("10.0.0.1"), nil},
		{"in order, repeated", "nameserver 10.0.0.2\nnameserver 10.0.0.1\nnameserver 10.0.0.2\n", servers("10.0.0.2", "10.0.0.1", "10.0.0.2"), nil},
		{"more than three", strings.Repeat("nameserver 10.0.0.1\n", 4), servers("10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1"), []string{"4: the C libraries ask the first 3"}},
		{"IPv6", "nameserver 2001:DB8::1\n", servers("2001:db8::1"), nil},
		{"IPv6 with zone", "nameserver fe80::1%eth0\nnameserver fe80::1%2\n", servers("fe80::1%eth0", "fe80::1%2"), nil},
		{"zone without meaning", "nameserver 2001:db8::1%eth0\n", servers("2001:db8::1"), nil},
		{"IPv4 in IPv6", "nameserver ::ffff:10.0.0.1\n", servers("10.0.0.1"), nil},
		{"this host", "nameserver 0.0.0.0\nnameserver ::\n", servers("0.0.0.0", "::"), nil},
		{"inet_aton", "nameserver 10.1\nnameserver 0x0a.010.1\nnameserver 167772161\n", servers("10.0.0.1", "10.8.0.1", "10.0.0.1"), nil},
		{"not inet_aton", "nameserver 10.256.0.1\nnameserver 1.2.3.4.5\nnameserver 08.1\nnameserver 0x\nnameserver 10..1\nnameserver 4294967296\n", nil, []string{"1: ignored", "2: ignored", "3: ignored", "4: ignored", "5: ignored", "6: ignored"}},
		{"no address", "nameserver\nnameserver \nnameserver # 10.0.0.1\n", nil, []string{"1: ignored", "2: ignored", "3: ignored"}},
		{"a name", "nameserver resolver.example.com\n", nil, []string{`1: ignored: "resolver.example.com" is not an IP address`}},
		{"a port", "nameserver 10.0.0.1:5353\nnameserver [::1]:53\nnameserver 10.0.0.1#53\n", nil, []string{"1: ignored", "2: ignored", "3: ignored"}},
		{"two on a line", "nameserver 10.0.0.1 10.0.0.2\nnameserver 10.0.0.1,10.0.0.2\n", servers("10.0.0.1"), []string{`1: ignored: "10.0.0.2"`, `2: ignored: "10.0.0.1,10.0.0.2"`}},
		{"comments", "# nameserver 10.0.0.1\n;nameserver 10.0.0.2\n \t# nothing\nnameserver 10.0.0.3 # the third\nnameserver 10.0.0.4 ;the fourth\n", servers("10.0.0.3", "10.0.0.4"), nil},
		{"not at the beginning", " nameserver 10.0.0.1\n\tnameserver 10.0.0.2\n", nil, []string{"1: ignored", "2: ignored"}},
		{"keywords as prefixes", "nameserver10.0.0.1\nnameservers 10.0.0.1\nNAMESERVER 10.0.0.1\n", nil, []string{"1: ignored", "2: ignored", "3: ignored"}},
		{"carriage returns", "nameserver 10.0.0.1\r\nnameserver 10.0.0.2\r\n\r\n", servers("10.0.0.1", "10.0.0.2"), []string{"1: glibc does not"}},
		{"NUL", "nameserver 10.0.0.1\x00nameserver\nnameserver 10.0.0.2\n\x00\nnameserver\x00 10.0.0.3\n", servers("10.0.0.1", "10.0.0.2"), []string{"1: the line ends at its NUL", "4: the line ends", "4: ignored"}},
		{"long lines", "nameserver 10.0.0.1" + strings.Repeat(" ", 300) + "\n#" + strings.Repeat("x", 300) + "\nnameserver 10.0.0.2\n", servers("10.0.0.1", "10.0.0.2"), []string{"1: musl ignores this line of 320 bytes"}},
		{"garbage", "\xff\xfe\x01 10.0.0.1\nsortlist 130.155.160.0/255.255.240.0\nlookup file bind\n\n", nil, []string{"1: ignored", "2: ignored: sortlist", `3: ignored: "lookup"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := resolvconf.Parse([]byte(tc.text))
			want := resolvconf.Config{Nameservers: tc.want, Options: defaults}
			if diff := cmp.Diff(want, got, byValue, cmpopts.IgnoreFields(want, "Notes")); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
			checkNotes(t, tc.notes, got.Notes)
		})
	}
}

func TestParseSearch(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("x", 63)
	long := strings.Repeat("some-domain.example.com ", 20)
	for _, tc := range []struct {
		name, text string
		want       []string
		has        bool
		notes      []string
	}{
		{"none", "nameserver 10.0.0.1\n", nil, false, nil},
		{"in order", "search b.test\ta.test  c\n", []string{"b.test", "a.test", "c"}, true, nil},
		{"the last line wins", "search a.test\nsearch b.test\n", []string{"b.test"}, true, []string{"2: this line replaces"}},
		{"search after domain", "domain a.test\nsearch b.test c.test\n", []string{"b.test", "c.test"}, true, []string{"2: this line replaces"}},
		{"domain after search", "search b.test c.test\ndomain a.test\n", []string{"a.test"}, true, []string{"2: this line replaces"}},
		{"domain names one", "domain a.test b.test\n", []string{"a.test"}, true, []string{`1: ignored: "b.test"`}},
		{"empty lines do not count", "search a.test\nsearch\nsearch \ndomain\t\n", []string{"a.test"}, true, []string{"2: ignored", "3: ignored", "4: ignored"}},
		{"the root", "search .\n", nil, true, nil},
		{"the root among others", "search a.test . b.test\n", []string{"a.test", "b.test"}, true, nil},
		{"the root replaces", "search a.test\nsearch .\n", nil, true, []string{"2: this line replaces"}},
		{"dots at the ends", "search a.test. .b.test .c.\n", []string{"a.test", "b.test", "c"}, true, nil},
		{"case", "search Corp.Example.COM\n", []string{"corp.example.com"}, true, nil},
		{"repeated", "search a.test b.test A.test.\n", []string{"a.test", "b.test"}, true, []string{"1: ignored: a.test is repeated"}},
		{"comment", "search a.test # not b.test\nsearch c.test ;d.test\n", []string{"c.test"}, true, []string{"2: this line replaces"}},
		{"underscores, digits, hyphens", "search _tcp.a_b.test 1.2 -x-\n", []string{"_tcp.a_b.test", "1.2", "-x-"}, true, nil},
		{"no domain names", "search a..test .. ..a a\\.b ü.test ok.test\n", []string{"ok.test"}, true, []string{`1: ignored: "a..test"`, `1: ignored: ".."`, `1: ignored: "..a"`, "1: ignored", "1: ignored"}},
		{"label of 63", "search " + label + ".test\n", []string{label + ".test"}, true, nil},
		{"label of 64", "search x" + label + ".test\n", nil, true, []string{"1: ignored"}},
		{"name of 253", "search " + strings.Repeat(label+".", 3) + label[:61] + "\n", []string{strings.Repeat(label+".", 3) + label[:61]}, true, []string{"1: musl ignores"}},
		{"name of 254", "search " + strings.Repeat(label+".", 3) + label[:62] + "\n", nil, true, []string{"1: musl ignores", "1: ignored"}},
		{"a long line", "search " + long + "last.test\n", []string{"some-domain.example.com", "last.test"}, true, append([]string{"1: musl ignores this line of 497"}, slicesRepeat("1: ignored", 19)...)},
		{"carriage returns", "search a.test b.test\r\n", []string{"a.test", "b.test"}, true, []string{"1: glibc does not"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := resolvconf.Parse([]byte(tc.text))
			if diff := cmp.Diff(tc.want, got.Search); diff != "" || got.HasSearch != tc.has {
				t.Errorf("HasSearch = %v; want %v. Search (-want +got):\n%s", got.HasSearch, tc.has, diff)
			}
			checkNotes(t, tc.notes, got.Notes)
		})
	}
}

func TestParseOptions(t *testing.T) {
	t.Parallel()
	with := func(change func(*resolvconf.Options)) resolvconf.Options {
		o := defaults
		change(&o)
		return o
	}
	ndots := func(n int) resolvconf.Options { return with(func(o *resolvconf.Options) { o.NDots = n }) }
	seconds := func(n int) resolvconf.Options {
		return with(func(o *resolvconf.Options) { o.Timeout = time.Duration(n) * time.Second })
	}
	attempts := func(n int) resolvconf.Options { return with(func(o *resolvconf.Options) { o.Attempts = n }) }
	all := resolvconf.Options{
		NDots: 5, Timeout: 2 * time.Second, Attempts: 3, Rotate: true, UseVC: true, EDNS0: true, NoAAAA: true,
		SingleRequest: true, SingleRequestReopen: true, TrustAD: true, NoTLDQuery: true,
	}
	for _, tc := range []struct {
		name, text string
		want       resolvconf.Options
		notes      []string
	}{
		{"defaults", "", defaults, nil},
		{"nothing", "options\noptions \n", defaults, nil},
		{"all", "options ndots:5 timeout:2 attempts:3 rotate use-vc edns0 no-aaaa single-request single-request-reopen trust-ad no-tld-query\n", all, nil},
		{"on several lines", "options ndots:5\ttimeout:2\nnameserver 10.0.0.1\noptions attempts:3 rotate use-vc edns0\noptions no-aaaa single-request single-request-reopen\noptions trust-ad no_tld_query", all, nil},
		{"the last counts", "options ndots:5 ndots:2\noptions ndots:3\n", ndots(3), nil},
		{"cleared", "options rotate\noptions -rotate -edns0\n", defaults, nil},
		{"docker's ndots", "options ndots:0\n", ndots(0), nil},
		{"ndots at its limit", "options ndots:15\n", ndots(15), nil},
		{"ndots above", "options ndots:16\n", ndots(15), []string{`1: "ndots:16" is above the limit: taken as 15`}},
		{"timeout at its limit", "options timeout:30\n", seconds(30), nil},
		{"timeout above", "options timeout:31\n", seconds(30), []string{"1: "}},
		{"attempts at its limit", "options attempts:5\n", attempts(5), nil},
		{"attempts above", "options attempts:6\n", attempts(5), []string{"1: "}},
		{"out of any range", "options ndots:99999999999999999999 timeout:18446744073709551616\n", resolvconf.Options{NDots: 15, Timeout: 30 * time.Second, Attempts: 2}, []string{"1: ", "1: "}},
		{"zero", "options timeout:0 attempts:0\n", resolvconf.Options{NDots: 1, Timeout: time.Second, Attempts: 1}, []string{`1: "timeout:0" is below`, `1: "attempts:0" is below`}},
		{"no number", "options ndots: ndots timeout:x attempts:-1 timeout:.5\n", defaults, []string{"1: ignored", "1: ignored", "1: ignored", "1: ignored", "1: ignored"}},
		{"a number and more", "options ndots:2x timeout:1.5\n", resolvconf.Options{NDots: 2, Timeout: time.Second, Attempts: 2}, []string{`1: "ndots:2x" is read as ndots:2`, `1: "timeout:1.5" is read as timeout:1`}},
		{"unknown", "options rotated rotate:1 Rotate frobnicate\n", defaults, []string{"1: ignored", "1: ignored", "1: ignored", "1: ignored"}},
		{"known and without effect", "options debug inet6 no-check-names no-reload ip6-bytestring\n", defaults, nil},
		{"comment", "options ndots:2 # rotate\n", ndots(2), nil},
		{"carriage returns", "options ndots:2\r\n", ndots(2), []string{"1: glibc"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := resolvconf.Parse([]byte(tc.text))
			if diff := cmp.Diff(tc.want, got.Options); diff != "" {
				t.Errorf("Options (-want +got):\n%s", diff)
			}
			checkNotes(t, tc.notes, got.Notes)
		})
	}
}

// checkNotes wants as many notes as there are beginnings.
func checkNotes(t *testing.T, beginnings []string, notes []resolvconf.Note) {
	t.Helper()
	ok := len(beginnings) == len(notes)
	var got []string
	for i, note := range notes {
		got = append(got, noteText(note))
		ok = ok && strings.HasPrefix(got[i], beginnings[i])
	}
	if !ok {
		t.Errorf("notes:\n%s\nwant them to begin with:\n%s", strings.Join(got, "\n"), strings.Join(beginnings, "\n"))
	}
}
