package logline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/logline"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300_000) // several times what a pipe holds
	for _, tc := range []struct {
		name   string
		writes []string
		want   []string
	}{
		{"nothing", nil, nil},
		{"no bytes", []string{"", ""}, nil},
		{"one line", []string{"a\n"}, []string{"a"}},
		{"many lines at once", []string{"a\nb\n\nc\n"}, []string{"a", "b", "", "c"}},
		{"newline added", []string{"a", "b\nc", "d\n"}, []string{"a", "b", "c", "d"}},
		{"an empty line", []string{"\n"}, []string{""}},
		{"long lines", []string{"a\n" + long + "\nb\n", long, "c\n"}, []string{"a", long, "b", long, "c"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPipe(t)
			w := logline.New(p.fd(), logline.Config{})
			for _, s := range tc.writes {
				if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
					t.Errorf("Write = %d, %v; want %d, nil", n, err, len(s))
				}
			}
			if diff := cmp.Diff(tc.want, p.finish(t, w)); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			want := logline.Stats{Lines: uint64(len(tc.want))}
			for _, line := range tc.want {
				want.Bytes += uint64(len(line)) + 1
			}
			if diff := cmp.Diff(want, w.Stats()); diff != "" {
				t.Errorf("Stats (-want +got):\n%s", diff)
			}
		})
	}
}

// The caller may use its buffer again.
func TestWriteCopies(t *testing.T) {
	t.Parallel()
	p := newPipe(t)
	skip := p.fill(t)
	w := logline.New(p.fd(), logline.Config{})
	line := []byte("first\n")
	w.Write(line)
	copy(line, "other\n")
	w.Write(line)
	p.skip(t, skip)
	if diff := cmp.Diff([]string{"first", "other"}, p.finish(t, w)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestFullPipeNeverBlocksAndOwnsUp(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		format logline.Format
	}{{"text", logline.Text}, {"json", logline.JSON}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			const total = 50_000
			p := newPipe(t)
			skip := p.fill(t)
			w := logline.New(p.fd(), logline.Config{Limit: 10_000, Format: tc.format})

			fmt.Fprint(w, "line 0\n")
			await(t, "the writer to be stuck", func() bool { return stuckInWrite(w) })
			// That this loop ends shows that Write does not block: nobody reads.
			for i := 1; i < total; i++ {
				fmt.Fprintf(w, "line %d\n", i)
			}
			s := w.Stats()
			if s.Lines != 0 || s.Waiting == 0 || s.Dropped == 0 || s.Waiting+s.Dropped != total {
				t.Errorf("Stats = %+v while nobody reads; want no Lines, and %d Waiting or Dropped", s, total)
			}

			p.skip(t, skip)
			await(t, "the writer to catch up", func() bool { return w.Stats().Waiting == 0 })
			fmt.Fprint(w, "there is room again\n")
			got := p.finish(t, w)

			var want []string
			for i := range s.Waiting {
				want = append(want, fmt.Sprintf("line %d", i))
			}
			want = append(want, fmt.Sprintf("NOTE %d", s.Dropped), "there is room again")
			if diff := cmp.Diff(want, withNotes(t, got)); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			if after := w.Stats(); after.Dropped != s.Dropped || after.Lines != s.Waiting+1 || after.Waiting != 0 {
				t.Errorf("Stats = %+v; want %d Lines and %d Dropped", after, s.Waiting+1, s.Dropped)
			}
		})
	}
}

// A reader that stutters: wherever lines are missing, a note says exactly how many.
func TestEveryGapIsOwnedUp(t *testing.T) {
	t.Parallel()
	const total = 50_000
	p := newPipe(t)
	skip := p.fill(t)
	w := logline.New(p.fd(), logline.Config{Limit: 5000})
	got := make(chan []string)
	for i := range total {
		fmt.Fprintf(w, "%d\n", i)
		if i == 10_000 {
			p.skip(t, skip)
			go func() { got <- p.lines(t) }()
		}
		if rand.IntN(2000) == 0 {
			time.Sleep(time.Millisecond) // let the reader catch up now and then
		}
	}
	mustClose(t, w)
	p.w.Close()

	next, gaps := 0, 0
	for _, line := range withNotes(t, <-got) {
		var n int
		if _, err := fmt.Sscanf(line, "NOTE %d", &n); err == nil {
			next += n
			gaps++
			continue
		}
		if line != fmt.Sprint(next) {
			t.Fatalf("got line %q; want %d, or a note", line, next)
		}
		next++
	}
	if next != total {
		t.Errorf("lines and notes account for %d lines; want %d", next, total)
	}
	if s := w.Stats(); s.Lines+s.Dropped != total || s.Waiting != 0 || gaps == 0 {
		t.Errorf("Stats = %+v with %d gaps; want some, and %d lines in all", s, gaps, total)
	}
}

// withNotes replaces the notes about dropped lines with "NOTE n".
func withNotes(t *testing.T, lines []string) []string {
	t.Helper()
	for i, line := range lines {
		msg, ok := strings.CutPrefix(line, "baseinit: warning: ")
		var object struct{ Level, Service, Stream, Msg string }
		if json.Unmarshal([]byte(line), &object) == nil && object.Level == "warn" && object.Stream == "stderr" {
			msg, ok = object.Msg, true
		}
		var n int
		var noun string
		if !ok {
			continue
		}
		if _, err := fmt.Sscanf(msg, "dropped %d %s here: the log took no more", &n, &noun); err != nil {
			t.Errorf("cannot read the note %q: %v", line, err)
		}
		if want := map[bool]string{true: "line", false: "lines"}[n == 1]; noun != want {
			t.Errorf("note %q; want %q", line, want)
		}
		lines[i] = fmt.Sprintf("NOTE %d", n)
	}
	return lines
}

func TestLimit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		writes []string
		want   []string
	}{
		{"just fits", []string{"12345678\n", "\n"}, []string{"12345678", ""}},
		{"one byte too many", []string{"12345678\n", "a\n"}, []string{"12345678", "NOTE 1"}},
		{"the lines that fit are kept", []string{"123\n456\n789\nabc\n"}, []string{"123", "456", "NOTE 2"}},
		{"once dropped, dropped until the next batch", []string{"123456\n", "abcdef\n", "g\n"}, []string{"123456", "NOTE 2"}},
		{"a line longer than all room", []string{"12345678901234\n"}, []string{"NOTE 1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPipe(t)
			skip := p.fill(t)
			w := logline.New(p.fd(), logline.Config{Limit: 10})
			// The first line is in the writer's hands, stuck in write(2).
			fmt.Fprint(w, "stuck\n")
			await(t, "the writer to take the first line", func() bool { return stuckInWrite(w) })
			for _, s := range tc.writes {
				fmt.Fprint(w, s)
			}
			p.skip(t, skip)
			if diff := cmp.Diff(append([]string{"stuck"}, tc.want...), withNotes(t, p.finish(t, w))); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestManyGoroutines(t *testing.T) {
	t.Parallel()
	const goroutines, each = 16, 150
	p := newPipe(t)
	w := logline.New(p.fd(), logline.Config{Limit: 64 << 20})
	got := make(chan []string)
	go func() { got <- p.lines(t) }()
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range each {
				// From a few bytes to several times PIPE_BUF, alone and in pairs.
				body := strings.Repeat(string(rune('a'+g)), 1+(i*i*7)%15_000)
				fmt.Fprintf(w, "%d %d %s.\n%d %d second.\n", g, i, body, g, i)
				w.Stats()
			}
		})
	}
	wg.Wait()
	mustClose(t, w)
	p.w.Close()

	lines := <-got
	if len(lines) != 2*goroutines*each {
		t.Fatalf("%d lines arrived; want %d", len(lines), 2*goroutines*each)
	}
	var next [goroutines]int
	for i := 0; i < len(lines); i += 2 {
		var g, n int
		if _, err := fmt.Sscanf(lines[i], "%d %d", &g, &n); err != nil || n != next[g] {
			t.Fatalf("line %d is %.40q..., the next of its goroutine is %d: %v", i, lines[i], next[g], err)
		}
		body := strings.Repeat(string(rune('a'+g)), 1+(n*n*7)%15_000)
		if lines[i] != fmt.Sprintf("%d %d %s.", g, n, body) || lines[i+1] != fmt.Sprintf("%d %d second.", g, n) {
			t.Fatalf("line %d is torn, or parted from its second: %.40q..., %.40q...", i, lines[i], lines[i+1])
		}
		next[g]++
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(context.Background())
	cancel()

	p := newPipe(t)
	skip := p.fill(t)
	w := logline.New(p.fd(), logline.Config{})
	if err := logline.New(p.fd(), logline.Config{}).Close(ended); err != nil {
		t.Errorf("Close of an unused Writer: %v", err)
	}

	fmt.Fprint(w, "one\ntwo\n")
	fmt.Fprint(w, "three\n")
	err := w.Close(ended)
	const want = "cannot write the last 3 lines to stderr: context canceled"
	if err == nil || err.Error() != want || !errors.Is(err, context.Canceled) {
		t.Errorf("Close = %v; want %q", err, want)
	}
	fmt.Fprint(w, "too late\nby far\n")
	if s := w.Stats(); s.Dropped != 2 || s.Waiting != 3 {
		t.Errorf("Stats = %+v after Close; want 2 Dropped, 3 Waiting", s)
	}

	// Two more may wait for the same end.
	second := make(chan error)
	go func() { second <- w.Close(context.Background()) }()
	p.skip(t, skip)
	if diff := cmp.Diff([]string{"one", "two", "three"}, p.finish(t, w)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if err := <-second; err != nil {
		t.Errorf("second Close: %v", err)
	}
	fmt.Fprint(w, "later still\n")
	if s := w.Stats(); s != (logline.Stats{Lines: 3, Bytes: 14, Dropped: 3}) {
		t.Errorf("Stats = %+v; want 3 Lines of 14 Bytes, 3 Dropped", s)
	}
}

func TestWriteAllocatesNothing(t *testing.T) { // not parallel: it counts for the whole process
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	w := logline.New(int(null.Fd()), logline.Config{})
	write := func() {
		w.Write(hundred)
		for w.Stats().Waiting > 0 {
			runtime.Gosched()
		}
	}
	if n := testing.AllocsPerRun(1000, write); n != 0 {
		t.Errorf("%v allocations a line; want 0", n)
	}
	mustClose(t, w)
}

// A container may run for a year after its one burst of lines.
func TestIdleWritersHoldNoMemory(t *testing.T) { // not parallel: it measures the whole process
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	burst := bytes.Repeat(hundred, 500)
	writers := make([]*logline.Writer, 100)
	before := inUse()
	for i := range writers {
		writers[i] = logline.New(int(null.Fd()), logline.Config{})
		for range 10 { // while one buffer is written, the other grows
			writers[i].Write(burst)
			runtime.Gosched()
		}
		await(t, "the bursts to be written", func() bool { return writers[i].Stats().Waiting == 0 })
	}
	if after := inUse(); after > before+uint64(20*len(burst)) {
		t.Errorf("%d idle writers hold %d bytes", len(writers), after-before)
	}
	for _, w := range writers {
		mustClose(t, w)
	}
}
