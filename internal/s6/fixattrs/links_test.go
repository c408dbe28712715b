//go:build linux

package fixattrs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/sillelien/baseinit/internal/s6/fixattrs"
)

func TestApplyFollowsNoLink(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	write(t, filepath.Join(outside, "f"), "")
	dir := root(t, "/d true SELF 0600 0700\n/* true SELF 0600 0700\n",
		"d/f", "d/out -> "+outside, "d/file -> "+outside+"/f", "d/up -> ../x", "x/f", "d/loop -> .")
	ok(t, os.Symlink(outside, filepath.Join(dir, "top")))
	// The wildcard finds the link "top" and says so; in recursion links are nothing odd.
	wantWarnings(t, apply(t, fixattrs.Config{Root: dir}), "/top: it is a symbolic link")
	_, before := stat(t, outside)
	wantModes(t, outside, map[string]string{"f": "0644"})
	wantModes(t, dir, map[string]string{"d/f": "0600", "d": "0700"})
	if _, after := stat(t, outside); before != after {
		t.Errorf("the owner outside is %s now", after)
	}
}

// Links on the way are root's own: images have /var/run -> /run. They stay below
// the root, and a star in them is a star.
func TestApplyLinksOnTheWay(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]string{
		"absolute":            "/var/run/f",
		"relative":            "/var/rel/f",
		"up beyond the root":  "/var/up/f",
		"one after the other": "/var/two/f",
		"to a star":           "/var/star/f",
		"with a wildcard":     "/var/r*n/?",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := "run"
			if name == "to a star" {
				target = "s*r"
			}
			dir := root(t, rule+" false SELF 0600 0700\n", "run/f", "s*r/f", "star/f", "var/run -> /run", "var/rel -> ../there", "var/up -> ../../../../there", "there -> run",
				"var/two -> ./run/", "var/star -> /s*r")
			wantWarnings(t, apply(t, fixattrs.Config{Root: dir}))
			want := map[string]string{"run/f": "0644", "s*r/f": "0644", "star/f": "0644"}
			want[target+"/f"] = "0600"
			wantModes(t, dir, want)
		})
	}
}

// Only links within links are counted, not those side by side.
func TestApplyManyLinksOnTheWay(t *testing.T) {
	t.Parallel()
	names := []string{"d/f"}
	for i := range 100 {
		names = append(names, fmt.Sprintf("links/%d -> ../d", i))
	}
	dir := root(t, "/links/*/f false SELF 0600 0700\n", names...)
	wantWarnings(t, apply(t, fixattrs.Config{Root: dir}))
	wantModes(t, dir, map[string]string{"d/f": "0600"})
}

func TestApplyForeignLinkOnTheWay(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := root(t, "/data/link/f false SELF 0600 0700\n", "etc/f", "data/link -> /etc")
	ok(t, os.Lchown(filepath.Join(dir, "data/link"), 1234, 1234))
	wantWarnings(t, apply(t, fixattrs.Config{Root: dir}), "/data/link: this link on the way is not followed, since it belongs to user 1234")
	wantModes(t, dir, map[string]string{"etc/f": "0644"})
}

// Somebody swaps directories for links while we work: nothing outside changes.
func TestApplyIsNotLedAstray(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	write(t, filepath.Join(outside, "f"), "")
	ok(t, os.Chmod(outside, 0o755))
	dir := root(t, "/d true SELF 0600 0700\n", "d/a/f", "d/b/f")
	ok(t, os.Symlink(outside, filepath.Join(dir, "link")))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		a, spare, link := filepath.Join(dir, "d/a"), filepath.Join(dir, "spare"), filepath.Join(dir, "link")
		for ctx.Err() == nil {
			_ = errors.Join(os.Rename(a, spare), os.Rename(link, a), os.Rename(a, link), os.Rename(spare, a))
		}
	}()
	for range 500 {
		for _, w := range apply(t, fixattrs.Config{Root: dir}) {
			t.Errorf("warning %q: what goes away meanwhile is no failure", w)
		}
		ok(t, os.Chmod(filepath.Join(dir, "d/b/f"), 0o644)) // so that there is work
	}
	cancel()
	<-done
	wantModes(t, outside, map[string]string{".": "0755", "f": "0644"})
}
