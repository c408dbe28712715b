//go:build linux

package logline_test

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/logline"
)

// A write(2) to a socket with a timeout is not restarted after a signal, whatever
// SA_RESTART says: signal(7). So it is one that fails with EINTR.
func TestInterruptedWrite(t *testing.T) {
	t.Parallel()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.SetsockoptTimeval(fds[1], unix.SOL_SOCKET, unix.SO_SNDTIMEO, &unix.Timeval{Sec: 3600}); err != nil {
		t.Fatal(err)
	}
	p := pipe{r: os.NewFile(uintptr(fds[0]), "socket"), w: os.NewFile(uintptr(fds[1]), "socket")}
	defer p.r.Close()
	defer p.w.Close()
	skip := p.fill(t)

	w := logline.New(p.fd(), logline.Config{})
	fmt.Fprint(w, "unharmed\n")
	for range 20 {
		await(t, "the writer to wait in write(2)", func() bool { return stuckInWrite(w) })
		for _, tid := range threads(t) {
			_ = unix.Tgkill(os.Getpid(), tid, syscall.SIGURG) // what Go's scheduler sends, too
		}
	}
	p.skip(t, skip)
	if diff := cmp.Diff([]string{"unharmed"}, p.finish(t, w)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if s := w.Stats(); s.Dropped != 0 || s.Lines != 1 {
		t.Errorf("Stats = %+v; want 1 line, none dropped", s)
	}
}

func threads(t *testing.T) (tids []int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		tid, err := strconv.Atoi(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		tids = append(tids, tid)
	}
	return tids
}
