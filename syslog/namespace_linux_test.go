package syslog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/syslog"
)

// The host's socket may be mounted into the container: it cannot be unlinked
// then, also if nobody listens on it. And /dev may be read-only.
func TestMounts(t *testing.T) {
	t.Parallel()
	needRoot(t, "mounts")
	cmd := childCommand("mounted", shortDir(t))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string][]string
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := map[string][]string{
		"stale":     {"warn syslog: DIR/stale is left alone: it is a mount: another program listens there"},
		"live":      {"warn syslog: DIR/live is left alone: another program listens there"},
		"file":      {"warn syslog: cannot listen on DIR/file: there is something that is no socket (-rw-r--r--): what programs send there is lost"},
		"ro/log":    {"warn syslog: cannot listen on DIR/ro/log: bind: read-only file system: listening on DIR/fallback instead" + toldSo},
		"ro/d/log":  {"warn syslog: cannot listen on DIR/ro/d/log: mkdir DIR/ro/d: read-only file system: listening on DIR/fallback instead" + toldSo},
		"ro/socket": {"warn syslog: cannot listen on DIR/ro/socket: remove DIR/ro/socket: read-only file system: listening on DIR/fallback instead" + toldSo},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
}

// childListensOnMount makes mounts in a directory and prints what sinks that
// want to listen there log.
func childListensOnMount(args []string) int {
	dir := args[0]
	in := func(name string) string { return filepath.Join(dir, name) }
	socket := func(path string) (int, error) {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		return fd, errors.Join(err, unix.Bind(fd, &unix.SockaddrUnix{Name: path}))
	}
	_, err := socket(in("live.host"))
	stale, e := socket(in("stale.host"))
	err = errors.Join(err, e, unix.Close(stale), os.WriteFile(in("file.host"), nil, 0o644),
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	for _, name := range []string{"live", "stale", "file"} {
		err = errors.Join(err, os.WriteFile(in(name), nil, 0o644), unix.Mount(in(name+".host"), in(name), "", unix.MS_BIND, ""))
	}
	err = errors.Join(err, os.Mkdir(in("ro"), 0o755), unix.Mount("tmpfs", in("ro"), "tmpfs", 0, ""))
	stale, e = socket(in("ro/socket"))
	err = errors.Join(err, e, unix.Close(stale), unix.Mount("", in("ro"), "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	logged := map[string][]string{}
	for _, name := range []string{"stale", "live", "file", "ro/log", "ro/d/log", "ro/socket"} {
		core, logs := observer.New(zap.DebugLevel)
		s, err := syslog.New(syslog.Config{
			Listen: []string{in(name)}, Fallback: fallbackOf(name, in("fallback")), Stderr: &lines{}, Logger: zap.New(core),
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		execute, interrupt := s.Actor()
		interrupt(nil)
		_ = execute()
		for _, line := range loggedBy(logs) {
			logged[name] = append(logged[name], strings.ReplaceAll(line, dir, "DIR"))
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(logged); err != nil {
		return 1
	}
	return 0
}

func fallbackOf(name, path string) []string {
	if strings.HasPrefix(name, "ro/") {
		return []string{path}
	}
	return nil
}

// A fresh network namespace has queues of 10: unix(7), max_dgram_qlen. PID 1 changes
// that, and nobody else.
func TestQueuesAreLengthened(t *testing.T) {
	t.Parallel()
	needRoot(t, "a network namespace")
	for flags, want := range map[uintptr]string{
		unix.CLONE_NEWNET:                     "11 messages\n",
		unix.CLONE_NEWNET | unix.CLONE_NEWPID: "513 messages\n",
	} {
		cmd := childCommand("queues", newPath(t))
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(out); got != want {
			t.Errorf("with flags %x: without a reader the socket takes %q; want %q", flags, got, want)
		}
	}
}

// childLengthensQueues prints how many messages a new socket takes that
// nobody reads.
func childLengthensQueues(args []string) int {
	s, err := syslog.New(syslog.Config{Listen: args, Stderr: &lines{}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	n := 0
	for range 4 { // what one sender may have under way is bounded too: SO_SNDBUF
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, 0)
		for err == nil {
			if err = unix.Sendto(fd, []byte("x"), 0, &unix.SockaddrUnix{Name: args[0]}); err == nil {
				n++
			}
		}
	}
	fmt.Println(n, "messages")
	execute, interrupt := s.Actor()
	interrupt(nil)
	if err := execute(); err != nil || s.Stats().Written != uint64(n) {
		fmt.Fprintln(os.Stderr, err, s.Stats())
		return 1
	}
	return 0
}
