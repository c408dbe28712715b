package hostsfile_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sillelien/baseinit/dnsfix/internal/hostsfile"
)

var byValue = cmpopts.EquateComparable(netip.Addr{})

func entry(addr string, names ...string) hostsfile.Entry {
	return hostsfile.Entry{Addr: netip.MustParseAddr(addr), Names: names}
}

func TestParse(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("x", 63)
	longest := strings.Repeat(label+".", 3) + label[:61]
	many := strings.Repeat(" some-name", 60)
	for _, tc := range []struct {
		name, text string
		want       []hostsfile.Entry
		notes      []string // the beginning of each
	}{
		{"nothing", "", nil, nil},
		{"docker's", "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n172.17.0.2\t8f1e6a01c1de\n", []hostsfile.Entry{entry("127.0.0.1", "localhost"), entry("::1", "localhost", "ip6-localhost", "ip6-loopback"), entry("172.17.0.2", "8f1e6a01c1de")}, nil},
		{"spaces, tabs, empty lines", "\n10.0.0.1  \t a\t b  \n \n\t\n", []hostsfile.Entry{entry("10.0.0.1", "a", "b")}, nil},
		{"comments", "# 10.0.0.1 a\n10.0.0.2 b # c\n10.0.0.3 d#e\n#\n", []hostsfile.Entry{entry("10.0.0.2", "b"), entry("10.0.0.3", "d")}, nil},
		{"case is kept", "10.0.0.1 Web\n", []hostsfile.Entry{entry("10.0.0.1", "Web")}, nil},
		{"dot at the end", "10.0.0.1 web. www.example.com.\n", []hostsfile.Entry{entry("10.0.0.1", "web", "www.example.com")}, nil},
		{"carriage returns", "10.0.0.1 a\r\n\r\n10.0.0.2 b\r\n", []hostsfile.Entry{entry("10.0.0.1", "a"), entry("10.0.0.2", "b")}, nil},
		{"other spaces of C", "10.0.0.1\va\fb\n", []hostsfile.Entry{entry("10.0.0.1", "a", "b")}, nil},
		{"no newline at the end", "10.0.0.1 a", []hostsfile.Entry{entry("10.0.0.1", "a")}, []string{"1: musl does not find the last name"}},
		{"no newline behind a comment", "10.0.0.1 a #", []hostsfile.Entry{entry("10.0.0.1", "a")}, nil},
		{"space in front", " 10.0.0.1 a\n", []hostsfile.Entry{entry("10.0.0.1", "a")}, []string{"1: musl ignores"}},
		{"NUL", "10.0.0.1 a\x00b c\n\x0010.0.0.2 d\n", []hostsfile.Entry{entry("10.0.0.1", "a")}, nil},
		{"zones", "fe80::1%eth0 a\nfe80::2%9 b\n", []hostsfile.Entry{entry("fe80::1", "a"), entry("fe80::2", "b")}, []string{"1: glibc ignores", "2: glibc ignores"}},
		{"IPv4 in IPv6", "::ffff:10.0.0.1 a\n", []hostsfile.Entry{entry("10.0.0.1", "a")}, nil},
		{"blocked", "0.0.0.0 ads.example.com\n:: ads.example.com\n", []hostsfile.Entry{entry("0.0.0.0", "ads.example.com"), entry("::", "ads.example.com")}, nil},
		{"no addresses", "a b\n10.0.0 c\n010.0.0.1 d\n10.0.0.1:80 e\n[::1] f\n10.0.0.1/8 g\n1.2.3.4.5 h\n", nil, []string{`1: ignored: "a" is not an IP address`, "2: ", "3: ", "4: ", "5: ", "6: ", "7: "}},
		{"no names", "10.0.0.1\n10.0.0.2 # b\n", nil, []string{"1: ignored: 10.0.0.1 has no name", "2: "}},
		{"odd names", "10.0.0.1 a_b _c -d e- 1 10.1 1.2.3 bücher.example\n", []hostsfile.Entry{entry("10.0.0.1", "a_b", "_c", "-d", "e-", "1", "10.1", "1.2.3", "bücher.example")}, nil},
		{"no host names", "10.0.0.1 a/b a..b .a . .. * a@b 10.0.0.2 ok ::1\n", []hostsfile.Entry{entry("10.0.0.1", "ok")}, []string{`1: ignored: "a/b" is not a host name`, "1: ", "1: ", "1: ", "1: ", "1: ", "1: ", `1: ignored: "10.0.0.2"`, "1: "}},
		{"only no host names", "10.0.0.1 a/b\n", nil, []string{"1: ", "1: ignored: 10.0.0.1 has no name"}},
		{"longest", "10.0.0.1 " + longest + " " + longest + ".\n", []hostsfile.Entry{entry("10.0.0.1", longest, longest)}, []string{"1: musl does not find the names after the first 511 bytes"}},
		{"too long", "10.0.0.1 x" + longest + " x" + label + "\n", nil, []string{"1: ", "1: ", "1: "}},
		{"a long line", "10.0.0.1" + many + "\n", []hostsfile.Entry{entry("10.0.0.1", strings.Fields(many)...)}, []string{"1: musl does not find the names after the first 511 bytes of this line of 609"}},
		{"a line of 511 bytes", "10.0.0.1 a" + strings.Repeat(" ", 500) + "\n", []hostsfile.Entry{entry("10.0.0.1", "a")}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, notes := hostsfile.Parse([]byte(tc.text))
			if diff := cmp.Diff(tc.want, got, byValue); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
			checkNotes(t, tc.notes, notes)
		})
	}
}

func TestParseLimitsNotes(t *testing.T) {
	t.Parallel()
	_, notes := hostsfile.Parse([]byte(strings.Repeat("garbage\n", 1000)))
	if len(notes) != 100 {
		t.Errorf("%d notes; want 100", len(notes))
	}
}

func TestAppendWire(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("x", 63)
	for _, tc := range []struct {
		name, want string // "" is false
	}{
		{"", "\x00"},
		{".", "\x00"},
		{"a", "\x01a\x00"},
		{"Web.example.com", "\x03Web\x07example\x03com\x00"},
		{"web.", "\x03web\x00"},
		{"..", ""},
		{"a..", ""},
		{".a", ""},
		{"a..b", ""},
		{label, "\x3f" + label + "\x00"},
		{label + "x", ""},
		{strings.Repeat(label+".", 3) + label[:61] + ".", strings.Repeat("\x3f"+label, 3) + "\x3d" + label[:61] + "\x00"},
		{strings.Repeat(label+".", 3) + label[:62], ""},
	} {
		got, ok := hostsfile.AppendWire([]byte("before"), tc.name)
		if want := "before" + tc.want; string(got) != want || ok != (tc.want != "") {
			t.Errorf("AppendWire of %q = %q, %v; want %q", tc.name, got, ok, want)
		}
	}
}

// checkNotes wants as many notes as there are beginnings.
func checkNotes(t *testing.T, beginnings []string, notes []hostsfile.Note) {
	t.Helper()
	ok := len(beginnings) == len(notes)
	var got []string
	for i, note := range notes {
		got = append(got, fmt.Sprintf("%d: %s", note.Line, note.Text))
		ok = ok && strings.HasPrefix(got[i], beginnings[i])
	}
	if !ok {
		t.Errorf("notes:\n%s\nwant them to begin with:\n%s", strings.Join(got, "\n"), strings.Join(beginnings, "\n"))
	}
}
