package probe_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/pid1test"
	"github.com/sillelien/baseinit/internal/probe"
)

// shell is a probe that runs a script.
func shell(script string) probe.Spec {
	return probe.Spec{Exec: []string{"sh", "-c", script}, Env: []string{"PATH=/usr/bin:/bin"}}
}

func TestExec(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ script, want string }{
		{"true", ""},
		{"echo fine; exit 0", ""},
		{"exit 1", "exited with code 1"},
		{"echo one; echo two >&2; echo; exit 2", "exited with code 2: two"},
		{"printf 'no newline'; exit 1", "exited with code 1: no newline"},
		{`printf 'a\033[31m\tred\r\n'; exit 1`, "exited with code 1: a [31m red"},
		{`printf '\377\n'; exit 1`, "exited with code 1: ?"},
		{"kill -9 $$", "killed by SIGKILL"},
		{"echo oh; kill -SEGV $$", "killed by SIGSEGV: oh"},
		{"read x && exit 1; exit 0", ""}, // its input is empty
		{"test -t 0 && exit 1; exit 0", ""},
		{"head -c 100000 /dev/zero | tr '\\0' x; echo; echo end; exit 1", "exited with code 1: end"},
	} {
		says(t, test.script, run(t, shell(test.script)), test.want)
	}
	err := run(t, shell("head -c 100000 /dev/zero | tr '\\0' x; exit 1"))
	if err == nil || len(err.Error()) > 256+len("exited with code 1: ") {
		t.Errorf("got %v, want at most 256 bytes of the output", err)
	}
}

func TestExecPlace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"here":   {"#!/bin/sh\necho $(pwd) $A; exit 1\n", 0o755},
		"plain":  {"echo no interpreter; exit 1\n", 0o755},
		"locked": {"#!/bin/sh\n", 0o644},
		"lost":   {"#!/bin/nosuch\n", 0o755},
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(file.text), file.mode); err != nil { //nolint:gosec // programs
			t.Fatal(err)
		}
	}
	env := []string{"PATH=" + bin, "A=b"}
	for _, test := range []struct {
		spec probe.Spec
		want string
	}{
		{probe.Spec{Exec: []string{"here"}, Dir: dir, Env: env}, "exited with code 1: " + dir + " b"},
		{probe.Spec{Exec: []string{"bin/here"}, Dir: dir, Env: env}, dir + " b"},
		{probe.Spec{Exec: []string{"plain"}, Env: env}, "exited with code 1: no interpreter"},
		{probe.Spec{Exec: []string{"sh", "-c", "echo $0 $1; exit 1", "as", "x"}, Program: "/bin/sh", Env: env}, "as x"},
		{probe.Spec{Exec: []string{"nosuch"}, Env: env}, "cannot start nosuch: no such program in PATH"},
		{probe.Spec{Exec: []string{"locked"}, Env: env}, "not executable: chmod +x it"},
		{probe.Spec{Exec: []string{"lost"}, Env: env}, `no such interpreter "#!/bin/nosuch"`},
		{probe.Spec{Exec: []string{"/bin/true"}, Dir: dir + "/none"}, "cannot enter its directory"},
		{probe.Spec{Exec: []string{"/bin/sh", "-c", "echo $HOME.; exit 1"}}, "exited with code 1: ."}, // not our environment
	} {
		says(t, strings.Join(test.spec.Exec, " "), run(t, test.spec), test.want)
	}
}

func TestExecAsAnotherUser(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	spec := shell("id -u; exit 1")
	spec.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	says(t, "nobody", run(t, spec), "exited with code 1: 65534")
}

// TestExecThatHangs: at the end of its time all of the process group is killed, also what
// ignores signals.
func TestExecThatHangs(t *testing.T) {
	t.Parallel()
	pids := filepath.Join(t.TempDir(), "pids")
	// The file is there, whole, before anything waits.
	spec := shell("trap '' TERM; sleep 1000 & echo $$ $! >" + pids + ".new; mv " + pids + ".new " + pids + "; echo waiting; wait")
	p, err := probe.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	for _, err := os.Stat(pids); err != nil; _, err = os.Stat(pids) {
		time.Sleep(time.Millisecond)
	}
	cancel(nil)
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	text, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	for word := range strings.FieldsSeq(string(text)) {
		awaitEnd(t, word)
	}
}

// awaitEnd waits until there is no such process, or what is left of it is for others to
// collect.
func awaitEnd(t *testing.T, word string) {
	t.Helper()
	pid, err := strconv.Atoi(word)
	if err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		stat, err := os.ReadFile("/proc/" + word + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
	}
	_ = unix.Kill(pid, unix.SIGKILL)
	t.Errorf("process %d still runs", pid)
}

func TestExecTimeout(t *testing.T) {
	t.Parallel()
	err := runFor(t, shell("echo still busy; exec sleep 1000"), 2*time.Second)
	says(t, "sleep", err, "timed out: the command did not end: still busy")
	says(t, "a flood", runFor(t, shell("yes"), time.Second), "timed out: the command did not end: y")
}

// TestHeldOutput: the answer does not wait for what a command leaves behind, and which has
// its output open.
func TestHeldOutput(t *testing.T) {
	t.Parallel()
	for _, leaves := range []string{
		"sleep 1000 &",
		"(trap '' HUP TERM INT; exec sleep 1000) & ",
		"setsid sleep 5 &", // in no group of ours, and so not killed
		"while :; do echo flood; done &",
	} {
		spec := shell(leaves + " echo done; exit 4")
		start := time.Now()
		err := run(t, spec)
		if took := time.Since(start); err == nil || !strings.HasPrefix(err.Error(), "exited with code 4") || took > 4*time.Second {
			t.Errorf("%q: %v after %v", leaves, err, took)
		}
	}
}
