package syslog_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/syslog"
)

// networks are sockets of each kind, at a free port or path.
func networks(t *testing.T) []string {
	path := newPath(t)
	return []string{path, "stream:" + path + ".stream", "udp:127.0.0.1:0", "udp:[::1]:0", "tcp:127.0.0.1:0", "tcp:[::1]:0"}
}

// Each kind of socket says where it is, is sent to there, and says who sent.
func TestNetworks(t *testing.T) {
	t.Parallel()
	for i, address := range networks(t) {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			var c collector
			r := start(t, syslog.Config{Listen: []string{address}, Handler: c.handle, Required: true})
			at := r.Listening()[0]
			if strings.HasSuffix(address, ":0") == strings.HasSuffix(at, ":0") && i >= 2 || i < 2 && at != address {
				t.Errorf("Listening gives %q for %q", at, address)
			}
			send(t, dial(t, at), "<13>Nov 23 13:30:05 elsewhere tag: hello\n")
			r.settle(1)
			r.mustStop()
			want := seen{From: at, Tag: "tag", Text: "hello", UID: -1, GID: -1}
			if i < 2 { // here hosts are not named
				want = seen{From: at, Text: "elsewhere tag: hello"}
			}
			got := c.messages()
			if len(got) != 1 {
				t.Fatalf("got %+v; want one message", got)
			}
			if i < 2 {
				if got[0].PID == 0 || got[0].Comm != comm {
					t.Errorf("the sender is %d, %q; want %q", got[0].PID, got[0].Comm, comm)
				}
				got[0].PID, got[0].Comm, got[0].UID, got[0].GID = 0, "", 0, 0
			}
			if diff := cmp.Diff(want, got[0]); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

// Messages that do not fit into one read, in both framings.
func TestLongFrames(t *testing.T) {
	t.Parallel()
	r := start(t, syslog.Config{Listen: []string{"tcp:127.0.0.1:0"}})
	conn := dial(t, r.Listening()[0])
	text := func(n int) string { return strings.Repeat("x", n-len("<13>")) }
	for _, n := range []int{20_000, 64 << 10, 64<<10 + 1, 300_000} {
		send(t, conn, "<13>"+text(n)+"\n", fmt.Sprintf("%d <13>%s", n, text(n)))
	}
	send(t, conn, "<13>last") // without its end
	conn.Close()
	r.settle(9)
	r.mustStop()
	var want []string
	for _, tail := range []string{text(20_000), text(64 << 10), text(64<<10) + "...[cut, 1 bytes more]", text(64<<10) + "...[cut, 234464 bytes more]"} {
		want = append(want, "user.notice -: "+tail, "user.notice -: "+tail)
	}
	if diff := cmp.Diff(append(want, "user.notice -: last"), r.out.all()); diff != "" {
		t.Errorf("lines (-want +got):\n%.3000s", diff)
	}
	if got, want := r.Stats(), (syslog.Stats{Received: 9, Written: 9, Cut: 4}); got != want {
		t.Errorf("Stats = %+v; want %+v", got, want)
	}
}

func TestManyClients(t *testing.T) {
	t.Parallel()
	const clients, each = 100, 100
	for _, address := range networks(t)[1:] {
		if strings.HasPrefix(address, "udp") {
			continue
		}
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			r := start(t, syslog.Config{Listen: []string{address}, Block: true})
			at := r.Listening()[0]
			var wg sync.WaitGroup
			for i := range clients {
				conn := dial(t, at)
				wg.Go(func() {
					for n := range each {
						text := fmt.Sprintf("<13>c%d: %d", i, n)
						if i%2 == 0 {
							text = fmt.Sprintf("%d %s", len(text), text)
						} else {
							text += "\n"
						}
						if _, err := conn.Write([]byte(text)); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			r.settle(clients * each)
			r.mustStop()
			checkOrder(t, r.out.all(), "c", clients, each)
		})
	}
}

// checkOrder wants messages "NAMEn: 0", "NAMEn: 1", ... of each of so many
// senders, each in order.
func checkOrder(t *testing.T, lines []string, name string, senders, each int) {
	t.Helper()
	next := make([]int, senders)
	for _, line := range lines {
		var sender, n int
		_, rest, _ := strings.Cut(line, " ")
		tag, text, _ := strings.Cut(rest, ": ")
		tag, _, _ = strings.Cut(tag, "[")
		if _, err := fmt.Sscanf(tag+" "+text, name+"%d %d", &sender, &n); err != nil || sender >= senders || next[sender] != n {
			t.Fatalf("the line is %q; %v", line, err)
		}
		next[sender]++
	}
	for sender, n := range next {
		if n != each {
			t.Errorf("of sender %d there are %d messages; want %d", sender, n, each)
		}
	}
}

// A client beyond the limit is turned away, said once; and those that do
// nothing do no harm.
func TestTooManyClients(t *testing.T) {
	t.Parallel()
	address := "stream:" + newPath(t)
	r := start(t, syslog.Config{Listen: []string{address}})
	var clients []net.Conn
	for i := range syslog.MaxConnections {
		conn := dial(t, address)
		clients = append(clients, conn)
		if i == 0 || i == syslog.MaxConnections-1 {
			send(t, conn, "hello\n")
		}
	}
	r.settle(2)
	for range 2 {
		if n, err := dial(t, address).Read(make([]byte, 1)); err == nil {
			t.Errorf("a client too many reads %d bytes", n)
		}
	}
	want := []string{fmt.Sprintf("warn syslog: %s: a client was turned away: there are %d already", address, syslog.MaxConnections)}
	if diff := cmp.Diff(want, r.logged()); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
	clients[1].Close()
	received := uint64(2)
	await(t, "room for another", func() bool {
		conn, err := net.Dial("unix", strings.TrimPrefix(address, "stream:"))
		if err != nil {
			return false
		}
		defer conn.Close()
		_, err = conn.Write([]byte("one more\n"))
		return err == nil && awaitRead(r, conn, received+1)
	})
	r.mustStop() // with all the others connected
}

// awaitRead tells whether what was sent is read, and the client not turned away.
func awaitRead(r *running, conn net.Conn, received uint64) bool {
	if conn, ok := conn.(*net.UnixConn); ok {
		_ = conn.CloseWrite()
	}
	_, _ = conn.Read(make([]byte, 1)) // until it is closed
	return r.Stats().Received >= received
}

// What was sent when Run is told to end is written, of clients that have not even been
// accepted too.
func TestStreamsAreDrained(t *testing.T) {
	t.Parallel()
	for _, address := range networks(t)[1:] {
		if strings.HasPrefix(address, "udp") {
			continue
		}
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			r := bound(t, syslog.Config{Listen: []string{address}})
			const clients = 20
			for i := range clients {
				send(t, dial(t, r.Listening()[0]), fmt.Sprintf("<13>c%d: 0\n<13>c%d: 1", i, i))
			}
			execute, interrupt := r.Actor()
			interrupt(nil)
			if err := execute(); err != nil {
				t.Error(err)
			}
			checkOrder(t, r.out.all(), "c", clients, 2)
		})
	}
}
