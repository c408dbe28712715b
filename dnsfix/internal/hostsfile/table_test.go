package hostsfile_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/dnsfix/internal/hostsfile"
)

func addrs(texts ...string) (list []netip.Addr) {
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

func parse(text string) []hostsfile.Entry {
	entries, _ := hostsfile.Parse([]byte(text))
	return entries
}

var twoFiles = [][]hostsfile.Entry{
	parse("127.0.0.1 localhost\n::1 localhost ip6-localhost\n10.0.0.1 Web www.Example.com # comment\n10.0.0.2 web\n10.0.0.1 web\nfe80::1%eth0 web\n"),
	parse("10.0.0.1 other WEB\n10.0.0.3 db\n10.0.0.3 db database\n"),
}

func TestTableLookup(t *testing.T) {
	t.Parallel()
	web := &hostsfile.Host{V4: addrs("10.0.0.1", "10.0.0.2"), V6: addrs("fe80::1")}
	db := &hostsfile.Host{V4: addrs("10.0.0.3")}
	plain, expanded := hostsfile.NewTable("", twoFiles...), hostsfile.NewTable("Lan.test.", twoFiles...)
	for _, tc := range []struct {
		name            string
		plain, expanded *hostsfile.Host
	}{
		{"localhost", &hostsfile.Host{V4: addrs("127.0.0.1"), V6: addrs("::1")}, &hostsfile.Host{V4: addrs("127.0.0.1"), V6: addrs("::1")}},
		{"ip6-localhost", &hostsfile.Host{V6: addrs("::1")}, &hostsfile.Host{V6: addrs("::1")}},
		{"web", web, web},
		{"WEB", web, web},
		{"web.", web, web},
		{"web..", nil, nil},
		{".web", nil, nil},
		{"we", nil, nil},
		{"webb", nil, nil},
		{"", nil, nil},
		{".", nil, nil},
		{"WWW.example.COM", &hostsfile.Host{V4: addrs("10.0.0.1")}, &hostsfile.Host{V4: addrs("10.0.0.1")}},
		{"database", db, db},
		{"db.lan.test", nil, db},
		{"DB.LAN.TEST.", nil, db},
		{"www.example.com.lan.test", nil, nil},
		{"lan.test", nil, nil},
		{strings.Repeat("x", 300), nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			checkLookup(t, plain, tc.name, tc.plain)
			checkLookup(t, expanded, tc.name, tc.expanded)
		})
	}
}

func checkLookup(t *testing.T, table *hostsfile.Table, name string, want *hostsfile.Host) {
	t.Helper()
	if diff := cmp.Diff(want, table.Lookup(name), byValue); diff != "" {
		t.Errorf("Lookup of %q (-want +got):\n%s", name, diff)
	}
	if wire, ok := hostsfile.AppendWire(nil, name); ok {
		if diff := cmp.Diff(want, table.LookupWire(wire), byValue); diff != "" {
			t.Errorf("LookupWire of %q (-want +got):\n%s", wire, diff)
		}
	}
}

func TestTableLookupAddr(t *testing.T) {
	t.Parallel()
	owner := func(name, wire string, aliases ...string) *hostsfile.Owner {
		return &hostsfile.Owner{Name: name, Wire: []byte(wire), Aliases: aliases}
	}
	plain, expanded := hostsfile.NewTable("", twoFiles...), hostsfile.NewTable("lan", twoFiles...)
	for _, tc := range []struct {
		addr            string
		plain, expanded *hostsfile.Owner
	}{
		{"10.0.0.1", owner("Web", "\x03Web\x00", "www.Example.com", "other"), owner("Web.lan", "\x03Web\x03lan\x00", "Web", "www.Example.com", "other.lan", "other")},
		{"::ffff:10.0.0.1", owner("Web", "\x03Web\x00", "www.Example.com", "other"), owner("Web.lan", "\x03Web\x03lan\x00", "Web", "www.Example.com", "other.lan", "other")},
		{"10.0.0.2", owner("web", "\x03web\x00"), owner("web.lan", "\x03web\x03lan\x00", "web")},
		{"fe80::1%eth1", owner("web", "\x03web\x00"), owner("web.lan", "\x03web\x03lan\x00", "web")},
		{"10.0.0.3", owner("db", "\x02db\x00", "database"), owner("db.lan", "\x02db\x03lan\x00", "db", "database.lan", "database")},
		{"10.0.0.4", nil, nil},
	} {
		t.Run(tc.addr, func(t *testing.T) {
			t.Parallel()
			addr := netip.MustParseAddr(tc.addr)
			if diff := cmp.Diff(tc.plain, plain.LookupAddr(addr)); diff != "" {
				t.Errorf("LookupAddr (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.expanded, expanded.LookupAddr(addr)); diff != "" {
				t.Errorf("LookupAddr, expanded (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTableLen(t *testing.T) {
	t.Parallel()
	if got := hostsfile.NewTable("", twoFiles...).Len(); got != 7 {
		t.Errorf("Len = %d; want 7", got)
	}
}

func TestTableOfInvalidEntries(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("x", 63)
	table := hostsfile.NewTable(label+"."+label+"."+label+"."+label, []hostsfile.Entry{
		{Names: []string{"no-address"}}, entry("10.0.0.1", "short", "a..b", ""),
	})
	if got := table.Len(); got != 2 { // "" is the root's
		t.Errorf("Len = %d; want 2", got)
	}
	checkLookup(t, table, "short", &hostsfile.Host{V4: addrs("10.0.0.1")})
	checkLookup(t, table, "no-address", nil)
}

func TestTableWithoutAnything(t *testing.T) {
	t.Parallel()
	for _, table := range []*hostsfile.Table{nil, {}, hostsfile.NewTable("lan")} {
		if table.Lookup("a") != nil || table.LookupWire([]byte("\x01a\x00")) != nil || table.LookupAddr(netip.IPv6Loopback()) != nil || table.Len() != 0 {
			t.Errorf("%#v knows something", table)
		}
	}
}

func TestLookupWireOfGarbage(t *testing.T) {
	t.Parallel()
	table := hostsfile.NewTable("", twoFiles...)
	for _, wire := range []string{"", "\x03web", "\x03web\x00\x00", "\xc0\x0c", "web", strings.Repeat("\x03web", 100)} {
		if got := table.LookupWire([]byte(wire)); got != nil {
			t.Errorf("LookupWire of %q = %v; want nothing", wire, got)
		}
	}
}

// bigTable is what a list of blocked names makes.
func bigTable(n int) *hostsfile.Table {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "0.0.0.0 ads-%d.tracker.example.com\n", i)
	}
	return hostsfile.NewTable("", twoFiles[0], parse(text.String()))
}

func TestLookupsDoNotAllocate(t *testing.T) {
	table := bigTable(100)
	wire := []byte("\x06ADS-42\x07tracker\x07Example\x03com\x00")
	addr := netip.MustParseAddr("fe80::1%eth0")
	for _, tc := range []struct {
		name   string
		lookup func() bool
	}{
		{"Lookup", func() bool { return table.Lookup("ads-42.tracker.example.com.") != nil }},
		{"Lookup of nothing", func() bool { return table.Lookup("none.tracker.example.com") == nil }},
		{"LookupWire", func() bool { return table.LookupWire(wire) != nil }},
		{"LookupAddr", func() bool { return table.LookupAddr(addr) != nil }},
	} {
		if !tc.lookup() {
			t.Errorf("%s: a wrong answer", tc.name)
		}
		if n := testing.AllocsPerRun(100, func() { tc.lookup() }); n != 0 {
			t.Errorf("%s: %v allocations; want 0", tc.name, n)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	table := bigTable(4096)
	hit, miss := []byte("\x06ads-42\x07tracker\x07example\x03com\x00"), []byte("\x06cdn-42\x07tracker\x07example\x03com\x00")
	addr := netip.MustParseAddr("10.0.0.1")
	for _, bc := range []struct {
		name   string
		lookup func() bool
	}{
		{"wire hit", func() bool { return table.LookupWire(hit) != nil }},
		{"wire miss", func() bool { return table.LookupWire(miss) == nil }},
		{"dotted hit", func() bool { return table.Lookup("ads-42.tracker.example.com") != nil }},
		{"address", func() bool { return table.LookupAddr(addr) != nil }},
	} {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !bc.lookup() {
					b.Fatal("a wrong answer")
				}
			}
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	var text strings.Builder
	for i := range 4096 {
		fmt.Fprintf(&text, "0.0.0.0 ads-%d.tracker.example.com\n", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		hostsfile.NewTable("", parse(text.String()))
	}
}
