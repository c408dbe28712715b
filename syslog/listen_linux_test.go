package syslog_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/s6/nobodytest"
	"github.com/sillelien/baseinit/syslog"
)

// Not parallel: the mask is the process's.
func TestEverybodyMaySend(t *testing.T) {
	defer unix.Umask(unix.Umask(0o077))
	for _, prefix := range []string{"", "stream:"} {
		path := newPath(t)
		r := start(t, syslog.Config{Listen: []string{prefix + path}})
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := info.Mode(), fs.ModeSocket|0o666; got != want {
			t.Errorf("%s%s is %s; want %s", prefix, path, got, want)
		}
		r.mustStop()
	}
}

// occupants are what may be at a socket's path already.
var occupants = []struct {
	name  string
	put   func(t *testing.T, path string) // there
	taken bool                            // away, and a socket made
	why   string                          // else; PATH is that of the socket
}{
	{name: "nothing", put: func(*testing.T, string) {}, taken: true},
	{name: "missing directories", put: func(t *testing.T, path string) {
		mustDo(t, os.Remove(filepath.Dir(path)))
	}, taken: true},
	{name: "stale datagram socket", put: func(t *testing.T, path string) { listenThere(t, "unixgram", path).Close() }, taken: true},
	{name: "stale stream socket", put: func(t *testing.T, path string) { listenThere(t, "unix", path).Close() }, taken: true},
	{name: "live datagram socket", put: func(t *testing.T, path string) { listenThere(t, "unixgram", path) }, why: live},
	{name: "live stream socket", put: func(t *testing.T, path string) { listenThere(t, "unix", path) }, why: live},
	{name: "live sequential packet socket", put: func(t *testing.T, path string) { listenThere(t, "unixpacket", path) }, why: live},
	{name: "link to nothing", put: func(t *testing.T, path string) {
		mustDo(t, os.Symlink("/run/systemd/journal/no-such-log", path))
	}, taken: true},
	{name: "link to a live socket", put: func(t *testing.T, path string) {
		listenThere(t, "unixgram", path+".real")
		mustDo(t, os.Symlink("log.real", path))
	}, why: live},
	{name: "link to a stale socket", put: func(t *testing.T, path string) {
		listenThere(t, "unixgram", path+".real").Close()
		mustDo(t, os.Symlink("log.real", path))
	}, taken: true},
	{name: "link to a file", put: func(t *testing.T, path string) {
		mustDo(t, os.WriteFile(path+".real", nil, 0o600))
		mustDo(t, os.Symlink("log.real", path))
	}, why: "there is something that is no socket (-rw-------)"},
	{name: "file", put: func(t *testing.T, path string) {
		mustDo(t, os.WriteFile(path, nil, 0o600))
	}, why: "there is something that is no socket (-rw-------)"},
	{name: "directory", put: func(t *testing.T, path string) {
		mustDo(t, os.Mkdir(path, 0o700))
	}, why: "there is something that is no socket (drwx------)"},
	{name: "file in place of its directory", put: func(t *testing.T, path string) {
		mustDo(t, os.Remove(filepath.Dir(path)))
		mustDo(t, os.WriteFile(filepath.Dir(path), nil, 0o600))
	}, why: "stat PATH: not a directory"},
}

// toldSo is who may use a fallback.
const toldSo = ", for programs that can be told so, as with logger -u"

// live is why another program's socket is left alone.
const live = "another program listens there"

func TestOccupied(t *testing.T) {
	t.Parallel()
	for _, tc := range occupants {
		for _, prefix := range []string{"", "stream:"} {
			t.Run(tc.name+", "+prefix, func(t *testing.T) {
				t.Parallel()
				path := newPath(t)
				tc.put(t, path)
				before, _ := os.Lstat(path)
				r := start(t, syslog.Config{Listen: []string{prefix + path}})
				want, logged := []string{prefix + path}, []string(nil)
				why := strings.ReplaceAll(tc.why, "PATH", path)
				switch {
				case tc.taken:
				case tc.why == live:
					want, logged = nil, []string{fmt.Sprintf("warn syslog: %s%s is left alone: %s", prefix, path, why)}
				default:
					want, logged = nil, []string{fmt.Sprintf("warn syslog: cannot listen on %s%s: %s: what programs send there is lost", prefix, path, why)}
				}
				if diff := cmp.Diff(want, r.Listening()); diff != "" {
					t.Errorf("Listening (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(logged, r.logged()); diff != "" {
					t.Errorf("logged (-want +got):\n%s", diff)
				}
				if tc.taken {
					send(t, dial(t, prefix+path), "hello\n")
					r.settle(1)
				}
				r.mustStop()
				after, err := os.Lstat(path)
				switch {
				case tc.taken && !errors.Is(err, fs.ErrNotExist):
					t.Errorf("after Run there is still %v (%v)", after, err)
				case !tc.taken && before != nil && !os.SameFile(before, after):
					t.Errorf("what was there is gone (%v)", err)
				}
			})
		}
	}
}

// listenThere is another program's socket.
func listenThere(t *testing.T, network, path string) interface{ Close() error } {
	t.Helper()
	var err error
	switch network {
	case "unixgram":
		var conn *net.UnixConn
		if conn, err = net.ListenUnixgram(network, &net.UnixAddr{Net: network, Name: path}); err == nil {
			t.Cleanup(func() { conn.Close() })
			return conn
		}
	default:
		var l *net.UnixListener
		if l, err = net.ListenUnix(network, &net.UnixAddr{Net: network, Name: path}); err == nil {
			l.SetUnlinkOnClose(false)
			t.Cleanup(func() { l.Close() })
			return l
		}
	}
	t.Fatal(err)
	return nil
}

func mustDo(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func TestFallback(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	blocked := func(name string) string { // by a directory
		path := filepath.Join(dir, name)
		mustDo(t, os.Mkdir(path, 0o700))
		return path
	}
	a, b, c := blocked("a"), blocked("b"), blocked("c")
	taken := filepath.Join(dir, "taken")
	listenThere(t, "unixgram", taken)
	first, second := filepath.Join(dir, "new/first"), filepath.Join(dir, "second")

	r := start(t, syslog.Config{Listen: []string{a, "stream:" + b, taken, b, c}, Fallback: []string{blocked("d"), first, second}})
	if diff := cmp.Diff([]string{first, second}, r.Listening()); diff != "" {
		t.Errorf("Listening (-want +got):\n%s", diff)
	}
	const directory = "there is something that is no socket (drwx------)"
	if diff := cmp.Diff([]string{
		fmt.Sprintf("warn syslog: cannot listen on %s: %s: listening on %s instead"+toldSo, a, directory, first),
		fmt.Sprintf("warn syslog: cannot listen on stream:%s: %s: what programs send there is lost", b, directory),
		fmt.Sprintf("warn syslog: %s is left alone: %s", taken, live),
		fmt.Sprintf("warn syslog: cannot listen on %s: %s: listening on %s instead"+toldSo, b, directory, second),
		fmt.Sprintf("warn syslog: cannot listen on %s: %s: what programs send there is lost", c, directory),
	}, r.logged()); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
	send(t, dial(t, first), "one")
	send(t, dial(t, second), "two")
	r.settle(2)
	r.mustStop()
	for _, path := range []string{first, second} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
}

func TestRequired(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	good, taken, file := filepath.Join(dir, "good"), filepath.Join(dir, "taken"), filepath.Join(dir, "file")
	listenThere(t, "unixgram", taken)
	mustDo(t, os.WriteFile(file, nil, 0o644))
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	tcp := "tcp:" + busy.Addr().String()
	before := descriptors(t)

	_, err = syslog.New(syslog.Config{
		Listen: []string{good, taken, file, "stream:" + good + ".stream", tcp}, Fallback: []string{good + ".fallback"}, Required: true,
	})
	if err == nil {
		t.Fatal("New did not fail")
	}
	want := []string{
		"cannot listen on " + taken + ": " + live,
		"cannot listen on " + file + ": there is something that is no socket (-rw-r--r--)",
		"cannot listen on " + tcp + ": listen tcp " + busy.Addr().String() + ": bind: address already in use",
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("New (-want +got):\n%s", diff)
	}
	left, err := os.ReadDir(dir)
	mustDo(t, err)
	var names []string
	for _, entry := range left {
		names = append(names, entry.Name())
	}
	if diff := cmp.Diff([]string{"file", "taken"}, names); diff != "" {
		t.Errorf("left behind (-want +got):\n%s", diff)
	}
	noneLeft(t, before, dir)
}

// descriptors are what this process has open, without what the runtime and
// tests beside this one open: sockets of dir are told apart by noneLeft.
func descriptors(tb testing.TB) map[string]bool {
	tb.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	mustDo(tb, err)
	open := map[string]bool{}
	for _, entry := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + entry.Name()); err == nil {
			open[to] = true
		}
	}
	return open
}

// noneLeft fails if this process has sockets that are bound in dir, and were
// not open before.
func noneLeft(tb testing.TB, before map[string]bool, dir string) {
	tb.Helper()
	table, err := os.ReadFile("/proc/net/unix")
	mustDo(tb, err)
	now := descriptors(tb)
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) < 8 || !strings.HasPrefix(fields[7], dir) {
			continue
		}
		if socket := "socket:[" + fields[6] + "]"; now[socket] && !before[socket] {
			tb.Errorf("%s is still open", fields[7])
		}
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	long := "/" + strings.Repeat("x", 107)
	_, err := syslog.New(syslog.Config{
		Listen:   []string{"log", long, newPath(t), "tcp:0.0.0.0:514"},
		Fallback: []string{"/fine", "udp:514"},
	})
	if err == nil {
		t.Fatal("New did not fail")
	}
	const can = "it can be a path that begins with /, stream:PATH, udp:HOST:PORT or tcp:HOST:PORT"
	if diff := cmp.Diff([]string{
		`cannot listen on "log": ` + can,
		`cannot listen on "` + long + `": the path of a socket can have 107 bytes`,
		`cannot listen on "tcp:0.0.0.0:514": 0.0.0.0 is not a loopback address`,
		`cannot fall back to "udp:514": ` + can,
	}, strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("New (-want +got):\n%s", diff)
	}
}

// A path can fill what there is for it in a socket's address.
func TestLongestPath(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	path := dir + "/" + strings.Repeat("x", 107-len(dir)-1)
	for _, prefix := range []string{"", "stream:"} {
		r := start(t, syslog.Config{Listen: []string{prefix + path}, Required: true})
		send(t, dial(t, prefix+path), "hello\n")
		r.settle(1)
		r.mustStop()
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s%s is still there", prefix, path)
		}
	}
}

// The same path twice is bound once.
func TestTwice(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	r := start(t, syslog.Config{Listen: []string{path, path}})
	if diff := cmp.Diff([]string{"warn syslog: " + path + " is left alone: " + live}, r.logged()); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
	send(t, dial(t, path), "hello")
	r.settle(1)
}

// /dev of a container that does not run as root is root's.
func TestNotOurDirectory(t *testing.T) {
	if nobodytest.Instead(t) {
		return
	}
	closed, fallback := newPath(t), newPath(t)
	mustDo(t, os.Chmod(filepath.Dir(closed), 0o500))
	for _, tc := range []struct{ path, why string }{
		{closed, "bind: permission denied"},
		{"/proc/1/log", "bind: no such file or directory"},
	} {
		t.Run(tc.path, func(t *testing.T) {
			core, logs := observer.New(zap.DebugLevel)
			cfg := syslog.Config{Listen: []string{tc.path}, Fallback: []string{fallback}, Stderr: &lines{}, Logger: zap.New(core)}
			s, err := syslog.New(cfg)
			mustDo(t, err)
			defer runOut(t, s)
			if diff := cmp.Diff([]string{fallback}, s.Listening()); diff != "" {
				t.Errorf("Listening (-want +got):\n%s", diff)
			}
			got := loggedBy(logs)
			if len(got) != 1 || !strings.HasPrefix(got[0], "warn syslog: cannot listen on "+tc.path+": ") ||
				!strings.HasSuffix(got[0], ": listening on "+fallback+" instead"+toldSo) {
				t.Errorf("logged %q", got)
			}
		})
	}
}

// A stale socket in a directory that we may not write to cannot be replaced,
// nor a socket that we may not connect to be told to be stale.
func TestNotOurSocket(t *testing.T) {
	if nobodytest.Instead(t) {
		return
	}
	for _, tc := range []struct {
		name              string
		socket, directory os.FileMode
	}{
		{"closed directory", 0o666, 0o500},
		{"closed socket", 0, 0o700},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path, fallback := newPath(t), newPath(t)
			listenThere(t, "unixgram", path).Close()
			mustDo(t, os.Chmod(path, tc.socket))
			mustDo(t, os.Chmod(filepath.Dir(path), tc.directory))
			r := start(t, syslog.Config{Listen: []string{path}, Fallback: []string{fallback}})
			if diff := cmp.Diff([]string{fallback}, r.Listening()); diff != "" {
				t.Errorf("Listening (-want +got):\n%s", diff)
			}
			if got := r.logged(); len(got) != 1 || !strings.Contains(got[0], "permission denied (it takes root): listening on "+fallback) {
				t.Errorf("logged %q", got)
			}
		})
	}
}

// runOut runs a sink to its end.
func runOut(t *testing.T, s *syslog.SyslogSink) {
	t.Helper()
	execute, interrupt := s.Actor()
	interrupt(nil)
	if err := execute(); err != nil {
		t.Errorf("Run: %v", err)
	}
}
