package syslog_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/syslog"
)

func TestLines(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	r := start(t, syslog.Config{Listen: []string{path}})
	conn := dial(t, path)
	send(t, conn, "<30>Nov 23 13:30:05 nginx[1]: hello\n", "no more than text", "<11>two\nlines\x00", "")
	r.settle(4)
	r.mustStop()
	pid := os.Getpid()
	want := []string{
		fmt.Sprintf("daemon.info nginx[%d]: hello", pid),
		sent("no more than text"),
		fmt.Sprintf("user.err %s[%d]: two", comm, pid),
		fmt.Sprintf("user.err %s[%d]: lines", comm, pid),
		sent(""),
	}
	if diff := cmp.Diff(want, r.out.all()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if got, want := r.Stats(), (syslog.Stats{Received: 4, Written: 4}); got != want {
		t.Errorf("Stats = %+v; want %+v", got, want)
	}
	if got := r.logged(); got != nil {
		t.Errorf("logged %q", got)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	r := bound(t, syslog.Config{Listen: []string{newPath(t)}})
	select {
	case <-r.Ready():
		t.Error("it is ready before Run")
	default:
	}
	r.start()
	r.mustStop()
	if got := r.Listening(); got != nil {
		t.Errorf("after Run it listens on %q", got)
	}
}

func TestActor(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	r := bound(t, syslog.Config{Listen: []string{path}})
	execute, interrupt := r.Actor()
	send(t, dial(t, path), "before", "Run")
	interrupt(nil)
	interrupt(context.Canceled) // a second time
	if err := execute(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{sent("before"), sent("Run")}, r.out.all()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// Clients keep their socket when its path is gone, and others find another.
func TestUnlinked(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "stream:"} {
		t.Run(prefix, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			r := start(t, syslog.Config{Listen: []string{prefix + path}})
			first := dial(t, prefix+path)
			send(t, first, "one\n")
			r.settle(1)
			mustDo(t, os.Remove(path))
			await(t, "a second socket", func() bool { return len(r.logged()) > 0 })
			second := dial(t, prefix+path)
			send(t, second, "two\n")
			r.settle(2)
			send(t, first, "three\n")
			r.settle(3)
			want := []string{"warn syslog: " + prefix + path + " was unlinked: a second socket is bound there, and the first still read"}
			if diff := cmp.Diff(want, r.logged()); diff != "" {
				t.Errorf("logged (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{prefix + path, prefix + path}, r.Listening()); diff != "" {
				t.Errorf("Listening (-want +got):\n%s", diff)
			}
			r.mustStop()
			if diff := cmp.Diff([]string{sent("one"), sent("two"), sent("three")}, r.out.all()); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			if _, err := os.Lstat(path); err == nil {
				t.Error("the path is still there")
			}
		})
	}
}

// A program that is started to do the same puts its socket in place of ours.
func TestTakenOver(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	r := start(t, syslog.Config{Listen: []string{path}})
	first := dial(t, path)
	listenThere(t, "unixgram", path+".new")
	mustDo(t, os.Rename(path+".new", path))
	theirs, err := os.Lstat(path)
	mustDo(t, err)
	await(t, "a warning", func() bool { return len(r.logged()) > 0 })
	send(t, first, "still read")
	r.settle(1)
	r.mustStop()
	want := []string{"warn syslog: another program has taken " + path + ": what is sent there now goes to it"}
	if diff := cmp.Diff(want, r.logged()); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{sent("still read")}, r.out.all()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if now, err := os.Lstat(path); err != nil || !os.SameFile(theirs, now) {
		t.Errorf("their socket is gone (%v)", err)
	}
}

// A socket that is taken over before Run is noticed, too.
func TestTakenOverBeforeRun(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	r := bound(t, syslog.Config{Listen: []string{path}})
	listenThere(t, "unixgram", path+".new")
	mustDo(t, os.Rename(path+".new", path))
	r.start()
	await(t, "a warning", func() bool { return len(r.logged()) > 0 })
	want := []string{"warn syslog: another program has taken " + path + ": what is sent there now goes to it"}
	if diff := cmp.Diff(want, r.logged()); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
}

// Who unlinks the socket each time that it appears does not make us bind for ever.
func TestUnlinkedAgainAndAgain(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	r := start(t, syslog.Config{Listen: []string{path}})
	const most = 16
	for i := range most + 1 {
		mustDo(t, os.Remove(path))
		await(t, "a warning", func() bool { return len(r.logged()) == i+1 })
	}
	if got := len(r.Listening()); got != most+1 {
		t.Errorf("it listens on %d sockets; want %d", got, most+1)
	}
	want := "warn syslog: " + path + " was unlinked and cannot be bound again: that has happened 16 times before"
	if got := r.logged(); got[most] != want {
		t.Errorf("logged %q; want %q", got[most], want)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("it is bound once more")
	}
}

// Other files in the directory come and go.
func TestUnlinkedOthers(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	paths := []string{filepath.Join(dir, "log"), filepath.Join(dir, "log2")}
	r := start(t, syslog.Config{Listen: paths})
	for i := range 100 {
		name := filepath.Join(dir, fmt.Sprintf("log%d", i+3))
		mustDo(t, os.WriteFile(name, nil, 0o600))
		mustDo(t, os.Remove(name))
	}
	mustDo(t, os.Remove(paths[1]))
	await(t, "a second socket", func() bool { return len(r.logged()) > 0 })
	if diff := cmp.Diff(append(paths, paths[1]), r.Listening()); diff != "" {
		t.Errorf("Listening (-want +got):\n%s", diff)
	}
}

func TestLongMessages(t *testing.T) {
	t.Parallel()
	mark := func(n int) string { return fmt.Sprintf("...[cut, %d bytes more]", n) }
	e := strings.Repeat("é", 120_000)
	for _, tc := range []struct {
		name          string
		max           int // 0: the default
		message, want string
		cut           uint64
	}{
		{"20 kB", 0, e[:20_000], e[:20_000], 0},
		{"64 KiB", 0, e[:64<<10], e[:64<<10], 0},
		{"64 KiB and a rune", 0, e[:64<<10+2], e[:64<<10] + mark(2), 1},
		{"in a rune", 0, "x" + e[:64<<10], "x" + e[:64<<10-2] + mark(2), 1},
		{"200 kB", 0, e[:200_000], e[:64<<10] + mark(200_000-64<<10), 1},
		{"limit", 10, "1234567890", "1234567890", 0},
		{"limit and one", 10, "12345678901", "1234567890" + mark(1), 1},
		{"rune of 4", 10, "12345678😀", "12345678" + mark(4), 1},
		{"half a rune was sent", 10, "123456789\xf0x", "123456789" + mark(2), 1},
		{"no UTF-8", 10, strings.Repeat("\xff", 12), strings.Repeat(`\xff`, 10) + mark(2), 1},
		{"large limit", 1 << 20, e[:200_000], e[:200_000], 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			r := start(t, syslog.Config{Listen: []string{path}, MaxMessage: tc.max})
			send(t, dial(t, path), tc.message, "next")
			r.settle(2)
			r.mustStop()
			if diff := cmp.Diff([]string{sent(tc.want), sent("next")}, r.out.all()); diff != "" {
				t.Errorf("lines (-want +got):\n%.2000s", diff)
			}
			if got, want := r.Stats(), (syslog.Stats{Received: 2, Written: 2, Cut: tc.cut}); got != want {
				t.Errorf("Stats = %+v; want %+v", got, want)
			}
		})
	}
}

// Descriptors that are sent along are not kept.
func TestDescriptorsSentAlong(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "stream:"} {
		for _, n := range []int{1, 4, 100} {
			t.Run(fmt.Sprint(prefix, n), func(t *testing.T) {
				t.Parallel()
				path := newPath(t)
				r := start(t, syslog.Config{Listen: []string{prefix + path}})
				raw, err := dial(t, prefix+path).(*net.UnixConn).SyscallConn()
				mustDo(t, err)
				in, out, err := os.Pipe()
				mustDo(t, err)
				defer in.Close()
				fds := make([]int, n)
				for i := range fds {
					fds[i] = int(out.Fd())
				}
				mustDo(t, raw.Control(func(fd uintptr) { err = unix.Sendmsg(int(fd), []byte("hello\n"), unix.UnixRights(fds...), nil, 0) }))
				mustDo(t, err)
				out.Close()
				r.settle(1)
				mustDo(t, in.SetReadDeadline(time.Now().Add(patience)))
				if n, err := in.Read(make([]byte, 1)); n != 0 || os.IsTimeout(err) {
					t.Errorf("somebody still has the pipe: %v", err)
				}
				r.mustStop()
				if diff := cmp.Diff([]string{sent("hello")}, r.out.all()); diff != "" {
					t.Errorf("lines (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestFilterAndStreams(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	filter, err := syslog.ParseFilter("*.info")
	mustDo(t, err)
	var c collector
	var stdout, stderr lines
	r := start(t, syslog.Config{Listen: []string{path}, Filter: filter, Stdout: &stdout, Stderr: &stderr, Handler: c.handle})
	send(t, dial(t, path), "<8>a: emerg", "<11>a: err", "<12>a: warning", "<14>a: info", "<15>a: debug")
	r.settle(5)
	r.mustStop()
	line := func(text string) string { return fmt.Sprintf("user.%s a[%d]: %s", text, os.Getpid(), text) }
	if diff := cmp.Diff([]string{line("emerg"), line("err")}, stderr.all()); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{line("warning"), line("info")}, stdout.all()); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	var handled []string
	for _, m := range c.messages() {
		handled = append(handled, m.Text)
	}
	if diff := cmp.Diff([]string{"emerg", "err", "warning", "info"}, handled); diff != "" {
		t.Errorf("handled (-want +got):\n%s", diff)
	}
	if got, want := r.Stats(), (syslog.Stats{Received: 5, Written: 4, Filtered: 1}); got != want {
		t.Errorf("Stats = %+v; want %+v", got, want)
	}
}

// What was suppressed is told of when the time is over, or Run is, also if
// nothing more comes.
func TestSuppressed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		per  time.Duration
		stop bool
	}{
		{"time is over", 100 * time.Millisecond, false},
		{"Run is over", time.Hour, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)

			r := bound(t, syslog.Config{
				Listen: []string{path}, RateLimit: syslog.RateLimit{Messages: 2, Per: tc.per},
				Service: func(int) string { return "web" },
			})
			send(t, dial(t, path), "one", "two", "three", "four", "five") // read together
			r.start()
			r.settle(5)
			if tc.stop {
				r.mustStop()
			}
			want := []string{
				"[web] " + sent("one"), "[web] " + sent("two"),
				"syslog.err " + us(fmt.Sprintf("suppressed 3 messages of web: more than 2 in %v", tc.per)),
			}
			await(t, "three lines", func() bool { return len(r.out.all()) == 3 })
			r.mustStop()
			if diff := cmp.Diff(want, r.out.all()); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			if got, want := r.Stats(), (syslog.Stats{Received: 5, Written: 2, Suppressed: 3}); got != want {
				t.Errorf("Stats = %+v; want %+v", got, want)
			}
		})
	}
}

func TestTimestamps(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	before := time.Now().Truncate(time.Microsecond)
	r := start(t, syslog.Config{Listen: []string{path}, Timestamps: true})
	send(t, dial(t, path), "hello")
	r.settle(1)
	r.mustStop()
	stamp, rest, _ := strings.Cut(strings.Join(r.out.all(), "\n"), " ")
	at, err := time.Parse("2006-01-02T15:04:05.000000Z", stamp)
	if err != nil || at.Before(before) || at.After(time.Now()) {
		t.Errorf("the time is %q (%v); want one since %v", stamp, err, before)
	}
	if rest != sent("hello") {
		t.Errorf("after the time: %q; want %q", rest, sent("hello"))
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	r := start(t, syslog.Config{Listen: []string{path}, OctalEscapes: true, MaxLine: 80})
	head := strings.TrimSuffix(sent(""), " ")
	text := strings.Repeat("x", 80-len(head)-1)
	send(t, dial(t, path), text+"y\x1b")
	r.settle(1)
	r.mustStop()
	if diff := cmp.Diff([]string{head + " " + text, head + " y#033"}, r.out.all()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}
