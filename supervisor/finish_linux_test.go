package supervisor_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sillelien/baseinit/supervisor"
)

// TestFinishArguments is the contract of s6-supervise: exit code or 256, signal
// or 0, name, process group.
func TestFinishArguments(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, script, want string
		command            []string
	}{
		{name: "a success", script: "exit 0", want: "0 0 my app"},
		{name: "a failure", script: "exit 3", want: "3 0 my app"},
		{name: "a failure that looks like a signal", script: "exit 137", want: "137 0 my app"},
		{name: "a signal", script: "kill -9 $$", want: "256 9 my app"},
		{name: "another signal", script: "kill -15 $$", want: "256 15 my app"},
		{name: "not started", command: []string{"/no/such/program"}, want: "127 0 my app"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			service := sh("my app", tc.script)
			if tc.command != nil {
				service.Command = tc.command
			}
			service.Restart = supervisor.RestartNever
			service.Finish = []string{"/bin/sh", "-c", `printf '<%s>' "$0" "$@"; echo " $A $(readlink /proc/self/fd/0)"; exit 4`, "first"}
			service.Env = []string{"A=env"}
			l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
			exited := l.await("my app", supervisor.Exited)
			if e := l.await("my app", supervisor.Finished); e.Exit.Code != 4 {
				t.Errorf("the finish program %s", e.Exit)
			}
			fields := strings.Fields(tc.want)
			want := fmt.Sprintf("[my app] <first><%s><%s><my app><%d> env /dev/null\n", fields[0], fields[1], exited.PID)
			l.do(l.end())
			if have := l.out.String(); have != want {
				t.Errorf("it was called with %swant %s", have, want)
			}
		})
	}
}

// TestFinishIsRunAfterEachRun counts.
func TestFinishIsRunAfterEachRun(t *testing.T) {
	t.Parallel()
	service := sh("x", "exec sleep 1000")
	service.Finish = []string{"/bin/sh", "-c", "echo finish $1", "finish"}
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	for range 3 {
		l.awaitState("x", supervisor.StateReady)
		l.do(l.Restart("x"))
		l.await("x", supervisor.Finished)
	}
	l.awaitState("x", supervisor.StateReady)
	l.do(l.end())
	if have, want := l.out.String(), strings.Repeat("[x] finish 256\n", 4); have != want && have != strings.ReplaceAll(want, "256", "15") {
		t.Errorf("the output is %q, want %q", have, want)
	}
}

func TestFinishIsKilledWithItsChildren(t *testing.T) {
	t.Parallel()
	pids := filepath.Join(t.TempDir(), "pids")
	service := sh("x", "exit 1")
	service.Restart = supervisor.RestartNever
	service.Finish = []string{"/bin/sh", "-c", "trap '' TERM; sleep 1000 & echo $$ $! > " + pids + ".new; mv " + pids + ".new " + pids + "; wait"}
	const limit = 2 * time.Second // enough to get as far as to wait
	service.FinishTimeout = limit
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	exited := l.await("x", supervisor.Exited)
	e := l.await("x", supervisor.Finished)
	if e.Exit.Code != 137 || e.Exit.String() != "did not end within 2s: killed" {
		t.Errorf("the finish program %s, code %d", e.Exit, e.Exit.Code)
	}
	if took := e.Time.Sub(exited.Time); took < limit || took > limit+5*time.Second {
		t.Errorf("it was killed after %v", took)
	}
	for field := range strings.FieldsSeq(awaitFile(t, pids)) {
		until(t, "its processes are gone", func() bool { return !alive(atoi(field)) })
	}
}

func TestFinishThatCannotBeStarted(t *testing.T) {
	t.Parallel()
	service := sh("x", "exit 1")
	service.Restart, service.Finish = supervisor.RestartNever, []string{"/no/such/finish"}
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	e := l.await("x", supervisor.Finished)
	if e.Exit.Code != 127 || e.String() != "x: finish cannot start /no/such/finish: no such file or directory" {
		t.Errorf("%s, code %d", e, e.Exit.Code)
	}
	l.await("x", supervisor.GaveUp)
}

func TestFinishSaysFailedForGood(t *testing.T) {
	t.Parallel()
	service := sh("x", "exit 3")
	service.Finish, service.Critical = []string{"/bin/sh", "-c", "exit 125"}, true
	service.Restart = supervisor.RestartAlways
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	if err := l.done(); err == nil || err.Error() != `service "x" exited with code 3` {
		t.Errorf("Run: %v", err)
	}
}

// TestFinishWritesToTheLog as s6-supervise lets it.
func TestFinishWritesToTheLog(t *testing.T) {
	t.Parallel()
	service := sh("x", "echo running; exec sleep 1000")
	service.LogTo = "x/log"
	service.Finish = []string{"/bin/sh", "-c", "echo finishing"}
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service, sh("x/log", "exec cat")}})
	l.out.await(t, "[x/log] running\n")
	l.do(l.end())
	if have, want := l.out.String(), "[x/log] running\n[x/log] finishing\n"; have != want {
		t.Errorf("the log is %q, want %q", have, want)
	}
}
