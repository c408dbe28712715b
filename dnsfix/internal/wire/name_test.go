package wire_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

func TestAppendName(t *testing.T) {
	t.Parallel()
	l63, l64 := strings.Repeat("x", 63), strings.Repeat("x", 64)
	for _, tc := range []struct {
		text, want string // want "" is an error
		back       string // "" is text
	}{
		{"", "\x00", "."},
		{".", "\x00", ""},
		{"a", "\x01a\x00", "a."},
		{"www.Example.com.", "\x03www\x07Example\x03com\x00", ""},
		{`a\.b.c.`, "\x03a.b\x01c\x00", ""},
		{`\097\\.`, "\x02a\\\x00", `a\\.`},
		{`\000\255.`, "\x02\x00\xff\x00", ""},
		{"größe.", "\x07gr\xc3\xb6\xc3\x9fe\x00", `gr\195\182\195\159e.`},
		{l63 + ".", "\x3f" + l63 + "\x00", ""},
		{l64, "", ""},
		{"..", "", ""},
		{".a", "", ""},
		{"a..b", "", ""},
		{`a\`, "", ""},
		{`a\25`, "", ""},
		{`a\256`, "", ""},
		{`a\2x5`, "", ""},
		{strings.Repeat("a.", 127), strings.Repeat("\x01a", 127) + "\x00", ""},
		{strings.Repeat("a.", 128), "", ""},
		{strings.Repeat("a.", 126) + "ab", "", ""},
	} {
		got, err := wire.AppendName([]byte("#"), tc.text)
		if string(got) != "#"+tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%q is %q, want %q; error %v", tc.text, got, tc.want, err)
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), "cannot use ") {
				t.Errorf("%q: error %v", tc.text, err)
			}
			continue
		}
		back := tc.back
		if back == "" {
			back = tc.text
		}
		if text := wire.AppendText(nil, got[1:]); string(text) != back {
			t.Errorf("%q is back %q, want %q", tc.text, text, back)
		}
	}
	for _, bad := range []string{"", "\x05abc", "\xc0\x0c", "\x40"} {
		if got := wire.AppendText(nil, []byte(bad)); len(got) > 1 {
			t.Errorf("text of %q is %q", bad, got)
		}
	}
}

func FuzzName(f *testing.F) {
	for _, seed := range []string{"", ".", "a.b", `a\.b`, `\000`, "a..", strings.Repeat("a.", 127), `"(;@$ `} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		wired, err := wire.AppendName(nil, text)
		if err != nil {
			return
		}
		// miekg/dns reads the same, except that it takes an empty name for the root.
		theirs := make([]byte, 512)
		n, err := dns.PackDomainName(dns.Fqdn(text), theirs, 0, nil, false)
		if err == nil && !bytes.Equal(wired, theirs[:n]) && text != "" {
			t.Errorf("%q is %q, miekg/dns has %q", text, wired, theirs[:n])
		}
		again, err := wire.AppendName(nil, string(wire.AppendText(nil, wired)))
		if err != nil || !bytes.Equal(wired, again) {
			t.Errorf("%q became %q, error %v", wired, again, err)
		}
	})
}
