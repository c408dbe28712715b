package main_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestEnvironmentBytes looks at all that CMD gets, byte for byte: in a boot that
// can have changed nothing, and in ones that read the environment directory again.
// Docker's client could not hand all of it over.
func TestEnvironmentBytes(t *testing.T) {
	t.Parallel()
	ordinary := []string{
		"RAW=\xff\xfe\x80\n", "EMPTY=", "LINES=\n\n", "TAB=\t", "CRLF=a\r\n", "BLANK= ",
		"BIG=" + strings.Repeat("x", 100<<10), "UTF\u00e4=\u00e4",
	}
	unusual := []string{"a/b=slash", ".hidden=dot", "=C:=drive"} // no file can be named so
	cat := []string{"cat", "/proc/self/environ"}
	script := map[string]string{"/etc/cont-init.d/1": "#!/bin/sh\n:\n"}
	for name, test := range map[string]struct {
		box  pid1test.Box
		want []string
	}{
		"as it came":   {pid1test.Box{Args: cat}, slices.Concat(ordinary, unusual)},
		"read again":   {pid1test.Box{Args: cat, Files: script}, slices.Concat(ordinary, unusual)},
		"kept":         {pid1test.Box{Args: cat, Files: script, Env: []string{"S6_KEEP_ENV=1"}}, slices.Concat(ordinary, unusual)},
		"with-contenv": {pid1test.Box{Args: append([]string{"env", "-i", "/bin/with-contenv"}, cat...)}, ordinary},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.box.Env = slices.Concat(test.box.Env, ordinary, unusual)
			r := start(t, test.box)
			if code := r.Wait(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			got := strings.Split(r.Stdout(), "\x00")
			var lost []string
			for _, entry := range test.want {
				if !slices.Contains(got, entry) {
					lost = append(lost, entry[:min(len(entry), 20)])
				}
			}
			if diff := cmp.Diff([]string(nil), lost); diff != "" {
				t.Errorf("CMD lacks (-want +got):\n%s", diff)
			}
		})
	}
}
