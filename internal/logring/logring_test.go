package logring_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/sillelien/baseinit/internal/logring"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// texts are the texts of lines, after the names of their services.
func texts(lines []logring.Line) (all []string) {
	for _, line := range lines {
		all = append(all, line.Service+": "+line.Text)
	}
	return all
}

func TestRead(t *testing.T) {
	t.Parallel()
	r := logring.New(0)
	begun := time.Now()
	r.Add("web", "stdout", 7, []byte("one"))
	r.Add("db", "stderr", 8, []byte("two"))
	r.Add("web", "stderr", 7, nil)
	r.Add("baseinit", "stderr", 1, []byte("any \x00\xff\nbytes"))
	r.Add("web", "syslog", 0, []byte("five"))
	ignoreTime := cmpopts.IgnoreFields(logring.Line{}, "Time")
	want := []logring.Line{
		{Service: "web", Stream: "stdout", PID: 7, Text: "one"},
		{Service: "db", Stream: "stderr", PID: 8, Text: "two"},
		{Service: "web", Stream: "stderr", PID: 7},
		{Service: "baseinit", Stream: "stderr", PID: 1, Text: "any \x00\xff\nbytes"},
		{Service: "web", Stream: "syslog", Text: "five"},
	}
	all := r.Read(logring.Query{})
	if diff := cmp.Diff(want, all, ignoreTime); diff != "" {
		t.Fatalf("lines (-want +got):\n%s", diff)
	}
	for _, line := range all {
		if line.Time.Before(begun.Add(-time.Millisecond)) || line.Time.After(time.Now().Add(time.Millisecond)) {
			t.Errorf("the time of %q is %v", line.Text, line.Time)
		}
	}
	for _, tc := range []struct {
		name  string
		query logring.Query
		want  []logring.Line
	}{
		{"a service", logring.Query{Services: []string{"db"}}, want[1:2]},
		{"two services", logring.Query{Services: []string{"db", "baseinit"}}, []logring.Line{want[1], want[3]}},
		{"nobody", logring.Query{Services: []string{"nobody"}}, []logring.Line{}},
		{"the last", logring.Query{Last: 2}, want[3:]},
		{"the last of a service", logring.Query{Last: 1, Services: []string{"db", "x"}}, want[1:2]},
		{"more than there are", logring.Query{Last: 99}, want},
		{"none", logring.Query{Last: -1}, []logring.Line{}},
		{"since", logring.Query{Since: all[3].Time}, want[3:]},
		{"since, the last", logring.Query{Since: all[1].Time, Last: 1}, want[4:]},
		{"since now", logring.Query{Since: time.Now().Add(time.Hour)}, []logring.Line{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, r.Read(tc.query), ignoreTime); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBounds adds lines at random, and compares with what was added.
func TestBounds(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 1 << 10, 5000, 64 << 10, 1 << 20} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			t.Parallel()
			r := logring.New(limit)
			bound := max(limit, 1<<10)
			added := map[string][]string{}
			for i := range 3000 {
				service := []string{"web", "db", "log"}[rand.IntN(3)]
				text := fmt.Sprint(i, " ", strings.Repeat("x", rand.IntN([]int{10, 200, 3000}[rand.IntN(3)])))
				r.Add(service, "stdout", 1, []byte(text))
				added[service] = append(added[service], text)
				if s := r.Stats(); s.Bytes > 3*bound {
					t.Fatalf("%d bytes are held, more than 3 rings of %d", s.Bytes, bound)
				}
			}
			held := uint64(0)
			for service, all := range added {
				var got []string
				size := 0
				for _, line := range r.Read(logring.Query{Services: []string{service}}) {
					got = append(got, line.Text)
					size += len(line.Text)
				}
				held += uint64(len(got))
				if len(got) == 0 || bound >= 64<<10 && size < bound/2 && len(got) < len(all) {
					t.Errorf("%s: only %d lines of %d bytes are held of %d", service, len(got), size, len(all))
				}
				if bound >= 5000 { // no line is cut
					if diff := cmp.Diff(all[len(all)-len(got):], got); diff != "" {
						t.Errorf("%s: the last lines (-want +got):\n%s", service, diff)
					}
				}
			}
			if s := r.Stats(); s.Lines != held || s.Lines+s.Dropped != 3000 || s.Services != 3 {
				t.Errorf("%+v; want %d lines of 3000", s, held)
			}
		})
	}
}

func TestMemoryComesWithLines(t *testing.T) {
	t.Parallel()
	r := logring.New(64 << 10)
	if s := r.Stats(); s.Bytes != 0 {
		t.Errorf("%d bytes before the first line", s.Bytes)
	}
	r.Add("web", "stdout", 1, []byte("a line"))
	if s := r.Stats(); s.Bytes != 4<<10 {
		t.Errorf("%d bytes for a line", s.Bytes)
	}
	for range 10_000 {
		r.Add("web", "stdout", 1, []byte("a line"))
	}
	if s := r.Stats(); s.Bytes != 64<<10 || s.Lines < 64<<10/20 {
		t.Errorf("%d bytes and %d lines, want 64 KiB", s.Bytes, s.Lines)
	}
	r.Drop("web")
	r.Drop("nobody")
	if s := r.Stats(); s.Bytes != 0 || s.Services != 0 || len(r.Read(logring.Query{})) > 0 {
		t.Errorf("after Drop: %+v", s)
	}
}

func TestALineLongerThanARing(t *testing.T) {
	t.Parallel()
	r := logring.New(4096)
	r.Add("web", "stdout", 1, []byte("before"))
	r.Add("web", "stdout", 1, []byte(strings.Repeat("x", 10_000)))
	lines := r.Read(logring.Query{})
	if len(lines) != 1 || len(lines[0].Text) > 4096 || len(lines[0].Text) < 4000 || !strings.HasSuffix(lines[0].Text, "x...[cut]") {
		t.Errorf("%d lines: %.100q", len(lines), texts(lines))
	}
	r.Add("web", "stdout", 1, []byte("after"))
	if diff := cmp.Diff([]string{"web: after"}, texts(r.Read(logring.Query{}))); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// TestAllTogether fills the rings of many services: the oldest lines go, whose they are.
func TestAllTogether(t *testing.T) {
	t.Parallel()
	r := logring.New(64 << 10)
	text := []byte(strings.Repeat("x", 1000))
	for i := range 300 {
		for range 100 {
			r.Add(fmt.Sprint("s", i), "stdout", 1, text)
		}
	}
	s := r.Stats()
	if s.Bytes > 8<<20 || s.Bytes < 7<<20 {
		t.Errorf("%d bytes are held, want 8 MiB at most", s.Bytes)
	}
	for i, want := range map[int]bool{0: false, 100: false, 299: true, 200: true} {
		if got := len(r.Read(logring.Query{Services: []string{fmt.Sprint("s", i)}})) > 0; got != want {
			t.Errorf("service %d of 300 has lines: %v", i, got)
		}
	}
	if got := len(r.Names()); got != 300 {
		t.Errorf("%d names", got)
	}
}

// TestManyNames has more services than rings: those go that have been silent longest.
func TestManyNames(t *testing.T) {
	t.Parallel()
	r := logring.New(0)
	for i := range 5000 {
		r.Add(fmt.Sprint("s", i), "stdout", 1, []byte("a line"))
		r.Add("web", "stdout", 1, []byte("a line"))
	}
	names := r.Names()
	if len(names) != 1024 || !slices.Contains(names, "web") || !slices.Contains(names, "s4000") || slices.Contains(names, "s3900") {
		t.Errorf("%d services are known", len(names))
	}
	if s := r.Stats(); s.Bytes > 8<<20 {
		t.Errorf("%d bytes are held", s.Bytes)
	}
}

// follow is a Follow on a goroutine of its own.
type follow struct {
	lines  chan logring.Line
	cancel context.CancelFunc
	done   chan uint64
}

func startFollow(t *testing.T, r *logring.Rings, q logring.Query) *follow {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := &follow{make(chan logring.Line), cancel, make(chan uint64, 1)}
	go func() {
		f.done <- r.Follow(ctx, q, func(line logring.Line) bool {
			select {
			case f.lines <- line:
				return true
			case <-ctx.Done():
				return false
			}
		})
		close(f.lines)
	}()
	t.Cleanup(func() { f.end() })
	return f
}

// end gives how many lines were missing.
func (f *follow) end() uint64 {
	f.cancel()
	n := <-f.done
	f.done <- n
	return n
}

func TestFollow(t *testing.T) {
	t.Parallel()
	r := logring.New(0)
	r.Add("web", "stdout", 1, []byte("old"))
	r.Add("web", "stdout", 1, []byte("last"))
	r.Add("db", "stdout", 1, []byte("old"))
	all := startFollow(t, r, logring.Query{})
	web := startFollow(t, r, logring.Query{Services: []string{"web", "new"}, Last: 1})
	fresh := startFollow(t, r, logring.Query{Last: -1})
	take := func(f *follow, want ...string) {
		t.Helper()
		for _, w := range want {
			if got := texts([]logring.Line{<-f.lines})[0]; got != w {
				t.Fatalf("%q, want %q", got, w)
			}
		}
	}
	take(all, "web: old", "web: last", "db: old")
	take(web, "web: last")
	for r.Stats().Followers < 3 { // fresh has nothing to say
		time.Sleep(time.Millisecond)
	}
	var add sync.WaitGroup
	add.Go(func() {
		r.Add("db", "stdout", 1, []byte("1"))
		r.Add("web", "stdout", 1, []byte("2"))
		r.Add("new", "stdout", 1, []byte("3"))
		r.Drop("web")
	})
	add.Wait() // nobody reads yet, and nobody waits for that
	r.Add("web", "stdout", 1, []byte("4"))
	take(all, "db: 1", "new: 3", "web: 4") // what was dropped is not there
	take(web, "new: 3", "web: 4")
	_ = fresh
	for _, f := range []*follow{all, web, fresh} {
		if n := f.end(); n != 0 {
			t.Errorf("%d lines are missing", n)
		}
	}
	if s := r.Stats(); s.Followers != 0 {
		t.Errorf("%d followers are left", s.Followers)
	}
}

// TestFollowerThatIsTooSlow does not read while more comes than a ring holds.
func TestFollowerThatIsTooSlow(t *testing.T) {
	t.Parallel()
	r := logring.New(1)
	r.Add("web", "stdout", 1, []byte("first"))
	f := startFollow(t, r, logring.Query{})
	if got := <-f.lines; got.Text != "first" {
		t.Fatalf("the first line is %q", got.Text)
	}
	r.Add("quiet", "stdout", 1, []byte("second")) // which the follower may or may not have taken
	const lines = 500
	for i := range lines {
		r.Add("web", "stdout", 1, fmt.Append(nil, "line ", i))
	}
	var missed, got uint64
	next := 0
	for next < lines {
		switch line := <-f.lines; {
		case line.Stream == logring.Missed:
			if line.Service != "web" || line.Text != fmt.Sprintf("%d lines are missing here: they were not read in time", line.Missed) {
				t.Errorf("%+v", line)
			}
			missed += line.Missed
			next += int(line.Missed)
		case line.Service == "web":
			if line.Text != fmt.Sprint("line ", next) {
				t.Fatalf("%q comes where line %d is due", line.Text, next)
			}
			next++
			got++
		}
	}
	if missed == 0 || missed+got != lines {
		t.Errorf("%d lines came and %d were missed, of %d", got, missed, lines)
	}
	if n := f.end(); n != missed {
		t.Errorf("Follow says that %d were missing, the lines say %d", n, missed)
	}
}

func TestFollowEndsWithYield(t *testing.T) {
	t.Parallel()
	r := logring.New(0)
	r.Add("web", "stdout", 1, []byte("one"))
	r.Add("web", "stdout", 1, []byte("two"))
	var got []logring.Line
	r.Follow(t.Context(), logring.Query{}, func(line logring.Line) bool {
		got = append(got, line)
		return false
	})
	if diff := cmp.Diff([]string{"web: one"}, texts(got)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// TestAtTheSameTime is for the race detector: what is read must not change.
func TestAtTheSameTime(t *testing.T) {
	t.Parallel()
	r := logring.New(4 << 10)
	const each = 2000
	var writers, readers sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	for i := range 4 {
		writers.Go(func() {
			for n := range each {
				r.Add(fmt.Sprint("s", i), "stdout", i, fmt.Append(nil, strings.Repeat("x", n%300), " ", n))
			}
		})
		readers.Go(func() {
			next := map[string]int{}
			check := func(line logring.Line) bool {
				if line.Stream == logring.Missed {
					next[line.Service] += int(line.Missed)
					return true
				}
				x, number, _ := strings.Cut(line.Text, " ")
				if n := next[line.Service]; number != fmt.Sprint(n) || len(x) != n%300 {
					t.Errorf("%s: line %d is %q", line.Service, n, line.Text)
				}
				next[line.Service]++
				return true
			}
			r.Follow(ctx, logring.Query{Last: 0}, func(line logring.Line) bool {
				if next[line.Service] == 0 { // some may be gone before Follow
					_, number, _ := strings.Cut(line.Text, " ")
					fmt.Sscan(number, new(int))
					n := 0
					fmt.Sscan(number, &n)
					next[line.Service] = n
				}
				return check(line)
			})
		})
		readers.Go(func() {
			for ctx.Err() == nil {
				lines := r.Read(logring.Query{Last: 50})
				if !slices.IsSortedFunc(lines, func(a, b logring.Line) int { return a.Time.Compare(b.Time) }) {
					t.Error("lines are not in order")
				}
				r.Stats()
			}
		})
	}
	writers.Wait()
	cancel()
	readers.Wait()
}

func TestAddAllocatesNothing(t *testing.T) {
	r := logring.New(0)
	text := []byte(strings.Repeat("x", 80))
	add := func() { r.Add("web", "stdout", 4711, text) }
	for range 10_000 {
		add()
	}
	if n := testing.AllocsPerRun(10_000, add); n > 0 {
		t.Errorf("%v allocations for a line", n)
	}
}
