package forward_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sillelien/baseinit/syslog/forward"
)

// network is one of pipes, in the time of a synctest bubble. It refuses
// connections until it is up.
type network struct {
	brief bool // connections end at once

	mu       sync.Mutex
	up       bool
	attempts []time.Time
	address  string
	server   net.Conn // the other end of the last connection
}

func (n *network) dial(_ context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.attempts = append(n.attempts, time.Now())
	n.address = address
	if !n.up {
		return nil, errors.New("the host is down")
	}
	client, server := net.Pipe()
	n.server = server
	if n.brief {
		server.Close()
	}
	return client, nil
}

func (n *network) setUp(up bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.up = up
}

// tried returns when there were attempts to connect.
func (n *network) tried() []time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.attempts)
}

func (n *network) peer() net.Conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.server
}

// inBubble runs test with a Forwarder to n, and with its log.
func inBubble(t *testing.T, n *network, c forward.Config, test func(t *testing.T, f *running, logs *observer.ObservedLogs)) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		c.Target, c.Logger = "tcp://logs.example", zap.New(core)
		f := newForwarder(t, c)
		forward.SetDial(f, n.dial)
		test(t, runs(t, f), logs)
	})
}

func TestNothingHappensWithoutMessages(t *testing.T) {
	t.Parallel()
	n := &network{}
	inBubble(t, n, forward.Config{}, func(t *testing.T, f *running, _ *observer.ObservedLogs) {
		time.Sleep(time.Hour)
		if err := f.stop(); err != nil || len(n.tried()) > 0 {
			t.Errorf("Run: %v, after %d attempts", err, len(n.tried()))
		}
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	n := &network{}
	inBubble(t, n, forward.Config{}, func(t *testing.T, f *running, logs *observer.ObservedLogs) {
		f.Handle(message("a"))
		time.Sleep(5 * time.Minute)
		attempts := n.tried()
		if n.address != "logs.example:514" {
			t.Errorf("dialed %q", n.address)
		}
		longest := 100 * time.Millisecond
		for i := 1; i < len(attempts); i++ {
			if d := attempts[i].Sub(attempts[i-1]); d < longest/2 || d > longest {
				t.Errorf("pause %d is %v; want %v to %v", i, d, longest/2, longest)
			}
			longest = min(2*longest, 30*time.Second)
		}
		if n := len(n.tried()); n < 15 || n > 30 {
			t.Errorf("%d attempts in 5 minutes", n)
		}
		want := []string{"warn cannot forward to tcp://logs.example:514: trying again, and keeping what there is room for"}
		if diff := cmp.Diff(want, logged(logs)); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}

		// It is back: the message arrives, and a second later that is said.
		n.setUp(true)
		time.Sleep(30 * time.Second)
		buf := make([]byte, 1000)
		got, err := n.peer().Read(buf)
		if err != nil || string(buf[:got]) != octets(wanted("a")) {
			t.Errorf("received %q, %v", buf[:got], err)
		}
		time.Sleep(2 * time.Second)
		want = append(want, "info forwarding to tcp://logs.example:514 again")
		if diff := cmp.Diff(want, logged(logs)); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}

		// The other side ends the connection; nothing happens until there is
		// something to send, and then at once.
		before := len(n.tried())
		n.peer().Close()
		time.Sleep(time.Hour)
		if len(n.tried()) != before {
			t.Error("it connects without having a message")
		}
		n.setUp(false)
		f.Handle(message("b"))
		time.Sleep(100 * time.Millisecond)
		if len(n.tried()) != before+2 {
			t.Errorf("%d attempts; want one, and one after the first pause", len(n.tried())-before)
		}
		want = append(want, want[0])
		if diff := cmp.Diff(want, logged(logs)); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}

		// At the end there is one more attempt, and that is all.
		begin := time.Now()
		err = f.stop()
		if err == nil || err.Error() != "cannot forward the last 1 message to tcp://logs.example:514: the host is down" {
			t.Errorf("Run: %v", err)
		}
		if len(n.tried()) != before+3 || time.Since(begin) > 0 {
			t.Errorf("%d attempts in %v", len(n.tried())-before, time.Since(begin))
		}
		f.Handle(message("too late"))
		want2 := forward.Stats{Sent: 1, Dropped: 2, Connections: 1, Failures: uint64(len(n.tried())) - 1}
		if diff := cmp.Diff(want2, f.Stats()); diff != "" {
			t.Errorf("Stats (-want +got):\n%s", diff)
		}
	})
}

// A server that takes connections and ends them at once is not one that is back.
func TestConnectionsThatDoNotLast(t *testing.T) {
	t.Parallel()
	n := &network{up: true, brief: true}
	inBubble(t, n, forward.Config{}, func(t *testing.T, f *running, logs *observer.ObservedLogs) {
		f.Handle(message("a"))
		time.Sleep(5 * time.Minute)
		if n := len(n.tried()); n < 15 || n > 30 {
			t.Errorf("%d attempts in 5 minutes", n)
		}
		if lines := logged(logs); len(lines) != 1 {
			t.Errorf("log: %q", lines)
		}
		if err := f.stop(); err == nil || !strings.Contains(err.Error(), "the last 1 message") {
			t.Errorf("Run: %v", err)
		}
	})
}

// A server that reads nothing is given up after Config.Timeout, and the frame that it
// had read in part is sent again as a whole.
func TestStall(t *testing.T) {
	t.Parallel()
	n := &network{up: true}
	inBubble(t, n, forward.Config{Timeout: 10 * time.Second}, func(t *testing.T, f *running, logs *observer.ObservedLogs) {
		f.Handle(message("a"))
		time.Sleep(5 * time.Second)
		frame := octets(wanted("a"))
		first := n.peer()
		if _, err := first.Read(make([]byte, len(frame)-1)); err != nil {
			t.Error(err)
		}
		if s := f.Stats(); s.Waiting != 1 {
			t.Errorf("Stats = %+v of a message that is not read", s)
		}
		time.Sleep(6 * time.Second)
		if n.peer() == first {
			t.Fatal("there is no second connection")
		}
		buf := make([]byte, 1000)
		if got, err := n.peer().Read(buf); err != nil || string(buf[:got]) != frame {
			t.Errorf("received %q, %v", buf[:got], err)
		}
		time.Sleep(2 * time.Second)
		want := []string{
			"warn cannot forward to tcp://logs.example:514: trying again, and keeping what there is room for",
			"info forwarding to tcp://logs.example:514 again",
		}
		if diff := cmp.Diff(want, logged(logs)); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
		if got := logs.All()[0].ContextMap()["error"]; got != "it takes no more data for 10s" {
			t.Errorf("error %q", got)
		}
		if diff := cmp.Diff(forward.Stats{Sent: 1, Connections: 2, Failures: 1}, f.Stats()); diff != "" {
			t.Errorf("Stats (-want +got):\n%s", diff)
		}
	})
}

// Run goes on for FlushTimeout and no longer.
func TestFlushTimeout(t *testing.T) {
	t.Parallel()
	for name, reads := range map[string]bool{"a server that reads": true, "one that does not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := &network{up: true}
			inBubble(t, n, forward.Config{FlushTimeout: 3 * time.Second}, func(t *testing.T, f *running, _ *observer.ObservedLogs) {
				var want string
				for range 3 {
					f.Handle(message("a"))
					want += octets(wanted("a"))
				}
				synctest.Wait()
				begin := time.Now()
				f.cancel()
				time.Sleep(time.Second)
				var got bytes.Buffer
				if reads {
					got.ReadFrom(n.peer())
				}
				err := <-f.ended
				took := time.Since(begin)
				if reads && (err != nil || took != time.Second || got.String() != want) {
					t.Errorf("Run: %v after %v, received %q", err, took, got.String())
				}
				if !reads && (err == nil || took != 3*time.Second ||
					err.Error() != "cannot forward the last 3 messages to tcp://logs.example:514: there were only 3s for it") {
					t.Errorf("Run: %v after %v", err, took)
				}
				if s := f.Stats(); s.Sent+s.Dropped != 3 || s.Waiting != 0 || (s.Sent == 3) != reads {
					t.Errorf("Stats = %+v", s)
				}
			})
		})
	}
}

// After a gap messages are welcome again when half of the room is free, not before: a
// log with one gap is easier to read than one with many.
func TestHalfIsFreeBeforeMessagesAreTaken(t *testing.T) {
	t.Parallel()
	n := &network{up: true}
	inBubble(t, n, forward.Config{QueueMessages: 10}, func(t *testing.T, f *running, _ *observer.ObservedLogs) {
		long := strings.Repeat("x", 20_000) // each is written alone
		handle := func() bool {
			before := f.Stats().Waiting
			f.Handle(message(long))
			return f.Stats().Waiting > before
		}
		for i := range 20 {
			if taken := handle(); taken != (i < 10) {
				t.Errorf("message %d taken: %v", i, taken)
			}
		}
		synctest.Wait()
		frame := make([]byte, len(octets(wanted(long))))
		for i := 1; i <= 6; i++ {
			if _, err := io.ReadFull(n.peer(), frame); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			if taken := handle(); taken != (i >= 5) {
				t.Errorf("after %d have arrived, one more is taken: %v", i, taken)
			}
		}
		go io.Copy(io.Discard, n.peer())
		if err := f.stop(); err != nil {
			t.Error(err)
		}
		n.peer().Close()
		if diff := cmp.Diff(forward.Stats{Sent: 12, Dropped: 14, Connections: 1}, f.Stats()); diff != "" {
			t.Errorf("Stats (-want +got):\n%s", diff)
		}
	})
}
