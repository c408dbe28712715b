package supervisor_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/supervisor"
)

// helpNotify does what its arguments say, one after the other, and then stays:
// send:TEXT, address, barrier, await:FILE, pet:TIMES (each 20 ms), exit:CODE.
func helpNotify(args []string) int {
	conn, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err != nil {
		fmt.Println(err)
		return 98
	}
	send := func(text string) { fmt.Fprint(conn, text) }
	for _, arg := range args {
		what, value, _ := strings.Cut(arg, ":")
		switch what {
		case "send":
			send(value)
		case "address":
			fmt.Println(os.Getenv("NOTIFY_SOCKET"))
		case "barrier":
			fmt.Println("barrier passed:", barrier(conn.(*net.UnixConn)))
		case "await":
			for {
				if _, err := os.Stat(value); err == nil {
					break
				}
				time.Sleep(5 * time.Millisecond)
			}
		case "pet":
			for range atoi(value) {
				send("WATCHDOG=1")
				time.Sleep(20 * time.Millisecond)
			}
		case "exit":
			return atoi(value)
		}
	}
	select {}
}

func atoi(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// barrier is sd_notify_barrier(3).
func barrier(conn *net.UnixConn) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	rights := unix.UnixRights(int(w.Fd()))
	if cerr := raw.Control(func(fd uintptr) { err = unix.Sendmsg(int(fd), []byte("BARRIER=1"), rights, nil, 0) }); cerr != nil {
		return cerr
	}
	w.Close()
	_, _ = r.Read(make([]byte, 1)) // the end comes when the receiver has closed it
	return err
}

func notifying(name string, args ...string) supervisor.Service {
	service := help(name, "notify", args...)
	service.Readiness.Notify = true
	return service
}

func TestNotify(t *testing.T) {
	t.Parallel()
	go1, go2 := filepath.Join(t.TempDir(), "go"), filepath.Join(t.TempDir(), "go")
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{
		notifying("x", "send:STATUS=starting", "await:"+go1, "send:X_UNKNOWN=1\nSTATUS=all is = well\nREADY=1\n", "await:"+go2, "send:STATUS=done", "barrier"),
	}})
	l.await("x", supervisor.Started)
	if e := l.await("x", supervisor.Notified); e.Text != "starting" {
		t.Errorf("its first status is %q", e.Text)
	}
	st, err := l.Status("x")
	l.do(err)
	if st[0].State != supervisor.StateStarting || st[0].Text != "starting" {
		t.Errorf("before READY=1 it is %+v", st[0])
	}
	file(t, go1, "", 0o644)
	st2 := l.awaitState("x", supervisor.StateReady)
	if st2.Text != "all is = well" {
		t.Errorf("its text is %q", st2.Text)
	}
	file(t, go2, "", 0o644)
	l.out.await(t, "barrier passed: <nil>")
	// What was sent before the barrier has been heard when the barrier is passed.
	if st, err := l.Status("x"); err != nil || st[0].Text != "done" {
		t.Errorf("after the barrier its text is %q, %v", st[0].Text, err)
	}
	l.do(l.Restart("x"))
	if e := l.await("x", supervisor.Exited); e.PID != st2.PID {
		t.Errorf("it ended as %d and started as %d", e.PID, st2.PID)
	}
	l.await("x", supervisor.Ready)
	if st, err := l.Status("x"); err != nil || st[0].Text == "starting" {
		t.Errorf("in the second run its text is %q, %v", st[0].Text, err)
	}
}

func TestSystemdNotify(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-notify"); err != nil {
		t.Skip("needs systemd-notify(1)")
	}
	service := sh("x", `systemd-notify --ready --status="up and running" && echo told; exec sleep 1000`)
	service.Readiness.Notify = true
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	if st := l.awaitState("x", supervisor.StateReady); st.Text != "up and running" {
		t.Errorf("its text is %q", st.Text)
	}
	l.out.await(t, "[x] told") // it waits for a barrier, too
}

func TestWatchdog(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		limit  time.Duration
		script []string
		fault  string
	}{
		{"silent", time.Second, []string{"send:READY=1", "pet:60"}, "sent no WATCHDOG=1 within 1s"},
		{"silent from the start", 300 * time.Millisecond, []string{"send:READY=1"}, "sent no WATCHDOG=1 within 300ms"},
		{"with a limit of its own", time.Hour, []string{"send:WATCHDOG_USEC=200000", "send:READY=1"}, "sent no WATCHDOG=1 within 200ms"},
		{"with a later limit of its own", time.Hour, []string{"send:READY=1", "send:WATCHDOG_USEC=200000"}, "sent no WATCHDOG=1 within 200ms"},
		{"with a wrong limit of its own", 300 * time.Millisecond, []string{"send:WATCHDOG_USEC=never", "send:READY=1"}, "sent no WATCHDOG=1 within 300ms"},
		{"triggered", time.Hour, []string{"send:READY=1", "send:WATCHDOG=trigger"}, "sent WATCHDOG=trigger"},
		{"triggered without a limit", 0, []string{"send:READY=1", "send:WATCHDOG=trigger"}, "sent WATCHDOG=trigger"},
		{"triggered before it is ready", time.Hour, []string{"send:WATCHDOG=trigger"}, "sent WATCHDOG=trigger"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			service := notifying("x", tc.script...)
			service.Watchdog, service.Restart = tc.limit, supervisor.RestartNever
			l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
			started := l.await("x", supervisor.Started)
			late := l.await("x", supervisor.Late)
			if late.Text != tc.fault {
				t.Errorf("it is late: %s; want: %s", late.Text, tc.fault)
			}
			if took := late.Time.Sub(started.Time); tc.name == "silent" && took < 1200*time.Millisecond {
				t.Errorf("it was stopped after %v, while it sent", took)
			}
			if e := l.await("x", supervisor.Stopping); e.Text != "SIGABRT" {
				t.Errorf("it was stopped by %s", e.Text)
			}
			if e := l.await("x", supervisor.GaveUp); e.Exit.String() != tc.fault || e.Exit.Code == 0 {
				t.Errorf("its exit is %+v", e.Exit)
			}
		})
	}
}

// TestWatchdogIsOffUntilReady lets it be silent for longer than its limit.
func TestWatchdogIsOffUntilReady(t *testing.T) {
	t.Parallel()
	ready := filepath.Join(t.TempDir(), "ready")
	service := notifying("x", "pet:1", "await:"+ready, "send:READY=1", "pet:1000000")
	service.Watchdog = time.Second
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	e := l.await("x", supervisor.Started)
	until(t, "its limit is over", func() bool { return time.Since(e.Time) > 1200*time.Millisecond })
	file(t, ready, "", 0o644)
	l.await("x", supervisor.Ready)
	for _, e := range l.seen {
		if e.Kind == supervisor.Late {
			t.Errorf("it was stopped: %s", e.Text)
		}
	}
}

func TestReadinessDescriptor(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		fd     int
		script string
		ready  bool
	}{
		{"a newline", 3, "echo >&3; exec sleep 1000", true},
		{"another descriptor", 7, "echo ready >&7; exec sleep 1000", true},
		{"a newline at last", 3, "printf 'still ' >&3; printf starting >&3; printf '\\nand more' >&3; exec sleep 1000", true},
		{"a newline after much else", 3, "printf '%0200d\\n' 1 >&3; exec sleep 1000", true},
		{"no newline", 3, "printf ready >&3; exec sleep 1000", false},
		{"nothing", 3, "exec 3>&-; exec sleep 1000", false},
		{"the wrong descriptor", 5, "echo >&3; exec sleep 1000", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			service := sh("x", tc.script)
			service.Readiness.FD, service.Restart = tc.fd, supervisor.RestartNever
			if !tc.ready {
				service.ReadyTimeout = 200 * time.Millisecond
			}
			l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
			if tc.ready {
				l.awaitState("x", supervisor.StateReady)
			} else if e := l.await("x", supervisor.GaveUp); e.Text != "was not ready within 200ms" {
				t.Errorf("it failed: %s", e.Text)
			}
		})
	}
}

// TestStartedComesBeforeReady is about processes that are ready sooner than we
// have heard from the kernel that they run.
func TestStartedComesBeforeReady(t *testing.T) {
	t.Parallel()
	service := sh("x", "echo >&3; exec sleep 1000")
	service.Readiness.FD = 3
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	for range 100 {
		l.await("x", supervisor.Ready)
		l.do(l.Restart("x"))
	}
	var last supervisor.EventKind
	for _, e := range l.seen {
		if e.Kind == supervisor.Ready && last != supervisor.Started {
			t.Fatalf("ready after %s:\n%s", last, l.history())
		}
		last = e.Kind
	}
}

func TestOnlyKnownSendersAreHeard(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	credentials := func(pid int32) []byte { return unix.UnixCredentials(&unix.Ucred{Pid: pid}) }
	dup, err := syscall.Dup(int(w.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		control []byte
		want    bool
	}{
		"of our pid namespace":          {credentials(7), true},
		"of a foreign one":              {credentials(0), false},
		"nobody":                        {nil, false},
		"garbage":                       {[]byte("garbage"), false},
		"with descriptors, and of ours": {append(unix.UnixRights(dup), credentials(7)...), true},
	} {
		if have := supervisor.SenderKnown(tc.control); have != tc.want {
			t.Errorf("%s: %v", name, have)
		}
	}
	if err := syscall.Close(dup); !errors.Is(err, syscall.EBADF) {
		t.Errorf("a descriptor that came along is open: %v", err)
	}
}

// helpIsolated runs a supervisor and prints what its service says, until it says
// that it is ready.
func helpIsolated(args []string) int {
	var interrupt func(error)
	sup, err := supervisor.New(supervisor.Config{
		Services: []supervisor.Service{notifying("x", args...)},
		OnEvent: func(e supervisor.Event) {
			switch e.Kind {
			case supervisor.Notified:
				fmt.Println("said", e.Text)
			case supervisor.Ready:
				interrupt(nil)
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	var execute func() error
	execute, interrupt = sup.Actor()
	if err := execute(); err != nil {
		fmt.Println(err)
		return 2
	}
	return 0
}

// TestForeignPIDNamespace speaks to a service's socket from outside of the pid
// namespace in which its supervisor runs.
func TestForeignPIDNamespace(t *testing.T) {
	t.Parallel()
	needRoot(t)
	sent := filepath.Join(t.TempDir(), "sent")
	cmd := exec.Command(os.Args[0], "address", "await:"+sent, "send:STATUS=own", "send:READY=1")
	cmd.Env = append(os.Environ(), helperEnv+"=isolated")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(patience, func() { _ = cmd.Process.Kill() }).Stop()
	lines := bufio.NewScanner(stdout)
	lines.Scan()
	conn, err := net.Dial("unixgram", lines.Text())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "STATUS=foreign")
	fmt.Fprint(conn, "READY=1")
	file(t, sent, "", 0o644)
	var said []string
	for lines.Scan() {
		said = append(said, lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"said own"}, said); diff != "" {
		t.Errorf("what was heard (-want +got):\n%s", diff)
	}
}
