package supervisor_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sillelien/baseinit/supervisor"
)

// endsBy is a service that ends with code 7 when the file "end" is in its directory.
func endsBy(t *testing.T, stop string) supervisor.Service {
	t.Helper()
	service := sh("x", "trap '' TERM; until [ -e end ]; do sleep 0.01; done; exit 7")
	service.Dir, service.Env = t.TempDir(), []string{"A=env"}
	service.StopCommand = []string{"/bin/sh", "-c", stop}
	return service
}

func TestStopCommandHasWhatTheServiceHas(t *testing.T) {
	t.Parallel()
	service := endsBy(t, "echo $A $PWD $MAINPID; ps -o sid= -p $$ >&2; touch end")
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}, Output: supervisor.OutputJSON})
	pid := l.awaitState("x", supervisor.StateReady).PID
	l.do(l.Stop("x"))
	if exit := *l.awaitState("x", supervisor.StateDown).LastExit; exit.Code != 7 {
		t.Errorf("x %s: it was not the stop command that ended it", exit)
	}
	l.do(l.end())
	out := l.out.String()
	if want := `"stream":"stderr","pid":`; strings.Count(out, want) != 2 || strings.Contains(out, "stdout") {
		t.Errorf("its output went elsewhere than to stderr: %s", out)
	}
	if want := `"msg":"env ` + service.Dir + " " + itoa(pid) + `"`; !strings.Contains(out, want) {
		t.Errorf("the output is %s, want %s", out, want)
	}
}

func TestStopCommandIsKilledWithItsChildren(t *testing.T) {
	t.Parallel()
	service := endsBy(t, "trap '' TERM; sleep 1000 & echo $$ $! > pids.new; mv pids.new pids; wait; sleep 1000")
	service.StopTimeout = 2 * time.Second // enough to get as far as to wait
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	l.awaitState("x", supervisor.StateReady)
	l.stop(nil)
	l.do(l.done())
	for pid := range strings.FieldsSeq(awaitFile(t, filepath.Join(service.Dir, "pids"))) {
		until(t, "its processes are gone", func() bool { return !alive(atoi(pid)) })
	}
}

func TestSignalInPlaceOfAStopCommandThatIsMissing(t *testing.T) {
	t.Parallel()
	service := sh("x", "exec sleep 1000")
	service.StopCommand = []string{"/no/such/program"}
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	l.awaitState("x", supervisor.StateReady)
	l.do(l.Restart("x"))
	trouble, exited := l.await("x", supervisor.Trouble), l.await("x", supervisor.Exited)
	if want := "x: its stop command cannot start /no/such/program: no such file or directory"; trouble.String() != want {
		t.Errorf("%s, want %s", trouble, want)
	}
	if exited.Exit.Signal != syscall.SIGTERM {
		t.Errorf("x %s", exited.Exit)
	}
	l.await("x", supervisor.Started)
}

// TestWatchdogBeforeTheStopCommand: what hangs is sent SIGABRT first, and asked then.
func TestWatchdogBeforeTheStopCommand(t *testing.T) {
	t.Parallel()
	service := help("x", "notify")
	service.Readiness.Notify, service.Watchdog, service.Restart = true, 100*time.Millisecond, supervisor.RestartNever
	service.Command = []string{"/bin/sh", "-c", `trap "" ABRT; "$0" send:READY=1; exec sleep 1000`, os.Args[0]}
	service.StopTimeout = 10 * time.Second
	service.StopCommand = []string{"/bin/sh", "-c", "kill -USR1 $MAINPID"}
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	var stops []string
	for range 2 {
		stops = append(stops, l.await("x", supervisor.Stopping).Text)
	}
	if have := strings.Join(stops, ", "); have != "SIGABRT, its stop command is run" {
		t.Errorf("it was stopped by %s", have)
	}
	if exit := l.await("x", supervisor.Exited).Exit; exit.Signal != syscall.SIGUSR1 {
		t.Errorf("x %+v", exit)
	}
}

func TestProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file(t, filepath.Join(dir, "script"), "echo script of $0 $1", 0o755)
	for _, tc := range []struct {
		name, program string
		command       []string
		want          string
	}{
		{"a path", "/bin/sh", []string{"-sh", "-c", "echo $0 $1", "a", "b"}, "a b\n"},
		{"in the PATH", "sh", []string{"x", "-c", "tr '\\0' ' ' < /proc/$$/cmdline; echo"}, "x -c tr '\\0' ' ' < /proc/$$/cmdline; echo \n"},
		{"from Dir", "./script", []string{"nonsense", "b"}, "script of ./script b\n"},
		{"that is missing", "/no/such/program", []string{"/bin/sh", "-c", "echo not this"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			exit, out := runOne(t, supervisor.Service{Program: tc.program, Command: tc.command, Dir: dir})
			if out != tc.want {
				t.Errorf("the output is %q, want %q", out, tc.want)
			}
			if missing := tc.want == ""; missing != (exit.Code == 127) {
				t.Errorf("it %s", exit)
			}
		})
	}
}

// TestProgramOfOtherCommands: it is that of the stop command and of finish, too, if they begin with the
// same word.
func TestProgramOfOtherCommands(t *testing.T) {
	t.Parallel()
	service := endsBy(t, "")
	service.Restart = supervisor.RestartNever
	service.Program, service.Command[0] = "/bin/sh", "become"
	service.StopCommand = []string{"become", "-c", "echo $0 stops; touch end"}
	service.Finish = []string{"/bin/echo", "finish"}
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	l.awaitState("x", supervisor.StateReady)
	l.do(l.Stop("x"))
	exit := l.awaitState("x", supervisor.StateDown).LastExit
	l.do(l.end())
	if out := l.out.String(); exit.Code != 7 || !strings.Contains(out, "finish 7 0 x") || !strings.Contains(out, "become stops") {
		t.Errorf("x %s, and wrote %q", exit, out)
	}
}
