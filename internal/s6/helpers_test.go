package s6_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/s6/nobodytest"
)

// files describes a tree: names and what is there. "exec:TEXT" is an executable
// are what they say, anything else is the text of a file with mode 0644.
type files map[string]string

func (fs files) write(t testing.TB, root string) string {
	t.Helper()
	for name, what := range fs {
		path := filepath.Join(root, name)
		ok(t, os.MkdirAll(filepath.Dir(path), 0o755))
		kind, rest, _ := strings.Cut(what, ":")
		switch kind {
		case "exec":
			ok(t, os.WriteFile(path, []byte(rest), 0o755))
			ok(t, os.Chmod(path, 0o755)) // whatever the umask
		case "link":
			ok(t, os.Symlink(rest, path))
		case "fifo":
			ok(t, syscall.Mkfifo(path, 0o644))
		case "dir":
			ok(t, os.MkdirAll(path, 0o755))
		default:
			ok(t, os.WriteFile(path, []byte(what), 0o644))
			ok(t, os.Chmod(path, 0o644))
		}
	}
	return root
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// inTime fails the test if f hangs, as the open of a FIFO would.
func inTime(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it hangs")
	}
}

// wantError checks that err says each of the parts, or is nil if there are none.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if len(parts) == 0 && err != nil {
		t.Errorf("error %v, want none", err)
	}
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want one that says %q", err, part)
		}
	}
}

// Without root's rights nothing can be made executable and not all can be read.
func TestAgainAsNobody(t *testing.T) { nobodytest.Again(t, "TestServices") }
