package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// services gives a box n services with the same run script.
func services(n int, run string) map[string]string {
	files := map[string]string{}
	for i := range n {
		files[fmt.Sprintf("/etc/services.d/s%d/run", i)] = "#!/bin/sh\n" + run + "\n"
	}
	return files
}

// stop sends SIGTERM once the output holds up n times, and gives the time until
// the container is gone.
func stop(t *testing.T, r container, n int) time.Duration {
	t.Helper()
	awaitCount(t, r, "up\n", n)
	began := time.Now()
	r.Signal(syscall.SIGTERM)
	<-r.Ended()
	return time.Since(began)
}

// awaitCount waits until the output holds text n times.
func awaitCount(t *testing.T, r container, text string, n int) {
	t.Helper()
	for strings.Count(r.Output(), text) < n {
		select {
		case <-r.Ended():
			t.Fatalf("the box ended before it printed %q %d times", text, n)
		case <-time.After(5 * time.Millisecond): // and look again
		}
	}
}

// TestStopTakes bounds, generously, how long a stop takes; bench/ measures it.
func TestStopTakes(t *testing.T) {
	t.Parallel()
	const obey, ignore = "echo up; exec sleep 1000", "trap '' TERM; echo up; sleep 1000"
	daemon := "(setsid sh -c \"" + ignore + "\" &); exec sleep 1000"
	for name, test := range map[string]struct {
		box         pid1test.Box
		ups         int
		least, most time.Duration
		code        int
	}{
		"ten services": {box: pid1test.Box{Files: services(10, obey)}, ups: 10, most: time.Second},
		"no services":  {box: pid1test.Box{Args: []string{"sh", "-c", obey}}, ups: 1, most: time.Second, code: 143},
		"boot script":  {box: pid1test.Box{Files: map[string]string{"/etc/cont-init.d/1": "#!/bin/sh\n" + obey}}, ups: 1, most: time.Second, code: 143},
		"grace is a bound": {
			box: pid1test.Box{Files: services(2, obey), Env: []string{"S6_KILL_GRACETIME=60000", "S6_SERVICES_GRACETIME=60000"}},
			ups: 2, most: time.Second,
		},
		"no grace": {
			box: pid1test.Box{Files: services(2, ignore), Env: []string{"S6_KILL_GRACETIME=0", "S6_SERVICES_GRACETIME=0"}},
			ups: 2, most: time.Second,
		},
		"ten that ignore SIGTERM": {
			box: pid1test.Box{Files: services(10, ignore), Env: []string{"S6_SERVICES_GRACETIME=700"}},
			ups: 10, least: 700 * time.Millisecond, most: 1700 * time.Millisecond,
		},
		"ten daemons that ignore SIGTERM": {
			box: pid1test.Box{Files: services(10, daemon), Env: []string{"S6_SERVICES_GRACETIME=500", "S6_KILL_GRACETIME=500"}},
			ups: 10, least: 500 * time.Millisecond, most: 2 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, test.box)
			took := stop(t, r, test.ups)
			t.Logf("gone %v after SIGTERM", took.Round(10*time.Microsecond))
			if code := r.Wait(); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if took < test.least || took > test.most {
				t.Errorf("gone after %v, want %v to %v", took, test.least, test.most)
			}
		})
	}
}

// TestStopFits makes everything ignore SIGTERM that can, with the default limits:
// the container is gone before the engine's own limit, 10 s, with the right code.
func TestStopFits(t *testing.T) {
	t.Parallel()
	const ignore = "#!/bin/sh\ntrap '' TERM\n"
	files := services(3, "trap '' TERM; (setsid sleep 1000 &); echo up; sleep 1000")
	files["/etc/services.d/s0/timeout-kill"] = "0\n" // for ever
	files["/etc/services.d/s1/finish"] = ignore + "sleep 1000\n"
	files["/etc/services.d/s2/dependencies.d/s0"] = ""
	files["/etc/cont-finish.d/1"] = ignore + "setsid sleep 1000 & sleep 1000\n"
	files["/etc/cont-finish.d/2"] = ignore + "echo second; sleep 1000\n"
	r := start(t, pid1test.Box{Files: files, Args: []string{"sh", "-c", "trap '' TERM; echo up; sleep 1000"}})
	took := stop(t, r, 4)
	t.Logf("gone %v after SIGTERM", took.Round(time.Millisecond))
	if code := r.Wait(); code != 137 {
		t.Errorf("exit code %d, want 137", code)
	}
	if took >= 10*time.Second {
		t.Errorf("gone after %v, when the engine has killed it already", took)
	}
	if !strings.Contains(r.Output(), "second\n") {
		t.Error("the second script of cont-finish.d was not run")
	}
}

// TestStopAtAnyTime sends SIGTERM at each of the first milliseconds in which the
// init catches it, in a life with every stage.
func TestStopAtAnyTime(t *testing.T) {
	t.Parallel()
	files := services(2, "exec sleep 1000")
	files["/etc/fix-attrs.d/1"] = "/etc/services.d true root 0755 0755\n"
	files["/etc/cont-init.d/1"] = "#!/bin/sh\nsleep 0.005\n"
	files["/etc/cont-init.d/2"] = "#!/bin/sh\nsleep 0.005\n"
	files["/etc/cont-finish.d/1"] = "#!/bin/sh\n:\n"
	for delay := range 21 {
		t.Run(fmt.Sprintf("%d ms", delay), func(t *testing.T) {
			t.Parallel()
			r := start(t, pid1test.Box{Files: files, Args: []string{"sleep", "1000"}})
			awaitCaught(t, r)
			time.Sleep(time.Duration(delay) * time.Millisecond)
			began := time.Now()
			r.Signal(syscall.SIGTERM)
			if code := r.Wait(); code != 143 {
				t.Errorf("exit code %d, want 143", code)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("gone %v after SIGTERM", took)
			}
		})
	}
}

// awaitCaught waits until the init catches SIGTERM. Before main nothing can: the
// kernel drops what a PID 1 has no handler for, and then Go's runtime ends the process
// with code 2. The first signal.Notify starts a thread that blocks what nobody asked
// for, of which SIGPIPE is one; SIGTERM is the first that main asks for.
func awaitCaught(t *testing.T, r container) {
	t.Helper()
	began := time.Now()
	for time.Since(began) < 10*time.Second {
		status, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", r.PID()))
		for _, path := range status {
			text, _ := os.ReadFile(path) // fails if the thread has ended
			_, mask, _ := strings.Cut(string(text), "SigBlk:\t")
			blocked, err := strconv.ParseUint(mask[:min(len(mask), 16)], 16, 64)
			const pipe, term = 1 << (syscall.SIGPIPE - 1), 1 << (syscall.SIGTERM - 1)
			if err == nil && blocked&(pipe|term) == pipe && strings.HasPrefix(string(text), "Name:\tinit\n") {
				t.Logf("catches signals %v after it was started", time.Since(began).Round(10*time.Microsecond))
				return
			}
		}
		time.Sleep(50 * time.Microsecond)
	}
	t.Fatal("the init never caught signals")
}
