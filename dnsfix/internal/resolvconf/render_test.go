package resolvconf_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/dnsfix/internal/resolvconf"
)

func noteText(n resolvconf.Note) string { return fmt.Sprintf("%d: %s", n.Line, n.Text) }

func slicesRepeat(s string, n int) []string { return slices.Repeat([]string{s}, n) }

const pod = `search default.svc.cluster.local svc.cluster.local cluster.local
nameserver 10.96.0.10
options ndots:5 timeout:1 trust-ad rotate
`

func TestRender(t *testing.T) {
	t.Parallel()
	got := resolvconf.Render([]byte(pod), resolvconf.Output{Kept: "/etc/dnsmasq-resolv.conf"})
	want := `# Written by baseinit, sum 0a5337dd, original below and in /etc/dnsmasq-resolv.conf
nameserver 127.0.0.1
search .
options ndots:0 trust-ad
# The original file; "+" where a line goes on below:
#| search default.svc.cluster.local svc.cluster.local cluster.local
#| nameserver 10.96.0.10
#| options ndots:5 timeout:1 trust-ad rotate
# End of the original file.
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("Render (-want +got):\n%s", diff)
	}
}

func TestRenderedIsWhatClientsRead(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		original string
		out      resolvconf.Output
		want     resolvconf.Config
	}{
		{"nothing", "", resolvconf.Output{}, resolvconf.Config{Nameservers: servers("127.0.0.1")}},
		{"a pod's", pod, resolvconf.Output{}, resolvconf.Config{Nameservers: servers("127.0.0.1"), Options: resolvconf.Options{TrustAD: true}}},
		{
			"all that is passed on", "options no-aaaa edns0 trust-ad use-vc single-request attempts:5\n",
			resolvconf.Output{Server: netip.IPv6Loopback()},
			resolvconf.Config{Nameservers: servers("::1"), Options: resolvconf.Options{TrustAD: true, NoAAAA: true, EDNS0: true}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.want.HasSearch = true
			tc.want.Options.Timeout, tc.want.Options.Attempts = defaults.Timeout, defaults.Attempts
			text := resolvconf.Render([]byte(tc.original), tc.out)
			if diff := cmp.Diff(tc.want, resolvconf.Parse(text), byValue); diff != "" {
				t.Errorf("Parse of what Render wrote (-want +got):\n%s", diff)
			}
			checkRendered(t, []byte(tc.original), text)
		})
	}
}

var originals = []string{
	"",
	"\n",
	"\n\n\n",
	"nameserver 10.0.0.1",
	pod,
	"nameserver 10.0.0.1\r\nsearch a\\b\r\n",
	"a\x00b\\0\\\n\x00",
	"search " + strings.Repeat("some-domain.example.com ", 40) + "\n",
	strings.Repeat("\x00", 400),
	strings.Repeat("x", 120),
	strings.Repeat("x", 120) + "\n",
	strings.Repeat("x", 121) + "\n",
	"#| search a.test\n#+ more\n# End of the original file.\n",
	"\xff\xfe\n",
}

func TestOriginal(t *testing.T) {
	t.Parallel()
	for _, original := range originals {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			checkRendered(t, []byte(original), resolvconf.Render([]byte(original), resolvconf.Output{}))
		})
	}
}

// checkRendered checks what holds for every text that Render returns.
func checkRendered(t *testing.T, original, text []byte) {
	t.Helper()
	if !resolvconf.IsOurs(text) {
		t.Errorf("IsOurs is false for\n%s", text)
	}
	if got, ok := resolvconf.Original(text); !ok || !bytes.Equal(got, original) {
		t.Errorf("Original = %q, %v; want %q", got, ok, original)
	}
	if again := resolvconf.Render(text, resolvconf.Output{Server: resolvconf.Parse(text).Nameservers[0].Addr()}); !bytes.Equal(again, text) {
		t.Errorf("rendered again:\n%s\nwant:\n%s", again, text)
	}
	if bytes.Contains(text, []byte{0}) {
		t.Errorf("a NUL byte in\n%q", text)
	}
	for line := range bytes.Lines(text) {
		if len(line) > 255 {
			t.Errorf("musl does not read this line of %d bytes:\n%s", len(line), line)
		}
	}
}

func TestIsOurs(t *testing.T) {
	t.Parallel()
	ours := string(resolvconf.Render([]byte(pod), resolvconf.Output{Kept: "/etc/dnsmasq-resolv.conf"}))
	for _, tc := range []struct {
		name, text string
		original   bool // can still be found
	}{
		{"empty", "", false},
		{"docker's", "nameserver 127.0.0.11\noptions ndots:0\n", false},
		{"another forwarder's", "nameserver 127.0.0.1\n", false},
		{"another forwarder's, like ours", "nameserver 127.0.0.1\nsearch .\noptions ndots:0\n", false},
		{"docker's address in it", strings.ReplaceAll(ours, "127.0.0.1", "127.0.0.11"), true},
		{"a line added", ours + "nameserver 8.8.8.8\n", true},
		{"a line in front", "nameserver 8.8.8.8\n" + ours, false},
		{"an option changed", strings.Replace(ours, "ndots:0", "ndots:1", 1), true},
		{"the original changed", strings.Replace(ours, "10.96.0.10", "10.96.0.11", 1), true},
		{"cut off", ours[:len(ours)-2], false},
		{"cut off in the middle", ours[:len(ours)/2], false},
		{"the first line alone", ours[:strings.Index(ours, "\n")+1], false},
		{"no first line", ours[strings.Index(ours, "\n")+1:], false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if resolvconf.IsOurs([]byte(tc.text)) {
				t.Errorf("IsOurs is true for\n%s", tc.text)
			}
			if _, ok := resolvconf.Original([]byte(tc.text)); ok != tc.original {
				t.Errorf("Original found = %v; want %v in\n%s", ok, tc.original, tc.text)
			}
		})
	}
}

// Who writes in place may be killed between writing and truncating.
func TestIsOursWithEmptyLinesBehindIt(t *testing.T) {
	t.Parallel()
	if text := append(resolvconf.Render(nil, resolvconf.Output{}), "\n\n\n"...); !resolvconf.IsOurs(text) {
		t.Errorf("IsOurs is false for\n%s", text)
	}
}

func TestRenderNamesAnyCopyInOneLine(t *testing.T) {
	t.Parallel()
	for _, kept := range []string{"/etc/a\nnameserver 8.8.8.8\n", strings.Repeat("/ü", 200), "\xff\x00"} {
		text := resolvconf.Render(nil, resolvconf.Output{Kept: kept})
		if diff := cmp.Diff(servers("127.0.0.1"), resolvconf.Parse(text).Nameservers, byValue); diff != "" {
			t.Errorf("Nameservers with a copy in %q (-want +got):\n%s", kept, diff)
		}
		if !resolvconf.IsOurs(text) || bytes.Contains(text, []byte{0}) || bytes.IndexByte(text, '\n') > 254 {
			t.Errorf("Render with a copy in %q:\n%q", kept, text)
		}
	}
}

// What Parse returns is within the limits of its documentation, and what Render
// makes of any text has one nameserver and gives the text back.
func FuzzParse(f *testing.F) {
	for _, text := range originals {
		f.Add([]byte(text))
	}
	f.Add([]byte("options timeout:0 attempts:99 ndots:-1\nnameserver fe80::1%eth0\nnameserver 0x7f.1\nsearch . a..b A\n"))
	f.Add(resolvconf.Render([]byte(pod), resolvconf.Output{}))
	f.Fuzz(func(t *testing.T, text []byte) {
		c := resolvconf.Parse(text)
		o := c.Options
		if o.NDots < 0 || o.NDots > 15 || o.Timeout < 1e9 || o.Timeout > 30e9 || o.Attempts < 1 || o.Attempts > 5 {
			t.Errorf("options beyond the limits: %+v", o)
		}
		for _, s := range c.Nameservers {
			if !s.IsValid() || s.Port() != 53 || s.Addr().Is4In6() {
				t.Errorf("nameserver %v", s)
			}
		}
		for _, d := range c.Search {
			if d == "" || len(d) > 253 || d != strings.ToLower(d) || strings.HasPrefix(d, ".") || strings.HasSuffix(d, ".") {
				t.Errorf("search domain %q", d)
			}
		}
		original := text
		if inner, ok := resolvconf.Original(text); ok {
			original = inner
		}
		if _, nested := resolvconf.Original(original); !nested { // which Render never makes
			checkRendered(t, original, resolvconf.Render(text, resolvconf.Output{}))
		}
	})
}
