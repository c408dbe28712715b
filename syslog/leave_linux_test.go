package syslog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/syslog"
)

// After Leave messages are read as before, but the path is no longer watched.
func TestLeave(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	r := start(t, syslog.Config{Listen: []string{path}})
	conn := dial(t, path)
	await(t, "the watch", func() bool { return isWatched(t, filepath.Dir(path)) })
	r.Leave()
	r.Leave()
	await(t, "the end of the watch", func() bool { return !isWatched(t, filepath.Dir(path)) })
	send(t, conn, "still here")
	r.settle(1)
	r.mustStop()
	if diff := cmp.Diff([]string{sent("still here")}, r.out.all()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// isWatched tells whether an inotify descriptor of this process watches a directory:
// proc(5), fdinfo.
func isWatched(t *testing.T, dir string) bool {
	t.Helper()
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(" ino:%x ", info.Sys().(*syscall.Stat_t).Ino)
	files, err := filepath.Glob("/proc/self/fdinfo/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, _ := os.ReadFile(file) // it may be closed by now
		if strings.Contains(string(text), "inotify") && strings.Contains(string(text), want) {
			return true
		}
	}
	return false
}
