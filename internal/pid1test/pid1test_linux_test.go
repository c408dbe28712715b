package pid1test_test

import (
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sillelien/baseinit/internal/pid1test"
)

func TestMain(m *testing.M) { os.Exit(pid1test.Main(m)) }

// shell is a box with /bin/sh as PID 1 running script.
func shell(script string) pid1test.Box {
	return pid1test.Box{Args: []string{"/bin/sh", "-c", script}}
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		script string
		want   int
	}{
		"success":          {"exit 0", 0},
		"failure":          {"exit 7", 7},
		"highest":          {"exit 255", 255},
		"command missing":  {"no-such-command", 127},
		"child of a shell": {"sh -c 'kill -TERM $$'; exit $?", 143},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := pid1test.Run(t, shell(test.script)).Wait().Code; got != test.want {
				t.Errorf("exit code %d, want %d", got, test.want)
			}
		})
	}
}

// TestInside looks at boxes from within: what the script prints is all of stdout.
func TestInside(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		box    pid1test.Box
		script string
		want   string
		root   bool // needs it
	}{
		"PID 1 leads a session": {script: "cut -d' ' -f1,5,6 /proc/self/stat", want: "1 1 1\n"},
		"default environment": {
			script: "env | grep -v ^PWD | grep -v ^SHLVL | sort",
			want: "HOME=/root\nHOSTNAME=box\n" +
				"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n",
		},
		"own environment": {
			box:    pid1test.Box{Env: []string{"HOME=/x", "RAW=\xff\n", "PATH=/bin"}},
			script: `printf "%s|%s|%s" "$HOME" "$RAW" "$PATH"`, want: "/x|\xff\n|/bin",
		},
		"host name":       {script: "hostname", want: "box\n"},
		"other host name": {box: pid1test.Box{Hostname: "a.b.test"}, script: "hostname; cat /etc/hostname", want: "a.b.test\nbox\n"},
		"loopback":        {script: "cat /sys/class/net/lo/carrier 2>/dev/null; ip -o -4 addr | cut -d' ' -f2,7", want: "lo 127.0.0.1/8\n"},
		"files": {
			box:    pid1test.Box{Files: map[string]string{"/a/run": "#!/bin/sh\necho ran\n", "/a/data": "text", "/a/dir/": ""}},
			script: "/a/run; cat /a/data; stat -c ' %A' /a/run /a/data /a/dir",
			want:   "ran\ntext -rwxr-xr-x\n -rw-r--r--\n drwxr-xr-x\n",
		},
		"files below a link": {box: pid1test.Box{Files: map[string]string{"/var/run/own": "x"}}, script: "cat /run/own", want: "x"},
		"modes and links": {
			box: pid1test.Box{
				Files: map[string]string{"/a": "#!/bin/sh\n", "/d/": ""},
				Mode:  map[string]fs.FileMode{"/a": 0o640, "/d": 0o700},
				Links: map[string]string{"/etc/x/l": "/a", "/bin/ls": "/nowhere"},
			},
			script: "stat -c %a /a /d; readlink /etc/x/l; readlink /bin/ls", want: "640\n700\n/a\n/nowhere\n",
		},
		"without": {
			box:    pid1test.Box{Without: []string{"/run", "/etc/passwd", "/bin/wget"}},
			script: "for f in /run /etc/passwd /bin/wget /etc/group; do [ -e $f ] || echo no $f; done",
			want:   "no /run\nno /etc/passwd\nno /bin/wget\n",
		},
		"owner": {
			box: pid1test.Box{Owner: map[string]int{"/run": 999}}, root: true,
			script: "stat -c %u:%g /run /tmp", want: "999:999\n0:0\n",
		},
		"writable root": {script: ">/x && >/run/x && >/var/run/y && ls /run", want: "x\ny\n"},
		"read-only root": {
			box:    pid1test.Box{ReadOnly: true, Tmpfs: []string{"/tmp"}},
			script: "for d in / /run /dev /tmp /dev/shm; do (>$d/x) 2>/dev/null && echo $d; done", want: "/tmp\n/dev/shm\n",
		},
		"noexec tmpfs": {
			box:    pid1test.Box{Tmpfs: []string{"/run:noexec", "/run2:size=64k"}},
			script: "for d in /run /run2; do echo 'echo ran' >$d/y; chmod +x $d/y; $d/y 2>&1; done",
			want:   "/bin/sh: /run/y: Permission denied\nran\n",
		},
		"no proc":         {box: pid1test.Box{NoProc: true}, script: "ls /proc", want: ""},
		"proc of the box": {script: "echo /proc/[0-9]*; (>/proc/sys/kernel/hostname) 2>/dev/null || echo ro", want: "/proc/1\nro\n"},
		"privileged":      {box: pid1test.Box{Privileged: true}, root: true, script: "echo big >/proc/sys/kernel/hostname; hostname", want: "big\n"},
		"Docker's caps":   {script: caps, want: "CapPrm:00000000a80425fb CapEff:00000000a80425fb CapBnd:00000000a80425fb NoNewPrivs:0 "},
		"no caps":         {box: pid1test.Box{DropCaps: true}, script: caps, want: "CapPrm:0000000000000000 CapEff:0000000000000000 CapBnd:0000000000000000 NoNewPrivs:0 "},
		"no new privs":    {box: pid1test.Box{NoNewPrivs: true}, script: caps, want: "CapPrm:00000000a80425fb CapEff:00000000a80425fb CapBnd:00000000a80425fb NoNewPrivs:1 "},
		"user app":        {box: pid1test.Box{UID: 999, GID: 999}, root: true, script: "id; echo $HOME; echo x >/dev/stdout", want: "uid=999(app) gid=999(app)\n/\nx\n"},
		"stdin is null":   {script: "cat; readlink /proc/$$/fd/0", want: "/dev/null\n"},
		"stdin with text": {box: pid1test.Box{Stdin: "one\ntwo"}, script: "cat", want: "one\ntwo"},
		"host directories": {
			box: pid1test.Box{
				Host:  []string{"/usr", "/lib", "/lib64", "/no/such"},
				Files: map[string]string{"/own": "x", "/usr/hidden": "x"},
			},
			script: "/usr/bin/printf 'dynamic\\n'; (>/usr/x) 2>/dev/null || echo ro; ls /own /usr/hidden /no 2>/dev/null",
			want:   "dynamic\nro\n/own\n",
		},
		"host file": {
			box:    pid1test.Box{Host: []string{"/etc/passwd"}, Files: map[string]string{"/etc/passwd": "covered"}},
			script: "grep -c covered /etc/passwd; (>/etc/passwd) 2>/dev/null || echo ro; ls /etc/group",
			want:   "0\nro\n/etc/group\n",
		},
		"no foreign files": {script: "ls /proc/$$/fd; :", want: "0\n1\n2\n"},
		"host root":        {box: pid1test.Box{HostRoot: true}, script: "echo /proc/[0-9]*", want: "/proc/1\n"},
		"host root without proc": {
			box: pid1test.Box{HostRoot: true, NoProc: true}, script: "ls /proc", want: "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.root && os.Geteuid() != 0 {
				t.Skip("needs root: other users")
			}
			test.box.Args = []string{"/bin/sh", "-c", test.script}
			r := pid1test.Run(t, test.box)
			r.Wait()
			if diff := cmp.Diff(test.want, r.Stdout()); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
		})
	}
}

const caps = `grep -E '^(Cap(Prm|Eff|Bnd)|NoNew)' /proc/self/status | tr -d '\t' | tr '\n' ' '`

func TestOutput(t *testing.T) {
	t.Parallel()
	r := pid1test.Run(t, shell("echo out; echo err >&2; read x"))
	r.Wait()
	got := []string{r.Stdout(), r.Stderr(), fmt.Sprint(len(r.Output()))}
	if diff := cmp.Diff([]string{"out\n", "err\n", "8"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOwnWriters(t *testing.T) {
	t.Parallel()
	var out, err strings.Builder
	box := shell("echo out; echo err >&2")
	box.Stdout, box.Stderr = &out, &err
	pid1test.Run(t, box).Wait()
	if diff := cmp.Diff([]string{"out\n", "err\n"}, []string{out.String(), err.String()}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	r := pid1test.Run(t, shell("echo live >/run/f; echo ready; read x"))
	r.Wait()
	if got := r.ReadFile("/run/f"); got != "live\n" {
		t.Errorf("/run/f is %q", got)
	}
}

func TestWriteFile(t *testing.T) {
	t.Parallel()
	r := pid1test.Run(t, shell("until [ -s /tmp/go ]; do sleep 0.01; done; cat /tmp/go; stat -c ' %a' /tmp/go"))
	r.WriteFile("/tmp/go", "now")
	r.Wait()
	if got := r.Stdout(); got != "now 644\n" {
		t.Errorf("the box saw %q", got)
	}
}

func TestNeedProgram(t *testing.T) {
	pid1test.NeedProgram(t, "/proc/self/exe", "nothing")
	t.Setenv("CI", "true")
	want := "needs /no/such: install no-such"
	if got := fatal(t, func(t testing.TB) { pid1test.NeedProgram(t, "/no/such", "no-such") }); got != want {
		t.Errorf("fatal error %q, want %q", got, want)
	}
}

func TestSignal(t *testing.T) {
	t.Parallel()
	box := shell("trap 'echo caught; exit 3' TERM; echo ready; while :; do read x; done")
	box.Interactive = true
	r := pid1test.Run(t, box)
	r.WaitFor("ready")
	r.Signal(syscall.SIGTERM)
	if got := r.Wait().Code; got != 3 {
		t.Errorf("exit code %d, want 3", got)
	}
	r.WaitFor("caught") // what has been printed stays there
	r.Signal(syscall.SIGTERM)
}

func TestKill(t *testing.T) {
	t.Parallel()
	r := pid1test.Run(t, shell("echo ready; sleep 1000; :"))
	r.WaitFor("ready")
	r.Signal(syscall.SIGKILL)
	got := r.Wait()
	if got.Code != 137 || got.Elapsed <= 0 || got.Elapsed > 10*time.Second {
		t.Errorf("%+v, want code 137 and the time that it took", got)
	}
}

func TestInteractive(t *testing.T) {
	t.Parallel()
	box := shell("while read x; do echo got $x; done; exit 4")
	box.Interactive = true
	r := pid1test.Run(t, box)
	r.Send("one\n")
	r.WaitFor("got one")
	r.CloseStdin()
	if got := r.Wait().Code; got != 4 {
		t.Errorf("exit code %d, want 4", got)
	}
}

func TestTTY(t *testing.T) {
	t.Parallel()
	box := shell(`tty; stty size; trap 'echo interrupted; exit 5' INT; echo TERM=$TERM; while :; do read x && echo got $x; done`)
	box.TTY = true
	r := pid1test.Run(t, box)
	r.WaitFor("TERM=xterm")
	r.Send("hello\r")
	r.WaitFor("got hello")
	r.Send("\x03")
	if got := r.Wait().Code; got != 5 {
		t.Errorf("exit code %d, want 5: ^C reaches the foreground", got)
	}
	want := "/dev/pts/0\r\n24 80\r\nTERM=xterm\r\nhello\r\ngot hello\r\n^Cinterrupted\r\n"
	if diff := cmp.Diff(want, r.Stdout()); diff != "" {
		t.Errorf("terminal (-want +got):\n%s", diff)
	}
}

func TestProcesses(t *testing.T) {
	t.Parallel()
	r := pid1test.Run(t, shell("sleep 1000 & sh -c 'until grep -q tail /proc/1/comm; do :; done; kill -9 $$' & sh -c 'sleep 1001; :' & echo ready; exec tail -f /dev/null"))
	r.WaitFor("ready")
	want := []pid1test.Process{
		{PID: 1, Name: "tail", Args: []string{"tail", "-f", "/dev/null"}, State: "S"},
		{Parent: 1, Name: "sleep", Args: []string{"sleep", "1000"}, State: "S"},
		{Parent: 1, Name: "sh", State: "Z"},
		{Parent: 1, Name: "sh", Args: []string{"sh", "-c", "sleep 1001; :"}, State: "S"},
		{Parent: 2, Name: "sleep", Args: []string{"sleep", "1001"}, State: "S"},
	}
	diff := cmp.Diff(want, normal(r.Processes()))
	for end := time.Now().Add(10 * time.Second); diff != "" && time.Now().Before(end); runtime.Gosched() {
		diff = cmp.Diff(want, normal(r.Processes())) // what runs behind the shell takes its time
	}
	if diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.Signal(syscall.SIGKILL)
	r.Wait()
	if got := r.Processes(); len(got) != 0 {
		t.Errorf("%v are left after the end", got)
	}
}

// normal forgets all process IDs but 1, and sorts; a parent that is not PID 1 is 2.
func normal(list []pid1test.Process) []pid1test.Process {
	slices.SortFunc(list, func(a, b pid1test.Process) int { return a.PID - b.PID })
	for i := range list {
		list[i].Parent = min(list[i].Parent, 2)
		if list[i].PID != 1 {
			list[i].PID = 0
		}
	}
	return list
}

// recorder is a test that fails without failing.
type recorder struct {
	testing.TB
	fatal string
}

func (r *recorder) Fatal(args ...any)            { r.Fatalf("%s", fmt.Sprint(args...)) }
func (r *recorder) Fatalf(f string, args ...any) { r.fatal = fmt.Sprintf(f, args...); runtime.Goexit() }

// fatal returns what f says when it ends the test that it is given.
func fatal(t *testing.T, f func(testing.TB)) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.fatal
}

func TestFatal(t *testing.T) {
	t.Parallel()
	pid1test.Need(t)
	for name, test := range map[string]struct {
		do   func(testing.TB)
		want string
	}{
		"no program": {
			func(t testing.TB) { pid1test.Run(t, pid1test.Box{}) }, "without Binary and Args",
		},
		"program missing": {
			func(t testing.TB) { pid1test.Run(t, pid1test.Box{Args: []string{"/no/such"}}) },
			`cannot run "/no/such": no such file`,
		},
		"bad tmpfs": {
			func(t testing.TB) {
				pid1test.Run(t, pid1test.Box{Args: []string{"/bin/sh"}, Tmpfs: []string{"/run:color=blue"}})
			}, "cannot mount tmpfs",
		},
		"text that never comes": {
			func(t testing.TB) { pid1test.Run(t, shell("exit 9")).WaitFor("hello") },
			`code 9`,
		},
		"timeout": {
			func(t testing.TB) {
				box := shell("sleep 1000; :")
				box.Timeout = 50 * time.Millisecond
				pid1test.Run(t, box).Wait()
			}, "killed at its timeout",
		},
		"no stdin": {
			func(t testing.TB) { pid1test.Run(t, shell("sleep 1000; :")).Send("x") }, "needs Box.Interactive",
		},
		"no such file": {
			func(t testing.TB) { pid1test.Run(t, shell("sleep 1000; :")).ReadFile("/no/such") }, "no/such",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := fatal(t, test.do); !strings.Contains(got, test.want) {
				t.Errorf("fatal error %q, want one with %q", got, test.want)
			}
		})
	}
}

// TestNetwork has a box greet a listener of this process in a network that both have.
func TestNetwork(t *testing.T) {
	t.Parallel()
	network := pid1test.NewNetwork(t)
	var listener net.Listener
	var err error
	network.Do(func() { listener, err = net.Listen("tcp", "127.0.0.1:7") })
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	box := shell("echo hello | nc 127.0.0.1 7")
	box.Network = network
	r := pid1test.Run(t, box)
	if err := listener.(*net.TCPListener).SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if text, err := io.ReadAll(conn); err != nil || string(text) != "hello\n" {
		t.Errorf("the box said %q, %v", text, err)
	}
	conn.Close()
	if code := r.Wait().Code; code != 0 {
		t.Errorf("exit code %d of nc", code)
	}
	got := fatal(t, func(t testing.TB) {
		pid1test.Run(t, pid1test.Box{Args: []string{"/bin/true"}, Network: &pid1test.Network{Path: "/no/such"}})
	})
	if want := "network namespace /no/such"; !strings.Contains(got, want) {
		t.Errorf("fatal error %q, want one with %q", got, want)
	}
}

// TestOrdinaryUser runs some tests again as nobody, in user namespaces.
func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become nobody; the other tests show the same here")
	}
	dir, err := os.MkdirTemp("", "pid1test-nobody-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chown(dir, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	cmd := exec.Command("/proc/self/fd/3", "-test.run=^(TestInside|TestTTY|TestSignal)$", "-test.v")
	cmd.ExtraFiles = []*os.File{exe}
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil:
		t.Errorf("as nobody: %v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP: TestTTY"):
		t.Skipf("no user namespaces for nobody here:\n%s", out)
	case !strings.Contains(string(out), "--- PASS: TestTTY"):
		t.Errorf("as nobody nothing ran:\n%s", out)
	}
}

// TestLeavesNothing runs last, alone: goroutines and processes are gone.
func TestLeavesNothing(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Run("box", func(t *testing.T) {
		box := shell("sleep 1000 & echo ready; wait")
		box.TTY = true
		pid1test.Run(t, box).WaitFor("ready")
	})
	goleak.VerifyNone(t, before)
}
