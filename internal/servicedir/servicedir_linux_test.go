package servicedir_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/servicedir"
)

// keep makes a directory that is supervised.
func keep(t *testing.T) (string, *servicedir.Keeper) {
	t.Helper()
	dir := t.TempDir()
	k, err := servicedir.Make(dir, filepath.Join(dir, "supervise", "control"), servicedir.Status{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return dir, k
}

// TestStatus: what is written is what is read, and what the C program of s6 reads.
func TestStatus(t *testing.T) {
	t.Parallel()
	dir, k := keep(t)
	at := time.Unix(time.Now().Unix(), 123456789)
	up := servicedir.Status{Changed: at, Ready: at.Add(time.Second), PID: 1 << 20, WantedUp: true, IsReady: true}
	for _, tt := range []struct {
		status servicedir.Status
		real   string // of s6-svstat -o up,wantedup,paused,pid,exitcode,signal
	}{
		{up, "true true false 1048576 -1 NA\n"},
		{servicedir.Status{Changed: at, Ready: at, Code: 3, Finishing: true}, "false false false -1 3 NA\n"},
		{servicedir.Status{Changed: at, Ready: at, Signal: 9, Paused: true}, "false false true -1 -1 SIGKILL\n"},
	} {
		if err := tt.status.Write(dir); err != nil {
			t.Fatal(err)
		}
		got, err := servicedir.ReadStatus(dir)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.status, got); diff != "" {
			t.Errorf("the status (-written +read):\n%s", diff)
		}
		path, err := exec.LookPath("s6-svstat")
		if err != nil {
			t.Skip("no s6-svstat: install s6")
		}
		out, err := exec.Command(path, "-o", "up,wantedup,paused,pid,exitcode,signal", dir).Output()
		if err != nil || string(out) != tt.real {
			t.Errorf("s6-svstat: %q, %v; want %q", out, err, tt.real)
		}
	}
	k.Close()
	if _, err := servicedir.ReadStatus(dir); !errors.Is(err, servicedir.ErrUnsupervised) {
		t.Errorf("without a keeper: %v", err)
	}
}

// TestControl: commands come to who keeps the directory, and a shipped FIFO's mode stays.
func TestControl(t *testing.T) {
	t.Parallel()
	dir, k := keep(t)
	if err := servicedir.Send(dir, "du"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 8)
	if n, err := k.Read(buf); string(buf[:n]) != "du" {
		t.Errorf("read %q, %v", buf[:n], err)
	}
	control := filepath.Join(dir, "supervise", "control")
	if err := os.Chmod(control, 0o620); err != nil {
		t.Fatal(err)
	}
	k.Close()
	if err := servicedir.Send(dir, "u"); !errors.Is(err, servicedir.ErrUnsupervised) {
		t.Errorf("without a keeper: %v", err)
	}
	again, err := servicedir.Make(dir, control, servicedir.Status{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if info, err := os.Stat(control); err != nil || info.Mode().Perm() != 0o620 {
		t.Errorf("the mode of a shipped FIFO: %v, %v", info.Mode(), err)
	}
}

// TestEvents: a listener hears what is told, ours and one of the C library; one that is
// gone is cleaned up.
func TestEvents(t *testing.T) {
	t.Parallel()
	dir, _ := keep(t)
	l, err := servicedir.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	dead, err := servicedir.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	event := filepath.Join(dir, "event")
	names, _ := os.ReadDir(event)
	dead.Close()
	for _, e := range names { // as if the reader had been killed
		if _, err := os.Lstat(filepath.Join(event, e.Name())); err != nil {
			if err := exec.Command("mkfifo", filepath.Join(event, e.Name())).Run(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := servicedir.Notify(dir, "dD"); err != nil {
		t.Fatal(err)
	}
	heard, ok, err := servicedir.Await([]*servicedir.Listener{l}, time.Time{})
	if err != nil || !ok || heard[0] != "dD" {
		t.Errorf("heard %q, %v, %v", heard, ok, err)
	}
	if _, ok, err := servicedir.Await([]*servicedir.Listener{l}, time.Now().Add(10*time.Millisecond)); ok || err != nil {
		t.Errorf("nothing was told: %v, %v", ok, err)
	}
	l.Close()
	if left, _ := os.ReadDir(event); len(left) != 0 {
		t.Errorf("%d FIFOs are left", len(left))
	}
}

// TestTally: as many deaths as were written, and none where nothing was.
func TestTally(t *testing.T) {
	t.Parallel()
	dir, _ := keep(t)
	if deaths, err := servicedir.ReadTally(dir); err != nil || deaths != nil {
		t.Errorf("a new tally: %v, %v", deaths, err)
	}
	at := time.Unix(1700000000, 5)
	want := []servicedir.Death{{Time: at, Code: 3}, {Time: at.Add(time.Second), Signal: 15}}
	if err := servicedir.WriteTally(dir, want); err != nil {
		t.Fatal(err)
	}
	got, err := servicedir.ReadTally(dir)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}
