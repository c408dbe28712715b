package matrix_test

import (
	"cmp"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestMain also makes the test binary a client: see goClient.
func TestMain(m *testing.M) {
	if os.Getenv(goClientEnv) != "" {
		goClient(os.Args[1:])
		return
	}
	os.Exit(pid1test.Main(tests{m}))
}

// tests have a directory for clients, and leave no goroutine behind.
type tests struct{ m *testing.M }

// Run is not called where pid1test starts the test binary for a box.
func (t tests) Run() int {
	dir, err := os.MkdirTemp("", "matrix-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = os.Setenv(clientDirEnv, dir)
	}
	flag.Parse()
	if err == nil {
		// Most of a world's time is waiting.
		err = flag.Set("test.parallel", "24")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "matrix:", err)
		return 1
	}
	code := t.m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "matrix:", err)
		return 1
	}
	return code
}

// cell is a client's outcome in a row, without baseinit and with.
type cell struct{ without, with outcome }

// spare is what a lookup through baseinit may take longer than the fastest server that works.
const spare = 50 * time.Millisecond

// tries is how often at most something is measured that is not as it is to be.
const tries = 5

// lastWord is when it is to have failed where no server works: musl gives up at 5 s.
const lastWord = 4500 * time.Millisecond

// TestMatrix looks names up with every client, without baseinit and with. What libcs get by
// themselves is asserted too: the world's servers are to fail as servers do.
func TestMatrix(t *testing.T) {
	t.Parallel()
	table := rows()
	cells := make([][]cell, len(table))
	docs := readPage(t)
	each := func(name string, lookup func(t *testing.T, r *row, client int, o *cell)) {
		t.Run(name, func(t *testing.T) {
			for i := range table {
				for j := range clients {
					t.Run(table[i].name+"/"+clients[j].name, func(t *testing.T) {
						t.Parallel()
						lookup(t, &table[i], j, &cells[i][j])
					})
				}
			}
		})
	}
	for i := range cells {
		cells[i] = make([]cell, len(clients))
	}
	// The time that they take matters, and what is done at once takes each other's.
	starts, few := make(chan struct{}, 2), make(chan struct{}, 2)
	start := func(t *testing.T, p *place) *world {
		starts <- struct{}{}
		defer func() { <-starts }()
		return newWorld(t, p)
	}
	each("without", func(t *testing.T, r *row, client int, o *cell) {
		for range tries { // what is not as documented is measured again: the machine may be at work
			o.without = clients[client].lookup(start(t, &r.place), cmp.Or(r.ask, "web"), r.family)
			if docs.says(r.name, client, o.without) {
				break
			}
			t.Logf("alone: %v", o.without)
		}
		r.judge(t, &clients[client], o.without)
	})
	each("with", func(t *testing.T, r *row, client int, o *cell) {
		if !r.dead {
			few <- struct{}{}
			defer func() { <-few }()
		}
		through := r.place
		through.baseinit = true
		o.with = r.with(t, &clients[client], docs, func() *world { return start(t, &through) })
	})
	for i, r := range table {
		if r.musl == "" || r.glibc == "" {
			t.Errorf("%s: what the libcs get by themselves is not asserted", r.name)
		}
		glibc, musl := cells[i][1].without, cells[i][0].with
		if glibc.result == "ok" && musl.result != "ok" {
			t.Errorf("%s: glibc alone gets %v, and musl through baseinit %v", r.name, glibc, musl)
		}
	}
	documented(t, docs, table, cells)
}

// judge asserts what a client got by itself.
func (r *row) judge(t *testing.T, c *client, o outcome) {
	t.Helper()
	want, asks := r.alone(c)
	if want != "" && !slices.Contains(strings.Split(want, " or "), o.class()) {
		t.Errorf("%v: %q, want %q", o, o.class(), want)
	}
	if asks > 0 && o.queries != asks {
		t.Errorf("%d queries, want %d", o.queries, asks)
	}
}

// alone is what a client is to get by itself, and with how many queries; "" and 0: whatever it is.
func (r *row) alone(c *client) (want string, asks int) {
	switch c.name {
	case clients[0].name:
		return r.musl, r.muslAsks
	case clients[1].name:
		return r.glibc, r.glibcAsks
	case "Go":
		return r.golang, 0
	}
	return "", 0
}

// with is the outcome that a client gets through baseinit. What takes longer than it may or than
// is documented, or asks too much for being sent again, is measured again: the machine may
// be at work.
func (r *row) with(t *testing.T, c *client, docs *page, start func() *world) (o outcome) {
	t.Helper()
	limit := r.slow + spare + c.starting
	if r.dead {
		limit = max(lastWord, c.patience) + spare + c.starting
	}
	for try := range tries {
		w := start()
		limit := limit + 2*w.delay()
		o = c.lookup(w, cmp.Or(r.ask, "web"), r.family)
		if problem := r.wrong(c, &o); problem != "" {
			t.Errorf("%v: %s", o, problem)
			return o
		}
		kept := o.took <= limit && (r.most == 0 || o.queries <= r.most)
		if kept && (docs.says(r.name, throughBaseinit, o) || try == tries-1) {
			return o
		}
		t.Logf("try %d: %v; the limit is %v and %d queries: %v", try+1, o, limit, r.most, w.askedFor(cmp.Or(r.ask, "web")))
	}
	t.Errorf("%v: the limit is %v, with what the machine takes, and %d queries", o, limit, r.most)
	return o
}

// wrong tells what is wrong with an outcome through baseinit, however long it took.
func (r *row) wrong(c *client, o *outcome) string {
	if number, many := strings.CutPrefix(r.want, "x"); many {
		want, _ := strconv.Atoi(number)
		if c.oneUDP {
			want = min(want, 28)
		}
		if len(o.addrs) < want {
			return fmt.Sprintf("%d addresses, want %d", len(o.addrs), want)
		}
		return ""
	}
	want := outcome{result: r.want}
	if r.want != noName && r.want != again {
		want = outcome{result: "ok", addrs: strings.Fields(r.want)}
	}
	if c.onlyA && want.result == "ok" && r.family == "" {
		want.addrs = slices.DeleteFunc(want.addrs, func(a string) bool { return netip.MustParseAddr(a).Is6() })
		if len(want.addrs) == 0 {
			want.result = noName
		}
	}
	slices.Sort(want.addrs)
	switch {
	case want.result != o.result || !slices.Equal(want.addrs, o.addrs):
		return fmt.Sprintf("want %s %s", want.result, strings.Join(want.addrs, " "))
	case r.canon != "" && o.canon != "" && o.canon != r.canon:
		return "want the canonical name " + r.canon
	}
	return ""
}
