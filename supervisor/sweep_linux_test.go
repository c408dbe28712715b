package supervisor_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/supervisor"
)

// TestStopLeavesNothing stops services that are more than one process. Each
// prints "pids", and its pids, when it is up.
func TestStopLeavesNothing(t *testing.T) {
	t.Parallel()
	const limit = 300 * time.Millisecond
	for _, tc := range []struct {
		name, script string
		force        bool   // SIGKILL is needed
		stop         string // StopCommand, as a script
	}{
		{name: "a shell that execs", script: "echo pids $$; exec sleep 1000"},
		{name: "a shell that does not exec", script: "echo pids $$; sleep 1000; true"},
		{name: "a shell with a child", script: "sleep 1000 & echo pids $$ $!; wait"},
		{name: "a pipeline", script: "sleep 1000 | { echo pids $$ $(pgrep -P $$); cat; }"},
		{name: "a stopped process", script: "echo pids $$; kill -STOP $$"},
		{name: "a child that ignores TERM", script: `sh -c 'trap "" TERM; echo pids $PPID $$; while :; do sleep 1; done' & wait`, force: true},
		{name: "all ignore TERM", script: "trap '' TERM; sleep 1000 & echo pids $$ $!; wait; sleep 1000", force: true},
		{name: "a child with a session of its own", script: "setsid sleep 1000 & echo pids $$ $!; wait"},
		{name: "a grandchild with a session of its own", script: "sh -c 'setsid sleep 1000 & echo pids $$ $!; wait; true'; true"},
		{
			name:   "a child with a session of its own that ignores TERM",
			script: `setsid sh -c 'trap "" TERM; echo pids $PPID $$; while :; do sleep 1; done' & wait`, force: true,
		},
		{name: "a stopped child with a session of its own", script: "setsid sh -c 'kill -STOP $$' & echo pids $$ $!; wait"},
		{name: "a stop command for the first process only", script: "trap 'exit 0' USR1; setsid sleep 1000 & echo pids $$ $!; wait", stop: "kill -USR1 $MAINPID"},
		{name: "a stop command that fails", script: "sleep 1000 & echo pids $$ $!; wait", stop: "exit 1"},
		{name: "a stop command that does nothing", script: "sleep 1000 & echo pids $$ $!; wait", stop: "exit 0", force: true},
		{name: "a stop command that hangs", script: "setsid sleep 1000 & echo pids $$ $!; wait", stop: "sleep 1000", force: true},
		{name: "an orphan with a group of its own", script: helperEnv + `=orphan "$1"; exec sleep 1000`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, ask := range []struct {
				name string
				stop func(*live)
			}{
				{"Stop", func(l *live) { l.do(l.Stop("x")) }},
				{"Restart", func(l *live) { l.do(l.Restart("x")) }},
				{"end", func(l *live) { l.stop(nil) }},
				{"Kill", func(l *live) { l.Kill() }},
			} {
				service := sh("x", tc.script, os.Args[0])
				service.StopTimeout = limit
				if tc.stop != "" {
					service.StopCommand = []string{"/bin/sh", "-c", tc.stop}
				}
				l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
				pids := pidsOf(t, l)
				begun := time.Now()
				ask.stop(l)
				l.await("x", supervisor.Exited)
				if ask.name == "Restart" {
					l.await("x", supervisor.Started)
				} else {
					l.await("x", supervisor.Stopped)
				}
				took := time.Since(begun)
				for _, pid := range pids {
					if alive(pid) {
						t.Errorf("%s: %d lives", ask.name, pid)
						_ = unix.Kill(pid, unix.SIGKILL)
					}
				}
				if gentle := ask.name != "Kill"; tc.force && gentle && took < limit {
					t.Errorf("%s took %v: it did not wait for %v", ask.name, took, limit)
				}
				if ask.name == "Restart" { // what is killed while it forks may leave behind what nobody knew of
					until(t, "it is up again", func() bool { return strings.Count(l.out.String(), "pids ") == 2 })
				}
				l.stop(nil)
				l.Kill()
				_ = l.done()
			}
		})
	}
}

// helpOrphan leaves a child behind in its session, but not in its process group.
func helpOrphan([]string) int {
	cmd := exec.Command("sleep", "1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("pids", os.Getppid(), cmd.Process.Pid)
	return 0
}

// helpSleep waits for a signal.
func helpSleep([]string) int { time.Sleep(time.Hour); return 0 }

// TestOddNamesAreUnderstood stops a process whose line in /proc/PID/stat looks as
// if it were a zombie's: its name is what precedes the last parenthesis.
func TestOddNamesAreUnderstood(t *testing.T) {
	t.Parallel()
	program := t.TempDir() + "/a) Z 1 (b"
	if err := os.Symlink(os.Args[0], program); err != nil {
		t.Fatal(err)
	}
	service := sh("x", helperEnv+`=sleep setsid "$1" & echo pids $!; wait`, program)
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	pid := pidsOf(t, l)[0]
	until(t, "it has its name", func() bool {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return strings.Contains(string(stat), "(a) Z 1 (b) ")
	})
	l.do(l.Stop("x"))
	l.awaitState("x", supervisor.StateDown)
	// alive would be misled by the name, too; the pid is there until it is reaped.
	until(t, "it is gone", func() bool {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		_, after, _ := strings.Cut(string(stat), "(a) Z 1 (b) ")
		return after == "" || after[0] == 'Z'
	})
}

// pidsOf reads the pids that a service prints.
func pidsOf(t *testing.T, l *live) []int {
	t.Helper()
	var pids []int
	until(t, "it prints its pids", func() bool {
		_, after, ok := strings.Cut(l.out.String(), "pids ")
		line, _, whole := strings.Cut(after, "\n")
		pids = nil
		for field := range strings.FieldsSeq(line) {
			pids = append(pids, atoi(field))
		}
		return ok && whole
	})
	if len(pids) == 0 {
		t.Fatal("it printed no pids")
	}
	return pids
}

func TestStopIsQuickWhenAllObey(t *testing.T) {
	t.Parallel()
	service := sh("x", "setsid sh -c 'kill -STOP $$' & echo pids $$ $!; wait")
	stopped := sh("stopped", "kill -STOP $$")
	service.StopTimeout, stopped.StopTimeout = time.Minute, time.Minute
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service, stopped}, StopTimeout: time.Minute})
	pids := slices.Concat(pidsOf(t, l)[1:], []int{l.awaitState("stopped", supervisor.StateReady).PID})
	for _, pid := range pids {
		until(t, "it is stopped", func() bool {
			stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			return strings.Contains(string(stat), ") T ")
		})
	}
	begun := time.Now()
	l.do(l.end())
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the stop took %v", took)
	}
}

// TestCrashLeavesNothing looks in the second run for a child of the first one.
func TestCrashLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, child := range map[string]string{
		"an obedient child":         "exec sleep 1000",
		"a child that ignores TERM": `trap "" TERM; sleep 1000; sleep 1000`,
		"a stopped child":           "kill -STOP $$",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := t.TempDir() + "/pid"
			service := sh("x", `if test -e $1; then kill -0 $(cat $1) 2>/dev/null && grep '^State:.*[^Z] (' /proc/$(cat $1)/status && exit 9; echo second run; exec sleep 1000
				else sh -c "$2" & echo $! > $1; sleep 0.1; exit 1; fi`, state, child)
			service.StopTimeout, service.Backoff.Initial = 300*time.Millisecond, time.Millisecond
			l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
			l.out.await(t, "[x] second run\n")
			if pid := atoi(strings.TrimSpace(awaitFile(t, state))); alive(pid) {
				t.Errorf("the child %d lives", pid)
			}
		})
	}
}

func TestKeepLeftovers(t *testing.T) {
	t.Parallel()
	state := t.TempDir() + "/pid"
	service := sh("x", "sleep 1000 & echo $! > $1; exit 0", state)
	service.KeepLeftovers, service.Restart = true, supervisor.RestartNever
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	l.await("x", supervisor.Completed)
	begun := time.Now()
	l.do(l.end())
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the child held up the end for %v", took)
	}
	pid := atoi(strings.TrimSpace(awaitFile(t, state)))
	if !alive(pid) {
		t.Error("the child does not live on")
	}
	_ = unix.Kill(pid, unix.SIGKILL)
}

// TestKeepLeftoversDoesNotHoldForAStop stops the service while it runs.
func TestKeepLeftoversDoesNotHoldForAStop(t *testing.T) {
	t.Parallel()
	service := sh("x", "setsid sleep 1000 & echo pids $!; exec sleep 1000")
	service.KeepLeftovers = true
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	pids := pidsOf(t, l)
	l.do(l.end())
	if alive(pids[0]) {
		t.Error("the child lives on")
	}
}

// helpSubreaper makes orphans that it must adopt, and stops them.
func helpSubreaper([]string) int {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Println(err)
		return 1
	}
	script := `for i in 1 2 3; do setsid sh -c 'sleep 1000 & echo ready; wait' & done; setsid sh -c 'trap "" TERM; echo ready; while :; do sleep 1; done' &`
	r, w, err := os.Pipe()
	if err != nil {
		fmt.Println(err)
		return 2
	}
	cmd := exec.Command("/bin/sh", "-c", script)
	cmd.Stdout = w
	if err := cmd.Run(); err != nil {
		fmt.Println(err)
		return 2
	}
	_ = w.Close() // who is ready has it
	ready := 0
	for lines := bufio.NewScanner(r); ready < 4 && lines.Scan(); ready++ {
	}
	go func() {
		for {
			if _, err := syscall.Wait4(-1, nil, 0, nil); err != nil && err != syscall.EINTR {
				time.Sleep(time.Millisecond)
			}
		}
	}()
	begun := time.Now()
	err = supervisor.StopDescendants(context.Background(), 300*time.Millisecond)
	left, _ := exec.Command("pgrep", "-P", fmt.Sprint(os.Getpid())).Output()
	fmt.Printf("ready=%d err=%v obeyed=%v left=%d\n", ready, err, time.Since(begun) < 300*time.Millisecond, strings.Count(string(left), "\n"))
	return 0
}

func TestStopDescendants(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"=subreaper")
	out, err := cmd.CombinedOutput()
	if want := "ready=4 err=<nil> obeyed=false left=0\n"; err != nil || string(out) != want {
		t.Errorf("%v\n%swant\n%s", err, out, want)
	}
}
