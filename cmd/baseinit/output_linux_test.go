package main_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// fullPipe gives the write end of a pipe that holds all that it can, and that
// nobody reads.
func fullPipe(t *testing.T) *os.File {
	t.Helper()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	r, w := os.NewFile(uintptr(p[0]), "unread"), os.NewFile(uintptr(p[1]), "full")
	t.Cleanup(func() { r.Close(); w.Close() })
	var err error
	for _, size := range []int{4096, 1} { // whole pages first, then the rest of the last
		for err = nil; err == nil; {
			_, err = unix.Write(p[1], make([]byte, size))
		}
	}
	if err != unix.EAGAIN {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(p[1], false); err != nil { // as engines give it
		t.Fatal(err)
	}
	return w
}

// brokenPipe gives the write end of a pipe that has no reader any more.
func brokenPipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	t.Cleanup(func() { w.Close() })
	return w
}

// talkative is a tree in which everything gives the init something to say: a boot
// script fails, one service loops, one cannot be started. What stays alive tells on
// the other stream than the one that is stuck.
func talkative(say string) map[string]string {
	return map[string]string{
		"/etc/cont-init.d/1":        "#!/bin/sh\nexit 1\n",
		"/etc/services.d/crash/run": "#!/bin/sh\nexit 1\n",
		"/etc/services.d/crlf/run":  "#!/bin/sh\r\n",
		"/etc/services.d/web/run": "#!/bin/sh\ntrap 'echo web stopped " + say + "; exit' TERM\n" +
			"(true &) # an orphan\nsleep 1000 & echo web up " + say + "; wait\n",
		"/etc/cont-finish.d/1": "#!/bin/sh\necho finish " + say + "\n",
	}
}

// TestStuckOutput gives the init an output to which nothing can be written: it
// starts, reaps and stops services all the same, and ends in time with CMD's code.
func TestStuckOutput(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		box pid1test.Box
		say string // where the scripts' own words go
	}{
		"stderr full":          {pid1test.Box{Stderr: fullPipe(t)}, ""},
		"stderr full, verbose": {pid1test.Box{Stderr: fullPipe(t), Env: []string{"S6_VERBOSITY=5"}}, ""},
		"stderr full, text":    {pid1test.Box{Stderr: fullPipe(t), Env: []string{"BASEINIT_OUTPUT=text"}}, ""},
		"stderr full, plain":   {pid1test.Box{Stderr: fullPipe(t), Env: []string{"BASEINIT_OUTPUT=plain", "BASEINIT_JOIN_LINES=1"}}, ""},
		"stderr full, json":    {pid1test.Box{Stderr: fullPipe(t), Env: []string{"BASEINIT_OUTPUT=json"}}, ""},
		"stderr broken":        {pid1test.Box{Stderr: brokenPipe(t)}, ""},
		"stdout full, text":    {pid1test.Box{Stdout: fullPipe(t), Env: []string{"BASEINIT_OUTPUT=text"}}, ">&2"},
		"stdout full, json":    {pid1test.Box{Stdout: fullPipe(t), Env: []string{"BASEINIT_OUTPUT=json"}}, ">&2"},
		"stdout broken":        {pid1test.Box{Stdout: brokenPipe(t), Env: []string{"BASEINIT_OUTPUT=text"}}, ">&2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.box.Files = talkative(test.say)
			// A shell's child that gets SIGTERM before its execve survives it.
			test.box.Env = append(test.box.Env, "S6_KILL_GRACETIME=1000", "S6_SERVICES_GRACETIME=1000")
			test.box.Args = []string{"sh", "-c", "trap 'exit 5' TERM; sleep 1000 & echo CMD up " + test.say + "; wait"}
			r := start(t, test.box)
			r.WaitFor("web up")
			r.WaitFor("CMD up")
			for crashes(r) > 0 { // none of the dead stays
				time.Sleep(5 * time.Millisecond)
			}
			began := time.Now()
			r.Signal(syscall.SIGTERM)
			if code := r.Wait(); code != 5 {
				t.Errorf("exit code %d, want 5", code)
			}
			if took := time.Since(began); took > 4*time.Second {
				t.Errorf("gone %v after SIGTERM", took)
			}
			for _, want := range []string{"web stopped", "finish"} {
				if !strings.Contains(r.Output(), want) {
					t.Errorf("the output lacks %q", want)
				}
			}
		})
	}
}

// crashes counts the zombies.
func crashes(r container) (n int) {
	for _, p := range r.Processes() {
		if p.State == "Z" {
			n++
		}
	}
	return n
}

// TestClosedOutput starts the init without one of its standard descriptors, or
// without any. What it opens must not take their place.
func TestClosedOutput(t *testing.T) {
	t.Parallel()
	for _, closed := range []string{"<&-", ">&-", "2>&-", "<&- >&- 2>&-"} {
		t.Run(closed, func(t *testing.T) {
			t.Parallel()
			r := startUnder(t, pid1test.Box{
				Env: []string{"S6_CMD_WAIT_FOR_SERVICES=1"},
				Files: map[string]string{
					"/etc/cont-init.d/1":          "#!/bin/sh\necho init; echo init >&2\nexit 1\n",
					"/etc/services.d/web/run":     "#!/bin/sh\necho web; echo web >&2; >/tmp/web; exec sleep 1000\n",
					"/etc/services.d/web/log/run": "#!/bin/sh\ncat >/tmp/log\n",
				},
			}, `exec /init --output=text sh -c 'until [ -e /tmp/web ]; do sleep 0.05; done; echo CMD; echo CMD >&2; cat; exit 6' `+closed)
			if code := r.Wait(); code != 6 {
				t.Errorf("exit code %d, want 6", code)
			}
			if got := r.ReadFile("/tmp/log"); got != "web\n" {
				t.Errorf("the log service read %q", got)
			}
		})
	}
}

// TestCrashLoops runs services that end as soon as they start, beside one that
// lives. They are started again with a growing pause, and none of that keeps the
// container from stopping.
func TestCrashLoops(t *testing.T) {
	t.Parallel()
	files := services(20, "echo run; exit 1")
	files["/etc/services.d/web/run"] = "#!/bin/sh\necho up; exec sleep 1000\n"
	r := start(t, pid1test.Box{Files: files})
	began := time.Now()
	awaitCount(t, r, "run\n", 60) // each for the third time, after about 1 and 2 s
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("each service was started three times within %v: no pause grows", took)
	}
	for crashes(r) > 0 {
		time.Sleep(5 * time.Millisecond)
	}
	if took := stop(t, r, 1); took > time.Second {
		t.Errorf("gone %v after SIGTERM", took)
	}
	if code := r.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := strings.Count(r.Output(), "run\n"); n > 80 {
		t.Errorf("%d starts", n)
	}
	for i := range 20 {
		if name := fmt.Sprintf("s%d: ", i); !strings.Contains(r.Output(), name) {
			t.Errorf("nothing is said of %s", name)
		}
	}
}
