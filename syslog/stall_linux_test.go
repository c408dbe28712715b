package syslog_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/syslog"
)

// blocking connects a socket that waits in send(2) as programs do, without the
// runtime's poller.
func blocking(tb testing.TB, path string) int {
	tb.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	mustDo(tb, err)
	tb.Cleanup(func() { unix.Close(fd) })
	mustDo(tb, unix.Connect(fd, &unix.SockaddrUnix{Name: path}))
	return fd
}

func mustWrite(tb testing.TB, fd int, text string) {
	if _, err := unix.Write(fd, []byte(text)); err != nil {
		tb.Errorf("cannot send %q: %v", text, err)
	}
}

// gate is an output that takes nothing while it is shut.
type gate struct {
	lines
	mu   sync.Mutex
	open *sync.Cond
	shut bool
	fail error // if set, what Write gives
}

func newGate() *gate {
	g := &gate{shut: true}
	g.open = sync.NewCond(&g.mu)
	return g
}

func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	g.open.Broadcast()
}

func (g *gate) failWith(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fail = err
}

func (g *gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	for g.shut {
		g.open.Wait()
	}
	err := g.fail
	g.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return g.lines.Write(p)
}

// dropped reads a line that says how many messages are missing.
func dropped(line string) (n int, ok bool) {
	_, text, _ := strings.Cut(line, ": ")
	var noun string
	if _, err := fmt.Sscanf(text, "dropped %d %s here: the log took no more", &n, &noun); err != nil {
		return 0, false
	}
	want := "message"
	if n != 1 {
		want = "messages"
	}
	return n, noun == want && line == "syslog.err "+us(text) && strings.HasSuffix(text, " here: the log took no more")
}

// A log that is not read keeps no sender waiting, and afterwards says what it
// lacks.
func TestStalled(t *testing.T) {
	t.Parallel()
	const senders, each = 8, 10_000
	path := newPath(t)
	in, out, err := os.Pipe()
	mustDo(t, err)
	defer in.Close()
	r := start(t, syslog.Config{Listen: []string{path}, Stderr: out, QueueMessages: 4096})
	took := make([][]time.Duration, senders)
	var wg sync.WaitGroup
	for i := range senders {
		fd := blocking(t, path)
		wg.Go(func() {
			runtime.LockOSThread()
			for n := range each {
				began := time.Now()
				mustWrite(t, fd, fmt.Sprintf("<13>w%d: %d %0200d", i, n, 0))
				took[i] = append(took[i], time.Since(began))
			}
		})
	}
	wg.Wait()
	all := slices.Sorted(slices.Values(slices.Concat(took...)))
	t.Logf("a send took %v in the median, %v at 99.9 %%, at most %v", all[len(all)/2], all[len(all)*999/1000], all[len(all)-1])
	if late := all[len(all)*99/100]; late > 50*time.Millisecond {
		t.Errorf("1 of 100 sends took longer than %v", late)
	}
	if s := r.Stats(); s.Dropped == 0 {
		t.Errorf("nothing was dropped: %+v", s)
	}

	var read []string
	wg.Go(func() {
		for lines := bufio.NewScanner(in); lines.Scan(); {
			read = append(read, lines.Text())
		}
	})
	r.settle(senders * each)
	mustWrite(t, blocking(t, path), "<13>w8: 0 x") // when there is room again, all is well
	r.settle(senders*each + 1)
	r.mustStop()
	out.Close()
	wg.Wait()
	checkStalled(t, read, r.Stats(), senders*each+1)
}

// checkStalled wants all messages that are not in what was read to be in gaps.
func checkStalled(t *testing.T, read []string, s syslog.Stats, sent int) {
	t.Helper()
	var written, missing int
	next := map[string]int{}
	for _, line := range read {
		if n, ok := dropped(line); ok {
			missing += n
			continue
		}
		written++
		_, text, _ := strings.Cut(line, " ")
		sender, text, _ := strings.Cut(text, ": ")
		var n int
		if _, err := fmt.Sscanf(text, "%d ", &n); err != nil || n < next[sender] {
			t.Fatalf("the line is %.80q; %v", line, err)
		}
		next[sender] = n + 1
	}
	if written+missing != sent {
		t.Errorf("%d were written and %d missing; want %d in all", written, missing, sent)
	}
	want := syslog.Stats{Received: uint64(sent), Written: uint64(written), Dropped: uint64(missing)}
	if s != want {
		t.Errorf("Stats = %+v; want %+v", s, want)
	}
}

// Each gap is where the messages are missing, and says how many there are.
func TestGaps(t *testing.T) {
	t.Parallel()
	for _, bounds := range []syslog.Config{{QueueMessages: 100}, {QueueBytes: 1000}} {
		t.Run(fmt.Sprint(bounds.QueueMessages, bounds.QueueBytes), func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			out := newGate()
			bounds.Listen, bounds.Stderr = []string{path}, out
			r := start(t, bounds)
			t.Cleanup(func() { out.set(false) })
			fd := blocking(t, path)
			sent := 0
			for range 5 {
				out.set(true)
				for range 300 {
					mustWrite(t, fd, fmt.Sprintf("<13>w: %d", sent))
					sent++
				}
				await(t, "all", func() bool { return r.Stats().Received == uint64(sent) })
				out.set(false)
				r.settle(sent)
			}
			r.mustStop()
			next, gaps := 0, 0
			for _, line := range out.all() {
				if n, ok := dropped(line); ok {
					next += n
					gaps++
					continue
				}
				if want := fmt.Sprintf("user.notice w[%d]: %d", os.Getpid(), next); line != want {
					t.Fatalf("after %d gaps the line is %q; want %q", gaps, line, want)
				}
				next++
			}
			if next != sent || gaps < 5 {
				t.Errorf("%d messages in lines and %d gaps; want %d, and 5 gaps or more", next, gaps, sent)
			}
		})
	}
}

// With Block nothing is lost, and senders wait.
func TestBlock(t *testing.T) {
	t.Parallel()
	const each = 3000 // more than the kernel keeps
	path := newPath(t)
	out := newGate()
	r := start(t, syslog.Config{Listen: []string{path}, Stderr: out, QueueMessages: 10, Block: true})
	t.Cleanup(func() { out.set(false) })
	fd := blocking(t, path)
	done := make(chan bool)
	go func() {
		defer close(done)
		for n := range each {
			mustWrite(t, fd, fmt.Sprintf("<13>w0: %d", n))
		}
	}()
	await(t, "the queue to be full", func() bool { return r.Stats().Waiting == 10 })
	if s := r.Stats(); s.Waiting > 10 || s.Dropped > 0 || s.Written > 0 {
		t.Errorf("Stats = %+v", s)
	}
	select {
	case <-done:
		t.Error("the sender has not waited")
	default:
	}
	out.set(false)
	<-done
	r.settle(each)
	r.mustStop()
	checkOrder(t, out.all(), "w", 1, each)
	if got, want := r.Stats(), (syslog.Stats{Received: each, Written: each}); got != want {
		t.Errorf("Stats = %+v; want %+v", got, want)
	}
}

// What cannot be written is counted, and told of as soon as something can.
func TestOutputFails(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	out := newGate()
	out.set(false)
	r := start(t, syslog.Config{Listen: []string{path}, Stderr: out})
	conn := dial(t, path)
	step := 0
	say := func(fail error) {
		out.failWith(fail)
		step++
		send(t, conn, fmt.Sprint("step ", step))
		r.settle(step)
	}
	say(nil)
	say(syscall.EPIPE)
	say(syscall.ENOSPC)
	say(nil)
	say(errors.New("again"))
	say(nil)
	say(syscall.EIO)
	out.failWith(nil)
	r.mustStop()
	const could = " here: they could not be written"
	want := []string{
		sent("step 1"),
		"syslog.err " + us("dropped 2 messages"+could), sent("step 4"),
		"syslog.err " + us("dropped 1 message"+could), sent("step 6"),
		"syslog.err " + us("dropped 1 message"+could), // at the end, as nothing more comes
	}
	if diff := cmp.Diff(want, out.all()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if got, want := r.Stats(), (syslog.Stats{Received: 7, Written: 3, Dropped: 4}); got != want {
		t.Errorf("Stats = %+v; want %+v", got, want)
	}
}

// Each of the two outputs says what it lacks.
func TestOutputsFail(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	stderr, stdout := newGate(), newGate()
	outputs := []*gate{stderr, stdout}
	r := start(t, syslog.Config{Listen: []string{path}, Stderr: stderr, Stdout: stdout})
	for _, out := range outputs {
		out.set(false)
		out.failWith(syscall.EPIPE)
	}
	send(t, dial(t, path), "<11>err", "<13>notice", "<13>notice")
	r.settle(3)
	for _, out := range outputs {
		out.failWith(nil)
	}
	r.mustStop()
	for i, want := range []string{"dropped 1 message", "dropped 2 messages"} {
		want := []string{"syslog.err " + us(want+" here: they could not be written")}
		if diff := cmp.Diff(want, outputs[i].all()); diff != "" {
			t.Errorf("output %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestOutputGone(t *testing.T) {
	t.Parallel()
	in, out, err := os.Pipe()
	mustDo(t, err)
	in.Close()
	closed, err := os.Open(os.DevNull)
	mustDo(t, err)
	closed.Close()
	for _, tc := range []struct {
		name string
		w    io.Writer
	}{{"EPIPE", out}, {"closed", closed}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			r := start(t, syslog.Config{Listen: []string{path}, Stderr: tc.w})
			for range 100 {
				send(t, dial(t, path), "hello")
			}
			r.settle(100)
			r.mustStop()
			if got, want := r.Stats(), (syslog.Stats{Received: 100, Dropped: 100}); got != want {
				t.Errorf("Stats = %+v; want %+v", got, want)
			}
		})
	}
}

// While a Handler is busy messages wait, and each that it is done with makes room.
func TestSlowHandler(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	var out lines
	turns := make(chan bool)
	r := start(t, syslog.Config{Listen: []string{path}, Handler: func(m *syslog.Message) {
		<-turns
		fmt.Fprintf(&out, "%s\n", m.Text)
	}})
	fd := blocking(t, path)
	const each = 200
	for n := range each {
		mustWrite(t, fd, fmt.Sprint(n))
	}
	await(t, "all", func() bool { return r.Stats().Received == each })
	for range each / 2 {
		turns <- true
	}
	await(t, "room", func() bool { return r.Stats().Waiting < each-each/4 })
	close(turns)
	r.settle(each)
	r.mustStop()
	for n, text := range out.all() {
		if text != fmt.Sprint(n) {
			t.Fatalf("message %d is %q", n, text)
		}
	}
	if got, want := r.Stats(), (syslog.Stats{Received: each, Written: each}); got != want {
		t.Errorf("Stats = %+v; want %+v", got, want)
	}
}

// Many write to several sockets at once, and the log is read: nothing is lost.
func TestFlood(t *testing.T) {
	t.Parallel()
	const senders, each = 8, 20_000
	paths := []string{newPath(t), newPath(t), newPath(t)}
	for _, block := range []bool{true, false} {
		t.Run(fmt.Sprint("block ", block), func(t *testing.T) {
			in, out, err := os.Pipe()
			mustDo(t, err)
			defer in.Close()
			r := start(t, syslog.Config{Listen: paths, Stderr: out, Block: block})
			var read []string
			var reader, wg sync.WaitGroup
			reader.Go(func() {
				for lines := bufio.NewScanner(in); lines.Scan(); {
					read = append(read, lines.Text())
				}
			})
			for i := range senders {
				fd := blocking(t, paths[i%len(paths)])
				wg.Go(func() {
					for n := range each {
						mustWrite(t, fd, fmt.Sprintf("<13>w%d: %d ", i, n))
					}
				})
			}
			wg.Wait()
			r.settle(senders * each)
			r.mustStop()
			out.Close()
			reader.Wait()
			if block {
				checkOrder(t, read, "w", senders, each)
			}
			checkStalled(t, read, r.Stats(), senders*each)
			t.Logf("%d of %d were dropped", r.Stats().Dropped, senders*each)
		})
	}
}
