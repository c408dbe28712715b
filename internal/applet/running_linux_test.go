package applet_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestTimeLimits: what ends in time, and what is told to end.
func TestTimeLimits(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{argv: []string{"s6-maximumtime", "60000", "sh", "-c", "echo hi; exit 3"}, stdout: "hi\n", code: 3},
		{argv: []string{"s6-maximumtime", "0", "s6-echo", "hi"}, stdout: "hi\n"},
		{argv: []string{"s6-maximumtime", "0", "sh", "-c", "kill -9 $$"}, code: 111, says: "sh was ended by signal 9"},
		{argv: []string{"s6-maximumtime", "-k", "1", "sleep", "1000"}, code: 99, says: "sleep took more than 1ms"},
		{argv: []string{"s6-maximumtime", "5", "nosuch"}, code: 111, says: "cannot run nosuch"},
		{argv: []string{"s6-maximumtime", "x", "true"}, code: 100, says: "usage: s6-maximumtime"},
		{argv: []string{"s6-maximumtime", "5"}, code: 100},
		{argv: []string{"s6-maximumtime", "-z", "5", "true"}, code: 100},
		{argv: []string{"with-retries", "-n", "3", "-t", "60000", "sh", "-c", "echo x; exit 1"}, stdout: "x\nx\nx\n", code: 1, says: "sh did not end with 0 in 3 tries"},
		{argv: []string{"with-retries", "-n2", "-t1", "sleep", "1000"}, code: 1, says: "sleep took more than 1ms"},
		{argv: []string{"with-retries", "-t0", "s6-echo", "x"}, stdout: "x\n"},
		{argv: []string{"with-retries", "-n1", "nosuch"}, code: 1, says: "cannot run nosuch"},
		{argv: []string{"with-retries", "-n", "x", "true"}, code: 100},
		{argv: []string{"with-retries"}, code: 100},
	})
	// It succeeds the second time.
	dir := t.TempDir()
	got := call{argv: []string{"with-retries", "-t", "60000", "sh", "-c", "echo x; mkdir d || exit 0; exit 1"}, dir: dir}.run(t)
	if got.code != 0 || got.stdout != "x\nx\n" {
		t.Errorf("%+v", got)
	}
}

// TestTimeSignals: a child that takes too long gets the signal of the option. One that was
// not yet ready to say which gets more time.
func TestTimeSignals(t *testing.T) {
	t.Parallel()
	const tell = `mkfifo never; for s in ALRM ABRT INT QUIT TERM XCPU USR1 USR2; do trap "echo $s; exit" $s; done; read x <>never`
	const script = `"$0" "$@" sh -c "$TELL" | { read line; echo "$line"; }` // the pipe ends with the child
	program := link(t, "s6-maximumtime")
	for option, want := range map[string]string{
		"-a": "ALRM", "-b": "ABRT", "-i": "INT", "-q": "QUIT", "-t": "TERM", "-x": "XCPU", "-1": "USR1", "-2": "USR2", "--": "TERM",
	} {
		var got result
		for limit := 50; limit < 10_000 && got.stdout != want+"\n"; limit *= 4 {
			argv := []string{"exec", "sh", "-c", script, program, option, strconv.Itoa(limit)}
			got = call{argv: argv, env: []string{"TELL=" + tell}}.run(t)
		}
		if got.stdout != want+"\n" {
			t.Errorf("%s: %+v, want %s", option, got, want)
		}
	}
}

// againstReal runs ours and the real program where the same things are, and compares.
func againstReal(t *testing.T, name string, lines [][]string, equal func(ours, theirs result) bool) {
	t.Helper()
	theirs := "/usr/bin/" + name
	pid1test.NeedProgram(t, theirs, "s6")
	for _, line := range lines {
		got := call{argv: append([]string{name}, line...)}.run(t)
		want := call{argv: append([]string{"exec", theirs}, line...)}.run(t)
		if !equal(got, want) {
			t.Errorf("%s %q: %+v, the real one %+v", name, line, got, want)
		}
	}
}

func sameOutputAndCode(ours, theirs result) bool {
	return ours.stdout == theirs.stdout && ours.code == theirs.code && (ours.stderr == "") == (theirs.stderr == "")
}

// TestSetlock compares with the real one, also as who waits for a lock of its.
func TestSetlock(t *testing.T) {
	t.Parallel()
	againstReal(t, "s6-setlock", [][]string{
		{"f", "echo", "hi"},
		{"-n", "f", "echo", "hi"},
		{"-N", "f", "sh", "-c", "stat -c '%s %a' f; exit 3"},
		{"-t", "60000", "f", "echo", "hi"},
		{"-r", "f", "sh", "-c", "stat -c '%s %a' f"},
		{"f", "/usr/bin/s6-setlock", "-n", "f", "true"},
		{"f", "sh", "-c", "/usr/bin/s6-setlock -n f true; echo $?"},
		{"f", "sh", "-c", "/usr/bin/s6-setlock -rn f true; echo $?"},
		{"-r", "f", "sh", "-c", "/usr/bin/s6-setlock -rn f echo both"},
		{"-r", "f", "sh", "-c", "/usr/bin/s6-setlock -n f true; echo $?"},
		{"nope/f", "true"},
		{"-t", "x", "f", "true"},
		{"-q", "f", "true"},
		{"f"},
		{"f", "nosuch"},
	}, sameOutputAndCode)

	program := link(t, "s6-setlock")
	for _, options := range []string{"-n", "-rn", "-t 20", "-r -t 20"} {
		for held, code := range map[string]string{"-w": "1\n", "-r": map[bool]string{true: "0\n", false: "1\n"}[strings.Contains(options, "r")]} {
			script := "$0 " + options + " f true 2>/dev/null; echo $?"
			got := call{argv: []string{"exec", "/usr/bin/s6-setlock", held, "f", "sh", "-c", script, program}}.run(t)
			if got.stdout != code {
				t.Errorf("%s while the real one has %s: %+v, want %q", options, held, got, code)
			}
		}
	}
}

// TestSetlockWaits: the lock is taken once who has it ends.
func TestSetlockWaits(t *testing.T) {
	t.Parallel()
	program := link(t, "s6-setlock")
	for _, options := range []string{"-N", "-t 60000", "-r", "-r -t 60000"} {
		script := `mkfifo has go
$0 f sh -c 'echo >has; read x <go; echo first' & read x <has
$0 ` + options + ` f echo second &
until grep -q -- "-> .*:$(stat -c %i f) " /proc/locks; do sleep 0.01; done
echo >go; wait`
		got := call{argv: []string{"exec", "sh", "-c", script, program}}.run(t)
		if got.stdout != "first\nsecond\n" {
			t.Errorf("%s: %+v", options, got)
		}
	}
}

func TestFghack(t *testing.T) {
	t.Parallel()
	againstReal(t, "s6-fghack", [][]string{
		{"sh", "-c", "exit 3"},
		{"sh", "-c", "(sleep 0.1; echo late) & exit 3"},
		{"sh", "-c", "kill -9 $$"},
		{"sh", "-c", "echo x >&9"},
		{"nosuch"},
		{},
	}, sameOutputAndCode)
}

// TestSetsid compares what the real one makes of the process.
func TestSetsid(t *testing.T) {
	t.Parallel()
	// Whether it leads its session, and its group.
	who := []string{"sh", "-c", `set -- $(cut -d' ' -f5,6 /proc/$$/stat); echo $(($1 == $$)) $(($2 == $$))`}
	var lines [][]string
	for _, options := range [][]string{{}, {"-s"}, {"-b"}, {"-f"}, {"-g"}, {"-gq"}, {"-gi"}, {"-bi"}, {"-si"}, {"-g", "-d", "1"}, {"-bs"}, {"-iI", "-g"}} {
		lines = append(lines, slices.Concat(options, who), slices.Concat([]string{"-s", "/usr/bin/s6-setsid"}, options, who))
	}
	lines = append(lines, []string{"-d", "x", "true"}, []string{"-x", "true"}, []string{}, []string{"nosuch"})
	againstReal(t, "s6-setsid", lines, sameOutputAndCode)
	// A session leader is one already.
	for _, options := range []string{"-i", "-I", "-q", "-bi", "-b", "-gi"} {
		ours := call{argv: []string{"s6-setsid", "s6-setsid", options, "s6-echo", "hi"}}.run(t)
		theirs := call{argv: []string{"exec", "/usr/bin/s6-setsid", "/usr/bin/s6-setsid", options, "echo", "hi"}}.run(t)
		if !sameOutputAndCode(ours, theirs) {
			t.Errorf("%s: %+v, the real one %+v", options, ours, theirs)
		}
	}
}

// TestSetsidTerminal: -g makes the program the foreground of its terminal at once, with
// no signal blocked.
func TestSetsidTerminal(t *testing.T) {
	t.Parallel()
	binary, err := os.ReadFile(pid1test.Build(t))
	if err != nil {
		t.Fatal(err)
	}
	const script = `s6-setsid -gi sh -c 'set -- $$ $(cut -d" " -f5,8 /proc/$$/stat) $(grep SigBlk /proc/$$/status)
echo $(($1 == $2)) $(($1 == $3)) $5'; echo code $?`
	r := pid1test.Run(t, pid1test.Box{
		Args: []string{"/bin/sh", "-c", script}, TTY: true,
		Files: map[string]string{"/bin/s6-setsid": string(binary)}, Mode: map[string]fs.FileMode{"/bin/s6-setsid": 0o755},
	})
	r.Wait()
	if got := r.Stdout(); got != "1 1 0000000000000000\r\ncode 0\r\n" {
		t.Errorf("got %q", got)
	}
}

// TestPause: signals that are not ignored end it, and do not only make it exit.
func TestPause(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		options []string
		signals []syscall.Signal // the last one ends it
	}{
		{nil, []syscall.Signal{syscall.SIGTERM}},
		{nil, []syscall.Signal{syscall.SIGQUIT}},
		{nil, []syscall.Signal{syscall.SIGUSR1}},
		{[]string{"-t"}, []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}},
		{[]string{"-thaqb"}, []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGALRM, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGINT}},
		{[]string{"-i", "-p", "10,12"}, []syscall.Signal{syscall.SIGINT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM}},
	} {
		cmd := &exec.Cmd{Path: pid1test.Build(t), Args: append([]string{"s6-pause"}, tt.options...)}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		awaitPause(t, cmd.Process.Pid)
		for _, sig := range tt.signals {
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
		}
		_ = cmd.Wait()
		status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
		if last := tt.signals[len(tt.signals)-1]; !status.Signaled() || status.Signal() != last {
			t.Errorf("%q: %v, want %v", tt.options, cmd.ProcessState, last)
		}
	}
	check(t, []example{
		{argv: []string{"s6-pause", "-p", "x"}, code: 100},
		{argv: []string{"s6-pause", "-p", "65"}, code: 100},
		{argv: []string{"s6-pause", "now"}, code: 100},
	})
}

// awaitPause waits until a process of several threads, which means that Go's runtime has
// made it ready, catches no signal.
func awaitPause(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(status), "\nSigCgt:\t0000000000000000\n") && !strings.Contains(string(status), "\nThreads:\t1\n") {
			return
		}
	}
	t.Fatal("it does not let go of the signals")
}

// TestJustcEnvdir: values are whole files.
func TestJustcEnvdir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, value := range map[string]string{
		"A": "one \ntwo\n", "B": "", "C": "zero\x00byte", "LONG": strings.Repeat("y", 5000), ".hidden": "x", "E=F": "x",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := call{argv: []string{"justc-envdir", dir, "env", "-0"}, env: []string{"B=was set"}}.run(t)
	var values []string
	for v := range strings.SplitSeq(got.stdout, "\x00") {
		if v != "" && !strings.HasPrefix(v, "PATH=") {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	if diff := cmp.Diff([]string{"A=one \ntwo\n", "B=", "C=zero", "LONG=" + strings.Repeat("y", 5000)}, values); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	check(t, []example{
		{argv: []string{"justc-envdir", "/nope", "true"}, code: 111, says: "/nope"},
		{argv: []string{"justc-envdir", "-I", "/nope", "s6-echo", "hi"}, stdout: "hi\n"},
		{argv: []string{"justc-envdir", "-Ii", "/nope", "true"}, code: 111},
		{argv: []string{"justc-envdir", dir}, code: 100},
	})
}
