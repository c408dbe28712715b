package supervisor_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/supervisor"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for _, code := range []int{0, 1, 2, 3, 63, 64, 100, 111, 125, 126, 127, 128, 137, 143, 200, 254, 255} {
		t.Run(itoa(code), func(t *testing.T) {
			t.Parallel()
			exit, _ := runOne(t, sh("", "exit "+itoa(code)))
			if exit != (supervisor.Exit{Code: code}) {
				t.Errorf("exit %d is %+v", code, exit)
			}
			if want := code == 0; exit.Success() != want {
				t.Errorf("exit %d: success is %v", code, !want)
			}
		})
	}
}

func TestDeathsBySignal(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{
		syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGFPE, syscall.SIGKILL, syscall.SIGSEGV,
		syscall.SIGPIPE, syscall.SIGALRM, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGSYS, 34, 64,
	} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			exit, _ := runOne(t, sh("", "ulimit -c 0; kill -"+itoa(int(sig))+" $$; sleep 100"))
			if exit != (supervisor.Exit{Code: 128 + int(sig), Signal: sig}) {
				t.Errorf("signal %d: %+v", int(sig), exit)
			}
			if want := "was killed by " + cmp.Or(unix.SignalName(sig), "signal "+itoa(int(sig))); exit.String() != want {
				t.Errorf("signal %d: %s, want %s", int(sig), exit, want)
			}
		})
	}
}

// TestWithoutPidfd is about kernels and sandboxes that have no pidfd_open(2).
func TestWithoutPidfd(t *testing.T) {
	t.Parallel()
	l := newLive(t, supervisor.Config{Services: []supervisor.Service{sh("ends", "exit 3"), sh("stays", "exec sleep 1000")}})
	supervisor.WithoutPidfd(l.Supervisor)
	l.run()
	if e := l.await("ends", supervisor.Exited); e.Exit.Code != 3 {
		t.Errorf("its exit is %+v", e.Exit)
	}
	st := l.awaitState("stays", supervisor.StateReady)
	l.do(l.Signal("stays", syscall.SIGTERM))
	if e := l.await("stays", supervisor.Exited); e.Exit.Signal != syscall.SIGTERM || e.PID != st.PID {
		t.Errorf("its exit is %+v of pid %d, want that of %d", e.Exit, e.PID, st.PID)
	}
	l.awaitState("stays", supervisor.StateReady)
	l.do(l.end())
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	service := sh("x", `echo "$A $B $C $D"; env | grep -c ^B=`)
	service.Env = []string{"B=service", "C=first", "C=last", "D=with=equal signs"}
	l := runLive(t, supervisor.Config{
		Services: []supervisor.Service{service},
		Env:      func() []string { return []string{"PATH=/usr/bin:/bin", "A=config", "B=config"} },
	})
	l.out.await(t, "[x] config service last with=equal signs\n[x] 1\n")
}

// TestEnvironmentIsReadAtEachStart changes it between two runs.
func TestEnvironmentIsReadAtEachStart(t *testing.T) {
	t.Parallel()
	calls := make(chan int, 1)
	calls <- 0
	l := runLive(t, supervisor.Config{
		Services: []supervisor.Service{sh("x", `echo "run $N"; exec sleep 1000`)},
		Env: func() []string {
			n := <-calls + 1
			calls <- n
			return []string{"PATH=/bin:/usr/bin", "N=" + itoa(n)}
		},
	})
	l.out.await(t, "run 1\n")
	l.do(l.Restart("x"))
	l.out.await(t, "run 2\n")
}

func TestWorkingDirectory(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file(t, filepath.Join(dir, "prog"), "#!/bin/sh\npwd -P\n", 0o755)
	for _, command := range []string{"./prog", "prog", dir + "/prog"} {
		exit, out := runOne(t, supervisor.Service{Command: []string{command}, Dir: dir, Env: []string{"PATH=/nowhere::/bin:/usr/bin"}})
		if exit.Code != 0 || out != dir+"\n" {
			t.Errorf("%s: %v, %q", command, exit, out)
		}
	}
}

func TestStandardInput(t *testing.T) {
	t.Parallel()
	if _, out := runOne(t, sh("", "readlink /proc/self/fd/0")); out != "/dev/null\n" {
		t.Errorf("by default it is %s", out)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	fmt.Fprint(w, "first\nsecond\n")
	w.Close()
	service := sh("", "read line; echo $line")
	service.Stdin = r
	if _, out := runOne(t, service); out != "first\n" {
		t.Errorf("the first line is %q", out)
	}
	if _, err := r.Stat(); err != nil {
		t.Errorf("it is not open any more: %v", err)
	}
}

// inherited are the descriptors that whoever runs the tests forgot to close.
var inherited = func() (numbers []string) {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		n, _ := strconv.Atoi(entry.Name())
		if flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0); n > 2 && err == nil && flags&unix.FD_CLOEXEC == 0 {
			numbers = append(numbers, entry.Name())
		}
	}
	return numbers
}()

// helpDescriptors prints which descriptors it has, but for those it is given.
func helpDescriptors(ignore []string) int {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		target, err := os.Readlink("/proc/self/fd/" + entry.Name())
		if err != nil || slices.Contains(ignore, entry.Name()) || strings.Contains(target, "cgroup") || strings.Contains(target, "eventpoll") || strings.Contains(target, "eventfd") || strings.HasSuffix(target, "/fd") {
			continue // closed by now, or the runtime's own
		}
		n, _ := strconv.Atoi(entry.Name())
		flags, _ := unix.FcntlInt(uintptr(n), unix.F_GETFL, 0)
		kind, _, _ := strings.Cut(target, ":")
		fmt.Printf("%d %s nonblock=%v\n", n, kind, flags&unix.O_NONBLOCK != 0)
	}
	sid, _ := unix.Getsid(0)
	fmt.Printf("leader=%v of session=%v\n", unix.Getpgrp() == os.Getpid(), sid == os.Getpid())
	return 0
}

// TestDescriptors makes sure that a service has no descriptor but its own, and
// none that does not block, which programs do not expect.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	service := help("x", "descriptors", inherited...)
	service.Readiness.FD = 5
	service.LogTo = "log"
	log := sh("log", "exec cat")
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service, log}})
	want := []string{
		"0 /dev/null nonblock=false", "1 pipe nonblock=false", "2 pipe nonblock=false", "5 pipe nonblock=false", "leader=true of session=true",
	}
	out := l.out.await(t, "session=")
	var have []string
	for line := range strings.Lines(out) {
		have = append(have, strings.TrimSuffix(strings.TrimPrefix(line, "[log] "), "\n"))
	}
	if diff := gocmp.Diff(want, have[:min(len(have), len(want))]); diff != "" {
		t.Errorf("its descriptors (-want +got):\n%s", diff)
	}
}

func TestCredential(t *testing.T) {
	t.Parallel()
	needRoot(t)
	service := sh("", "id -u; id -g; id -G")
	service.Credential = &syscall.Credential{Uid: 65534, Gid: 65533, Groups: []uint32{12345, 65533}}
	exit, out := runOne(t, service)
	if exit.Code != 0 || out != "65534\n65533\n65533 12345\n" {
		t.Errorf("%v, %q", exit, out)
	}
}

func TestCredentialRefused(t *testing.T) {
	t.Parallel()
	needRoot(t)
	// The group's map has no such id in any user namespace: EINVAL.
	service := sh("", "id -u")
	service.Credential = &syscall.Credential{Uid: 1<<32 - 1, Gid: 1<<32 - 1}
	exit, _ := runOne(t, service)
	if exit.Code != 126 || exit.Err == nil || exit.String() != "cannot start /bin/sh: invalid argument" {
		t.Errorf("%+v", exit)
	}
}

// TestSignalsReachTheProcessOrItsGroup has a child in the group.
func TestSignalsReachTheProcessOrItsGroup(t *testing.T) {
	t.Parallel()
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{
		sh("x", `trap 'echo parent USR1' USR1; sh -c 'trap "echo child USR1" USR1; echo child up; while :; do sleep 0.02; done' & while :; do sleep 0.02; done`),
	}})
	l.out.await(t, "child up")
	l.do(l.Signal("x", syscall.SIGUSR1))
	if out := l.out.await(t, "parent USR1"); strings.Contains(out, "child USR1") {
		t.Error("the signal to the process reached its child")
	}
	l.do(l.SignalGroup("x", syscall.SIGUSR1))
	l.out.await(t, "child USR1")
	until(t, "two signals to the parent", func() bool { return strings.Count(l.out.String(), "parent USR1") == 2 })
}

func TestManyExitsAtOnce(t *testing.T) {
	t.Parallel()
	var services []supervisor.Service
	for i := range 100 {
		service := sh(itoa(i), "exit "+itoa(i))
		service.Restart = supervisor.RestartNever
		services = append(services, service)
	}
	l := runLive(t, supervisor.Config{Services: services})
	var codes []int
	for range services {
		select {
		case <-l.Ready():
		default:
		}
		codes = append(codes, nextExit(l).Exit.Code)
	}
	slices.Sort(codes)
	for i, code := range codes {
		if i != code {
			t.Fatalf("the exit codes are %v", codes)
		}
	}
}

// nextExit reads events until one is an exit.
func nextExit(l *live) supervisor.Event {
	for e := range l.events {
		if e.Kind == supervisor.Exited {
			return e
		}
	}
	return supervisor.Event{}
}
