package forward_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/syslog/forward"
)

// unread is how many bytes lie in the socket's buffer: SIOCINQ in tcp(7).
func unread(tb testing.TB, conn net.Conn) int {
	tb.Helper()
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		tb.Fatal(err)
	}
	n := 0
	raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// A server dies with unread messages. Exactly those are lost that its kernel had
// taken as a whole; the next server gets all others, from the first that was not.
func TestWhatTheKernelHasNotTakenIsSentAgain(t *testing.T) {
	t.Parallel()
	l := listen(t)
	f := start(t, forward.Config{Target: "tcp://" + l.Addr().String(), QueueBytes: 64 << 20})
	const total = 20_000
	var texts []string
	var ends []int // of the frames in the stream
	stream := 0
	for i := range total {
		text := fmt.Sprintf("%d %s", i, strings.Repeat("x", i%1000))
		texts = append(texts, wanted(text))
		stream += len(octets(wanted(text)))
		ends = append(ends, stream)
		f.Handle(message(text))
	}
	first := accept(t, l)
	first.(*net.TCPConn).SetReadBuffer(64 << 10)
	read, err := io.ReadFull(first, make([]byte, 12_345))
	if err != nil {
		t.Fatal(err)
	}
	taken, since := 0, time.Now()
	await(t, "the window to be full", func() bool { // and to stay so
		if now := read + unread(t, first); now != taken {
			taken, since = now, time.Now()
		}
		return taken > read && time.Since(since) > 200*time.Millisecond
	})
	first.Close()

	r := bufio.NewReader(accept(t, l))
	frame, err := readFrame(r)
	lost := slices.Index(texts, frame)
	if err != nil || lost < 1 || ends[lost-1] > taken || ends[lost] <= taken {
		t.Fatalf("frame %d (%v) is the first at the second server; the kernel of the first took %d bytes", lost, err, taken)
	}
	t.Logf("%d messages lay in the buffer of the first server", lost)
	for i := lost + 1; i < total; i++ {
		if got, err := readFrame(r); err != nil || got != texts[i] {
			t.Fatalf("frame %d: %.60q, %v", i, got, err)
		}
	}
	f.mustSend()
	if err := f.stop(); err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("%d bytes more, %v", len(rest), err)
	}
	if diff := cmp.Diff(forward.Stats{Sent: total, Connections: 2}, ignoreFailures(f.Stats())); diff != "" {
		t.Errorf("Stats (-want +got):\n%s", diff)
	}
}

// With TLS, too, what was under way is sent again: about as much is lost as lay in the
// server's buffer, and nothing is torn.
func TestWhatTheKernelHasNotTakenIsSentAgainOverTLS(t *testing.T) {
	t.Parallel()
	certs := makeCerts(t)
	raw := make(chan net.Conn, 2)
	l := listenTLS(t, certs, func(c *tls.Config) {
		c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			raw <- hello.Conn.(*recorded).Conn
			return nil, nil
		}
	})
	f := start(t, forward.Config{
		Target: "tls://" + l.Addr().String(), CAFile: certs + "/ca.pem", ServerName: "logs.example", QueueBytes: 64 << 20,
	})
	const total = 20_000
	var texts []string
	for i := range total {
		text := fmt.Sprintf("%d %s", i, strings.Repeat("x", i%1000))
		texts = append(texts, wanted(text))
		f.Handle(message(text))
	}
	first := bufio.NewReader(accept(t, l))
	for i := range 20 {
		if got, err := readFrame(first); err != nil || got != texts[i] {
			t.Fatalf("frame %d: %.60q, %v", i, got, err)
		}
	}
	conn := <-raw
	taken, since := 0, time.Now()
	await(t, "the window to be full", func() bool { // and to stay so
		if now := unread(t, conn); now != taken {
			taken, since = now, time.Now()
		}
		return taken > 0 && time.Since(since) > 200*time.Millisecond
	})
	conn.Close()

	r := bufio.NewReader(accept(t, l))
	frame, err := readFrame(r)
	next := slices.Index(texts, frame)
	if err != nil || next < 20 {
		t.Fatalf("the first frame at the second server is %.60q, %v", frame, err)
	}
	lost := 0
	for _, text := range texts[20:next] {
		lost += len(text)
	}
	t.Logf("%d bytes lay in the buffer of the first server; messages of %d bytes are lost", taken, lost)
	if lost > taken+32<<10 || lost < taken-32<<10 { // a record is in the hands of TLS, another is torn
		t.Error("that is not what was in the buffer")
	}
	for i := next + 1; i < total; i++ {
		if got, err := readFrame(r); err != nil || got != texts[i] {
			t.Fatalf("frame %d: %.60q, %v", i, got, err)
		}
	}
}

// What counts as arrived: whole frames, or with TLS whole pieces.
func TestArrived(t *testing.T) {
	t.Parallel()
	ends := []int{100, 250, 300}
	for _, tc := range []struct {
		done            int
		from, to, bytes uint64
		frames, pieces  int
	}{
		{0, 1000, 1300, 0, 0, 0},
		{0, 1000, 1300, 1000, 0, 0},
		{0, 1000, 1300, 1099, 0, 0},
		{0, 1000, 1300, 1100, 1, 0},
		{0, 1000, 1300, 1249, 1, 0},
		{0, 1000, 1300, 1250, 2, 0},
		{0, 1000, 1300, 1299, 2, 0},
		{0, 1000, 1300, 1300, 3, 3},
		{0, 1000, 1300, 9999, 3, 3},
		{1, 0, 200, 149, 1, 1},
		{1, 0, 200, 150, 2, 1},
		{1, 0, 200, 200, 3, 3},
		{0, 1000, forward.Unwritten, 1260, 2, 0},
		{1, forward.Unwritten, forward.Unwritten, 9999, 1, 1},
	} {
		if n := forward.Arrived(ends, tc.done, tc.from, tc.to, tc.bytes, false); n != tc.frames {
			t.Errorf("%+v: %d frames", tc, n)
		}
		if n := forward.Arrived(ends, tc.done, tc.from, tc.to, tc.bytes, true); n != tc.pieces {
			t.Errorf("%+v: %d frames, if only pieces arrive", tc, n)
		}
	}
}

// A server that is connected and takes nothing is not one that is back.
func TestStalledServerIsNotBack(t *testing.T) {
	t.Parallel()
	small := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4096) })
	}}
	l, err := small.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	core, logs := observer.New(zap.InfoLevel)
	f := newForwarder(t, forward.Config{Target: "tcp://" + l.Addr().String(), Logger: zap.New(core), QueueMessages: 100})
	attempts := 0
	forward.SetDial(f, func(ctx context.Context, network, address string) (net.Conn, error) {
		if attempts++; attempts == 1 {
			return nil, errors.New("the network is down")
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	})
	burst := func() {
		for range 150 { // more than the server's buffer, less than ours
			f.Handle(message(strings.Repeat("x", 1000)))
		}
	}
	burst()
	r := runs(t, f)
	conn := accept(t, l)
	server := bufio.NewReader(conn)
	stall := func(d time.Duration) {
		begin := time.Now()
		await(t, "time to pass", func() bool { return time.Since(begin) > d })
	}
	// receive reads a burst, with the note: no further message is needed for that.
	receive := func() {
		conn.SetReadDeadline(time.Now().Add(patience))
		for accounted := 0; accounted < 150; accounted++ {
			frame, err := readFrame(server)
			if err != nil {
				t.Fatalf("%d messages arrived or were told to be dropped, then %v", accounted, err)
			}
			if _, rest, ok := strings.Cut(frame, "dropped "); ok {
				var n int
				fmt.Sscanf(rest, "%d messages here", &n)
				accounted += n - 1
			}
		}
	}
	stall(2500 * time.Millisecond)
	if lines := logged(logs); len(lines) != 1 { // before it is read: after that, the server is back
		t.Errorf("log: %q", lines)
	}
	receive()
	await(t, "the server to be back", func() bool { return logs.Len() == 2 })
	r.mustSend()
	burst()
	stall(700 * time.Millisecond)
	receive()
	r.mustSend()
}

// ignoreFailures: whether a connection was long enough to be none is a matter of load.
func ignoreFailures(s forward.Stats) forward.Stats {
	s.Failures = 0
	return s
}

// The queue is bounded, nothing is dropped before it is full, and each gap is told where
// it is.
func TestBoundsAndGaps(t *testing.T) {
	t.Parallel()
	size := len(octets(wanted("100")))
	for name, tc := range map[string]struct {
		config forward.Config
		fit    int
	}{
		"bytes":    {forward.Config{QueueBytes: 50*size + size - 1}, 50},
		"messages": {forward.Config{QueueMessages: 40}, 40},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := listen(t)
			tc.config.Target = "tcp://" + l.Addr().String()
			f := newForwarder(t, tc.config)
			for i := range 300 {
				f.Handle(message(strconv.Itoa(100 + i)))
			}
			fit := uint64(tc.fit)
			if diff := cmp.Diff(forward.Stats{Waiting: fit, Dropped: 300 - fit}, f.Stats()); diff != "" {
				t.Fatalf("Stats (-want +got):\n%s", diff)
			}
			running := runs(t, f)
			r := bufio.NewReader(accept(t, l))
			var got []string
			for range tc.fit + 1 {
				frame, err := readFrame(r)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, frame)
			}
			note := got[tc.fit]
			if !strings.HasPrefix(note, "<44>1 20") ||
				!strings.HasSuffix(note, fmt.Sprintf(" baseinit - - - dropped %d messages here: the queue for this server was full", 300-fit)) {
				t.Errorf("note %q", note)
			}
			for i, frame := range got[:tc.fit] {
				if want := wanted(strconv.Itoa(100 + i)); frame != want {
					t.Errorf("frame %d is %q", i, frame)
				}
			}
			running.mustSend()
			f.Handle(message("again"))
			if frame, err := readFrame(r); err != nil || frame != wanted("again") {
				t.Errorf("received %q, %v", frame, err)
			}
			if err := running.stop(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(forward.Stats{Sent: fit + 1, Dropped: 300 - fit, Connections: 1}, f.Stats()); diff != "" {
				t.Errorf("Stats (-want +got):\n%s", diff)
			}
		})
	}
}

// A message that is larger than the queue is told to be missing, at once.
func TestMessageLargerThanTheQueue(t *testing.T) {
	t.Parallel()
	l := listen(t)
	f := start(t, forward.Config{Target: "tcp://" + l.Addr().String(), QueueBytes: 1000})
	f.Handle(message(strings.Repeat("x", 1000)))
	frame, err := readFrame(bufio.NewReader(accept(t, l)))
	if err != nil || !strings.HasSuffix(frame, "dropped 1 message here: the queue for this server was full") {
		t.Errorf("received %q, %v", frame, err)
	}
}

// A server that ends each connection after a message gets all of them: that it has
// ended its side is noticed, or the kernel's missing confirmation is.
func TestServerEndsConnections(t *testing.T) {
	t.Parallel()
	l := listen(t)
	f := start(t, forward.Config{Target: "tcp://" + l.Addr().String()})
	for i := range 5 { // with longer and longer pauses
		text := strconv.Itoa(i)
		f.Handle(message(text))
		conn := accept(t, l)
		if frame, err := readFrame(bufio.NewReader(conn)); err != nil || frame != wanted(text) {
			t.Fatalf("received %q, %v", frame, err)
		}
		f.mustSend()
		conn.Close()
	}
}

// Over UDP, what is refused is not lost.
func TestRefusedDatagrams(t *testing.T) {
	t.Parallel()
	server := listenUDP(t)
	address := server.LocalAddr().String()
	core, logs := observer.New(zap.InfoLevel)
	f := start(t, forward.Config{Target: "udp://" + address, Logger: zap.New(core)})
	buf := make([]byte, 1000)
	receive := func(text string) {
		t.Helper()
		n, _, err := server.ReadFrom(buf)
		if err != nil || string(buf[:n]) != wanted(text) {
			t.Fatalf("received %q, %v; want %q", buf[:n], err, text)
		}
	}
	f.Handle(message("first"))
	receive("first")
	f.mustSend()
	for round := range 2 {
		server.Close()
		failures := f.Stats().Failures
		for i := range 100 {
			f.Handle(message(fmt.Sprint(round, i)))
		}
		await(t, "two failures", func() bool { return f.Stats().Failures >= failures+2 })
		if s := f.Stats(); s.Waiting != 100 {
			t.Errorf("Stats = %+v; want 100 Waiting", s)
		}
		var err error
		if server, err = net.ListenPacket("udp", address); err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			receive(fmt.Sprint(round, i))
		}
		f.mustSend()
	}
	server.Close()
	f.Handle(message("last"))
	if err := f.stop(); !errors.Is(err, unix.ECONNREFUSED) || !strings.Contains(err.Error(), "the last 1 message to udp://"+address) {
		t.Errorf("Run: %v", err)
	}
	if s := f.Stats(); s.Sent != 201 || s.Dropped != 1 || logs.Len() == 0 {
		t.Errorf("Stats = %+v", s)
	}
}

// The first datagram goes alone: on a network, the answer that nobody listens takes
// its time.
func TestFirstDatagram(t *testing.T) {
	t.Parallel()
	server := listenUDP(t)
	f := newForwarder(t, forward.Config{Target: "udp://" + server.LocalAddr().String()})
	for range 3 {
		f.Handle(message("x"))
	}
	runs(t, f)
	var times [3]time.Time
	for i := range times {
		if _, _, err := server.ReadFrom(make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		times[i] = time.Now()
	}
	if d := times[1].Sub(times[0]); d < 25*time.Millisecond { // 50 less what the first was read late
		t.Errorf("the second came %v after the first", d)
	}
}

// Memory stays bounded by the queue while nobody takes anything.
func TestMemoryIsBounded(t *testing.T) {
	// Not parallel: it looks at the heap of the process.
	f := newForwarder(t, forward.Config{Target: "tcp://localhost", QueueBytes: 1 << 20})
	before := rss(t)
	m := message(strings.Repeat("x", 500))
	for range 200_000 { // 100 MB
		f.Handle(m)
	}
	if grown := rss(t) - before; grown > 16<<20 {
		t.Errorf("the process has grown by %d bytes", grown)
	}
	if s := f.Stats(); s.Waiting+s.Dropped != 200_000 || s.Waiting < 1000 {
		t.Errorf("Stats = %+v", s)
	}
}

// rss is field 2 of proc_pid_statm(5), in bytes.
func rss(t *testing.T) int {
	t.Helper()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(string(bytes.Fields(data)[1]))
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
