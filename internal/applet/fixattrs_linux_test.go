package applet_test

import (
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestFixAttrs: the lines of its input are applied, and what cannot be is said.
func TestFixAttrs(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	dir := t.TempDir()
	const show = "mkdir -p d/.h && touch d/f d/.h/f && exec stat -c '%n %a %u:%g' d d/f d/.h/f"
	look := func() string { return call{argv: []string{"exec", "sh", "-c", show}, dir: dir}.run(t).stdout }
	look()
	lines := "/nope/x true root 0644 0755\n\n" + dir + "/d true nosuch,12:13 0640 0750" // no newline
	for _, tt := range []struct {
		env  []string
		want string
	}{
		{nil, "d 750 12:13\nd/f 640 12:13\nd/.h/f 644 0:0\n"},
		{[]string{"S6_FIX_ATTRS_HIDDEN=1"}, "d 750 12:13\nd/f 640 12:13\nd/.h/f 640 12:13\n"},
	} {
		got := call{argv: []string{"fix-attrs"}, stdin: lines, env: tt.env}.run(t)
		if now := look(); got.code != 111 || !strings.Contains(got.stderr, "line:1: /nope") || now != tt.want {
			t.Errorf("%+v: %q, want %q", got, now, tt.want)
		}
	}
	if got := (call{argv: []string{"fix-attrs", "x"}}).run(t); got.code != 100 {
		t.Errorf("%+v", got)
	}
	bad := call{argv: []string{"fix-attrs"}, stdin: "/tmp maybe root 0644 0755\n"}.run(t)
	if bad.code != 111 || bad.stderr != "warning: cannot apply line:1: recurse is \"maybe\": allowed is true or false\n" {
		t.Errorf("%+v", bad)
	}
	long := call{argv: []string{"fix-attrs"}, stdin: strings.Repeat("#\n", 1<<19) + "/tmp"}.run(t)
	if long.code != 111 || !strings.Contains(long.stderr, "more than 1048576 bytes") {
		t.Errorf("%+v", long)
	}
}
