package syslog_test

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/syslog"
)

// typicalMessage has 200 bytes.
var typicalMessage = []byte("<30>Nov 23 13:30:05 nginx[77]: " + strings.Repeat("x", 169))

// steps is a sink that does not run, what its goroutines would do, and a
// function that sends it n messages.
func steps(tb testing.TB, cfg syslog.Config) (send func(n int), receive, write func() bool) {
	tb.Helper()
	path := newPath(tb)
	cfg.Listen = []string{path}
	r := bound(tb, cfg)
	tb.Cleanup(func() {
		execute, interrupt := r.Actor()
		interrupt(nil)
		if err := execute(); err != nil {
			tb.Error(err)
		}
	})
	fd := blocking(tb, path)
	receive, write = r.Steps()
	return func(n int) {
		for range n {
			if _, err := unix.Write(fd, typicalMessage); err != nil {
				tb.Error(err)
			}
		}
	}, receive, write
}

// perBatch is what any kernel keeps unread.
const perBatch = 10

// Nothing is allocated for a message on its whole way.
func TestSinkAllocatesNothing(t *testing.T) {
	for name, cfg := range map[string]syslog.Config{
		"text":         {Stderr: io.Discard},
		"json, stdout": {Stderr: io.Discard, Stdout: io.Discard, Format: syslog.JSON},
		"service": {
			Stderr: io.Discard, Service: func(int) string { return "web" },
			RateLimit: syslog.RateLimit{Messages: 1 << 30, Per: time.Hour},
		},
		"handler": {Handler: func(*syslog.Message) {}},
	} {
		t.Run(name, func(t *testing.T) {
			send, receive, write := steps(t, cfg)
			all := func() {
				send(perBatch)
				if !receive() || !write() {
					t.Error("there is nothing to be read")
				}
			}
			for range 100 {
				all()
			}
			if n := testing.AllocsPerRun(1000, all); n != 0 {
				t.Errorf("%v allocations for %d messages", n, perBatch)
			}
		})
	}
}

// What one message costs the reader and the writer, with recvmmsg(2) but without
// the sender.
func BenchmarkSteps(b *testing.B) {
	send, receive, write := steps(b, syslog.Config{Stderr: io.Discard})
	b.ReportAllocs()
	var took time.Duration
	for n := 0; n < b.N; n += perBatch {
		send(perBatch)
		began := time.Now()
		receive()
		write()
		took += time.Since(began)
	}
	b.ReportMetric(float64(took.Nanoseconds())/float64(b.N), "reader-ns/op")
}

// Messages through a real socket, by one sender that does nothing else.
func BenchmarkSink(b *testing.B) {
	for name, cfg := range map[string]syslog.Config{
		"text": {},
		"json": {Format: syslog.JSON},
	} {
		b.Run(name, func(b *testing.B) {
			cfg.Listen, cfg.Stderr, cfg.Block = []string{newPath(b)}, io.Discard, true
			r := start(b, cfg)
			fd := blocking(b, cfg.Listen[0])
			b.ReportAllocs()
			for b.Loop() {
				if _, err := unix.Write(fd, typicalMessage); err != nil {
					b.Fatal(err)
				}
			}
			r.settle(b.N)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// A burst is not paid for ever, also if a message comes now and then.
func TestBurstIsForgotten(t *testing.T) {
	path := newPath(t)
	out := newGate()
	r := start(t, syslog.Config{Listen: []string{path}, Stderr: out})
	fd := blocking(t, path)
	live := func() int {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	mustWrite(t, fd, "hello")
	await(t, "one", func() bool { return r.Stats().Received == 1 })
	before := live()
	long := string(bytes.Repeat([]byte("x"), 10_000))
	const burst = 500
	for range burst {
		mustWrite(t, fd, long)
	}
	await(t, "the burst", func() bool { return r.Stats().Received == burst+1 })
	if !r.HoldsMuch() || live() < before+burst*10_000 {
		t.Errorf("a burst of %d bytes takes %d bytes more than before", burst*10_000, live()-before)
	}
	out.lines.mu.Lock()
	out.buf.Grow(burst * 11_000) // it is not the sink's
	before += out.buf.Cap()
	out.lines.mu.Unlock()
	out.set(false)
	r.settle(burst + 1)
	next := time.Now()
	await(t, "the buffers to be given back", func() bool {
		if time.Now().After(next) { // less than a second apart
			mustWrite(t, fd, "tick")
			next = time.Now().Add(100 * time.Millisecond)
		}
		return !r.HoldsMuch()
	})
	r.settle(burst + 1)
	await(t, "the memory to be given back", func() bool { return live() < before+1<<20 })
}
