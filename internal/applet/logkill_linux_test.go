package applet_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestLogKilledAnywhere kills a logger in the midst of rotations. What it has written is
// there after the next start, in order, without a gap, and once.
func TestLogKilledAnywhere(t *testing.T) {
	t.Parallel()
	in := numbered(20000)
	for i, processor := range []string{"?", "?", "?", "?cat", "?cat", "?exec cat", "!cat", "!cat"} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			r := startLog(t, pid1test.Build(t), "", "-b", "n100000", "s4096", "l0", processor, "./d")
			go func() { _, _ = io.WriteString(r.in, in) }() // it is killed before that ends
			until(t, "some archives", func() bool {
				found, _ := filepath.Glob(r.dir + "/d/@*") // the pattern is good
				return len(found) > 3*i
			})
			r.signal(syscall.SIGKILL)
			_ = r.wait()
			r = startLog(t, pid1test.Build(t), r.dir, "n100000", "./d")
			if code := r.end(); code != 0 {
				t.Fatalf("code %d, %s", code, r.stderr)
			}
			found, err := filepath.Glob(r.dir + "/d/@*")
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, name := range append(slices.Clip(found), r.dir+"/d/current") {
				text, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				all.Write(text)
			}
			if !strings.HasPrefix(in, all.String()) || all.Len() < 3*i*4096 {
				t.Errorf("%d archives with %d bytes, which are not the first that were logged", len(found), all.Len())
			}
			for _, name := range []string{"previous", "processed", "newstate"} {
				if _, err := os.Stat(r.dir + "/d/" + name); err == nil {
					t.Errorf("%s is left", name)
				}
			}
		})
	}
}
