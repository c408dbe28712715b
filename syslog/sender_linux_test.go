package syslog_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/syslog"
)

// childSends sends a message when it reads a line, and stays until its input ends. Its arguments are
// the path of a socket, the text, and what it is called, or "" for what it is.
// A further one puts it into a process group of its own, and makes it wait until its
// parent is of another session.
func childSends(args []string) int {
	if args[2] != "" {
		if err := os.WriteFile("/proc/self/comm", []byte(args[2]), 0); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	_, _ = os.Stdin.Read(make([]byte, 16))
	own, _ := unix.Getsid(0)
	if len(args) > 3 {
		_ = unix.Setpgid(0, 0)
	}
	for len(args) > 3 {
		if of, err := unix.Getsid(os.Getppid()); err == nil && of != own {
			break
		}
	}
	conn, err := net.Dial("unixgram", args[0])
	if err == nil {
		_, err = conn.Write([]byte(args[1]))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// seen is a message without what differs from run to run.
type seen struct {
	From, Comm, Service, Tag, Text string
	PID, UID, GID, Cut             int
}

// collector is a Handler that keeps what it gets.
type collector struct {
	mu  sync.Mutex
	all []seen
}

func (c *collector) handle(m *syslog.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, seen{m.From, m.Comm, m.Service, string(m.Tag), string(m.Text), m.PID, m.UID, m.GID, m.Cut})
}

func (c *collector) messages() []seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]seen(nil), c.all...)
}

// stays starts a command that reads a line, which goOn sends, and ends with its
// input, at the end of the test.
func stays(t *testing.T, cmd *exec.Cmd) (pid int, goOn func()) {
	t.Helper()
	in, err := cmd.StdinPipe()
	mustDo(t, err)
	mustDo(t, cmd.Start())
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", cmd, err)
		}
	})
	return cmd.Process.Pid, func() { send(t, in, "go on\n") }
}

// What the kernel says of a sender counts, not what the sender says.
func TestCredentials(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sender", "two words", "a) S 1 (b", "((", "))"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			var c collector
			r := start(t, syslog.Config{Listen: []string{path}, Handler: c.handle})
			pid, goOn := stays(t, childCommand("send", path, "<13>tag[1]: hello", name))
			goOn()
			r.settle(1)
			want := []seen{{From: path, Comm: name, Tag: "tag", Text: "hello", PID: pid, UID: os.Getuid(), GID: os.Getgid()}}
			if diff := cmp.Diff(want, c.messages()); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCredentialsOfOthers(t *testing.T) {
	t.Parallel()
	needRoot(t, "another user")
	path := newPath(t)
	mustDo(t, os.Chmod(strings.TrimSuffix(path, "/log"), 0o755))
	var c collector
	r := start(t, syslog.Config{Listen: []string{path, "stream:" + path + ".stream"}, Handler: c.handle})
	cmd := exec.Command("/usr/bin/logger", "-u", path, "--socket-errors=on", "hello")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 4_000_000_000, Gid: 65533}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r.settle(1)
	got := c.messages()
	if len(got) != 1 || got[0].UID != 4_000_000_000 || got[0].GID != 65533 || got[0].PID != cmd.Process.Pid || got[0].Text != "hello" {
		t.Errorf("got %+v; want hello of uid 4000000000, gid 65533, pid %d", got, cmd.Process.Pid)
	}
}

// services is a Config.Service.
type services struct {
	mu    sync.Mutex
	names map[int]string
}

func (s *services) of(pid int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names[pid]
}

func (s *services) set(pid int, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = map[int]string{pid: name}
}

func TestService(t *testing.T) {
	t.Parallel()
	script := func(text string, args ...string) *exec.Cmd {
		cmd := exec.Command("/bin/sh", append([]string{"-c", text}, args...)...)
		cmd.Env = append(os.Environ(), childEnv+"=send")
		return cmd
	}
	// What comes behind this has the input that the shell has: a sender stays as long as the
	// shell, since one that is gone when its message is read has no service.
	const stay = `read go; { echo go; exec cat; } | `
	again := func(path string, more ...string) []string {
		return append([]string{"sh", "/proc/" + strconv.Itoa(os.Getpid()) + "/exe", path, "hello", ""}, more...)
	}
	for _, tc := range []struct {
		name    string
		command func(path string) *exec.Cmd
		want    string
	}{
		{"of the process", func(path string) *exec.Cmd { return childCommand("send", path, "hello", "") }, "web"},
		{"of the session", func(path string) *exec.Cmd {
			// The sender's parent is gone when it sends.
			cmd := script(stay+`{ exec 3<&0; ("$@" <&3 &); }`, again(path, "orphan")...)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			return cmd
		}, "web"},
		{"of an ancestor", func(path string) *exec.Cmd {
			return script(stay+`setsid -w sh -c '"$@"; :' sh "$@"`, again(path)...)
		}, "web"},
		{"not known", func(path string) *exec.Cmd { return childCommand("send", path, "hello", "") }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			var c collector
			var s services
			r := start(t, syslog.Config{Listen: []string{path}, Handler: c.handle, Service: s.of})
			pid, goOn := stays(t, tc.command(path))
			s.set(pid, tc.want)
			goOn()
			r.settle(1)
			if got := c.messages(); len(got) != 1 || got[0].Service != tc.want || got[0].Text != "hello" {
				t.Errorf("got %+v; want one of service %q", got, tc.want)
			}
		})
	}
}

func TestServiceOfProcessGroup(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	var c collector
	var s services
	r := start(t, syslog.Config{Listen: []string{path}, Handler: c.handle, Service: s.of})
	leader := exec.Command("cat")
	leader.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pgid, _ := stays(t, leader)
	s.set(pgid, "web")
	cmd := childCommand("send", path, "hello", "")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: pgid}
	_, goOn := stays(t, cmd)
	goOn()
	r.settle(1)
	if got := c.messages(); len(got) != 1 || got[0].Service != "web" {
		t.Errorf("got %+v; want one of service web", got)
	}
}

// A process that is gone when its message is read has no name any more.
func TestSenderGone(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s := &services{}
	r := bound(t, syslog.Config{Listen: []string{path}, Service: s.of})
	cmd := childCommand("send", path, "hello", "short")
	mustDo(t, cmd.Run())
	s.set(cmd.Process.Pid, "web")
	r.start()
	r.settle(1)
	r.mustStop()
	want := []string{fmt.Sprintf("[web] user.notice -[%d]: hello", cmd.Process.Pid)}
	if diff := cmp.Diff(want, r.out.all()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// A sender outside of our PID namespace has no PID in it.
func TestSenderInAnotherNamespace(t *testing.T) {
	t.Parallel()
	needRoot(t, "a PID namespace")
	path := newPath(t)
	cmd := childCommand("inner", path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}
	in, err := cmd.StdinPipe()
	mustDo(t, err)
	out := &lines{}
	cmd.Stdout = out
	mustDo(t, cmd.Start())
	await(t, "the socket", func() bool { _, err := os.Stat(path); return err == nil })
	send(t, dial(t, path), "<13>tag[77]: hello", "<13>tag: hello")
	in.Close()
	mustDo(t, cmd.Wait())
	want := []string{"user.notice tag[77]: hello", "user.notice tag: hello"}
	if diff := cmp.Diff(want, out.all()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// childListens writes what comes until its input ends.
func childListens(args []string) int {
	s, err := syslog.New(syslog.Config{Listen: args, Stderr: os.Stdout, Required: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	execute, interrupt := s.Actor()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		interrupt(nil)
	}()
	if err := execute(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
