//go:build linux

package syslog_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/syslog"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	const (
		can  = "it can be a path that begins with /, stream:PATH, udp:HOST:PORT or tcp:HOST:PORT"
		what = "what follows is not a loopback address and a port, as in 127.0.0.1:514"
	)
	for _, tc := range []struct{ text, want, err string }{
		{"/dev/log", "/dev/log", ""},
		{"/dev//x/../log/", "/dev/log", ""},
		{"/a:b", "/a:b", ""},
		{"stream:/dev/log", "stream:/dev/log", ""},
		{"udp", "udp:127.0.0.1:514", ""},
		{"tcp", "tcp:127.0.0.1:514", ""},
		{"udp:5514", "udp:127.0.0.1:5514", ""},
		{"tcp:localhost:5514", "tcp:127.0.0.1:5514", ""},
		{"udp:127.1.2.3:5514", "udp:127.1.2.3:5514", ""},
		{"tcp:[::1]:5514", "tcp:[::1]:5514", ""},
		{"udp:[::1]:0", "udp:[::1]:0", ""},
		{"/" + strings.Repeat("x", 106), "/" + strings.Repeat("x", 106), ""},

		{"", "", can},
		{"log", "", can},
		{"./log", "", can},
		{"unix:/dev/log", "", can},
		{"stream:", "", can},
		{"stream:log", "", can},
		{"/" + strings.Repeat("x", 107), "", "the path of a socket can have 107 bytes"},
		{"/a\x00b", "", "there is a NUL in the path"},
		{"udp:", "udp:127.0.0.1:514", ""},
		{"udp:x", "", what},
		{"udp:65536", "", what},
		{"udp::514", "", what},
		{"udp:[::1]", "", what},
		{"tcp:example.com:514", "", what},
		{"tcp:0.0.0.0:514", "", "0.0.0.0 is not a loopback address"},
		{"tcp:[::]:514", "", ":: is not a loopback address"},
		{"udp:10.0.0.1:514", "", "10.0.0.1 is not a loopback address"},
	} {
		want := ""
		if tc.err != "" {
			want = `cannot listen on ` + strconv.Quote(tc.text) + `: ` + tc.err
		}
		got, err := syslog.ParseAddress(tc.text)
		if diff := cmp.Diff(want, message(err)); diff != "" {
			t.Errorf("%q: error (-want +got):\n%s", tc.text, diff)
		}
		if err == nil && got != tc.want {
			t.Errorf("%q is read as %q; want %q", tc.text, got, tc.want)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
