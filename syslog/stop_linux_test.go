package syslog_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/syslog"
)

// What a sender was told is sent is written, also when Run ends in the middle of a
// flood.
func TestStopInFlood(t *testing.T) {
	t.Parallel()
	const senders = 8
	path := newPath(t)
	for _, tc := range []struct{ prefix, network string }{{"", "unixgram"}, {"stream:", "unix"}} {
		for round := range 5 {
			r := start(t, syslog.Config{Listen: []string{tc.prefix + path}, Block: true, FlushTimeout: patience})
			var sent [senders]int
			var wg sync.WaitGroup
			for i := range senders {
				conn := dial(t, tc.prefix+path)
				wg.Go(func() {
					for {
						if _, err := fmt.Fprintf(conn, "<13>w%d: %d\n", i, sent[i]); err != nil {
							return
						}
						sent[i]++
					}
				})
			}
			await(t, "a flood", func() bool { return r.Stats().Received > uint64(1000*(round+1)) })
			r.mustStop()
			wg.Wait()
			if _, err := os.Lstat(path); err == nil {
				t.Error("the path is still there")
			}
			var got [senders]int
			for _, line := range r.out.all() {
				var i, n int
				_, rest, _ := strings.Cut(line, " ")
				tag, text, _ := strings.Cut(rest, ": ")
				if _, err := fmt.Sscanf(tag+" "+text, "w%d["+fmt.Sprint(os.Getpid())+"] %d", &i, &n); err != nil || n != got[i] {
					t.Fatalf("the line is %q; want message %d: %v", line, got[i], err)
				}
				got[i]++
			}
			for i := range senders {
				if got[i] != sent[i] {
					t.Errorf("%s, round %d: %d messages of sender %d were written; it has sent %d", tc.network, round, got[i], i, sent[i])
				}
			}
		}
	}
}

// What the kernel holds of a socket is written even if that takes long: longer than
// is read what others still send to.
func TestStopWithSlowOutput(t *testing.T) {
	t.Parallel()
	needRoot(t, "a PID namespace, so that the kernel's queue is longer than what is read at once")
	cmd := childCommand("slow", newPath(t))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWPID}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(out), "{Received:200 Written:200 Dropped:0 Filtered:0 Suppressed:0 Waiting:0 Cut:0}\n"; got != want {
		t.Errorf("Stats = %s; want %s", got, want)
	}
}

// childIsSlow prints the counts of a sink that is stopped when 200 messages wait to
// be read.
func childIsSlow(args []string) int {
	s, err := syslog.New(syslog.Config{
		Listen: args, QueueMessages: 1, Block: true, FlushTimeout: patience,
		Stderr: writerFunc(func(p []byte) (int, error) {
			time.Sleep(10 * time.Millisecond)
			return len(p), nil
		}),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	conn, err := net.Dial("unixgram", args[0])
	for range 200 {
		if err == nil {
			_, err = conn.Write([]byte("hello"))
		}
	}
	execute, interrupt := s.Actor()
	interrupt(nil)
	if err := errors.Join(err, execute()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Printf("%+v\n", s.Stats())
	return 0
}

// Who connects while Run ends is refused, or heard.
func TestStopRefusesClients(t *testing.T) {
	t.Parallel()
	address := "stream:" + newPath(t)
	out := newGate()
	t.Cleanup(func() { out.set(false) })
	r := start(t, syslog.Config{Listen: []string{address}, Stderr: out, QueueMessages: 1, Block: true, FlushTimeout: patience})
	send(t, dial(t, address), strings.Repeat("hello\n", 5))
	await(t, "the queue to be full", func() bool { return r.Stats().Waiting == 1 })
	r.cancel()
	sent := 5
	await(t, "clients to be refused", func() bool {
		conn, err := net.Dial("unix", strings.TrimPrefix(address, "stream:"))
		if err != nil {
			return true
		}
		t.Cleanup(func() { conn.Close() })
		if _, err := conn.Write([]byte("hello\n")); err == nil {
			sent++
		}
		return false
	})
	out.set(false)
	r.mustStop()
	if got := len(out.all()); got != sent {
		t.Errorf("%d messages were written; %d were sent", got, sent)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// When the log is not read, Run gives up in time, and says what is lost.
func TestStopWithStuckOutput(t *testing.T) {
	t.Parallel()
	for _, block := range []bool{false, true} {
		t.Run(fmt.Sprint("block ", block), func(t *testing.T) {
			t.Parallel()
			const limit = 300 * time.Millisecond
			path := newPath(t)
			out := newGate()
			r := start(t, syslog.Config{Listen: []string{path}, QueueMessages: 50, Stderr: out, Block: block, FlushTimeout: limit})
			fd := blocking(t, path)
			sent := 0
			var sender sync.WaitGroup
			sender.Go(func() {
				for range 3000 {
					if _, err := unix.Write(fd, []byte("hello")); err != nil {
						return
					}
					sent++
				}
			})
			await(t, "the queue to be full", func() bool { return r.Stats().Waiting == 50 })
			began := time.Now()
			err := r.stop()
			took := time.Since(began)
			want := "cannot write the last 50 messages of syslog within 300ms"
			if err == nil || err.Error() != want {
				t.Errorf("Run: %v; want %q", err, want)
			}
			if took < limit || took > limit+250*time.Millisecond && !underRace {
				t.Errorf("Run took %v to end; want %v", took, limit)
			}
			sender.Wait()
			out.set(false)
			await(t, "the writer to end", func() bool { return r.Stats().Waiting == 0 })
			if s := r.Stats(); s.Received != uint64(sent) || s.Written != 50 || s.Dropped != uint64(sent)-50 {
				t.Errorf("Stats = %+v; want %d received, 50 written, the rest dropped", s, sent)
			}
		})
	}
}

// Not parallel: it counts descriptors of the process.
func TestNothingIsLeft(t *testing.T) {
	before, dir := len(descriptors(t)), shortDir(t)
	for range 5 {
		var addresses []string
		for i := range 3 {
			addresses = append(addresses, fmt.Sprintf("%s/%d", dir, i), fmt.Sprintf("stream:%s/s%d", dir, i))
		}
		r := start(t, syslog.Config{Listen: append(addresses, "udp:127.0.0.1:0", "tcp:[::1]:0")})
		for _, at := range r.Listening() {
			send(t, dial(t, at), "hello\n")
		}
		r.settle(len(r.Listening()))
		mustDo(t, os.Remove(dir+"/1"))
		await(t, "another socket", func() bool { return len(r.logged()) > 0 })
		r.mustStop()
		left, err := os.ReadDir(dir)
		mustDo(t, err)
		if len(left) > 0 {
			t.Errorf("%s still holds %v", dir, left)
		}
	}
	const clients = 5 * 8 // their ends of the connections
	await(t, "descriptors to be closed", func() bool {
		runtime.GC()
		return len(descriptors(t)) <= before+clients
	})
}
