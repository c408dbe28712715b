package logline_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/logline"
)

func TestNobodyCanRead(t *testing.T) {
	t.Parallel()
	broken := newPipe(t)
	broken.deafen(t)
	for _, tc := range []struct {
		name string
		fd   int
	}{
		{"EPIPE", broken.fd()},
		{"EBADF", -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := logline.New(tc.fd, logline.Config{})
			for i := range 1000 {
				fmt.Fprintf(w, "line %d\n", i)
			}
			await(t, "all to be given up", func() bool { return w.Stats().Waiting == 0 })
			fmt.Fprint(w, "one\nmore\n")
			mustClose(t, w)
			if s := w.Stats(); s != (logline.Stats{Dropped: 1002}) {
				t.Errorf("Stats = %+v; want 1002 Dropped", s)
			}
		})
	}
}

// A FIFO may find a new reader.
func TestNewReader(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(flag int) *os.File {
		f, err := os.OpenFile(path, flag|syscall.O_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first := open(os.O_RDONLY)
	out := pipe{w: open(os.O_WRONLY)}
	w := logline.New(out.fd(), logline.Config{})
	fmt.Fprint(w, "heard\n")
	await(t, "the first line", func() bool { return w.Stats().Lines == 1 })
	pipe{r: first}.skip(t, len("heard\n"))
	pipe{first, out.w}.deafen(t)
	fmt.Fprint(w, "lost\nlost\n")
	await(t, "EPIPE", func() bool { return w.Stats().Dropped == 2 })
	out.r = open(os.O_RDONLY)
	defer out.r.Close()
	fmt.Fprint(w, "heard again\n")

	if diff := cmp.Diff([]string{"NOTE 2", "heard again"}, withNotes(t, out.finish(t, w))); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if s := w.Stats(); s.Lines != 2 || s.Dropped != 2 {
		t.Errorf("Stats = %+v; want 2 Lines, 2 Dropped", s)
	}
}

// Another process may have set O_NONBLOCK: node does, on a pipe that it shares.
func TestNonBlockingDescriptor(t *testing.T) {
	t.Parallel()
	p := newPipe(t)
	skip := p.fill(t)
	fd := p.fd()
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	w := logline.New(fd, logline.Config{Limit: 1 << 24})
	long := strings.Repeat("x", 100_000) // is written in parts
	var want []string
	for i := range 2000 {
		want = append(want, fmt.Sprintf("line %d", i))
		if i%500 == 0 {
			want = append(want, long)
		}
	}
	for _, line := range want {
		fmt.Fprintln(w, line)
	}
	p.skip(t, skip)
	if diff := cmp.Diff(want, p.finish(t, w)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// Services that write to the container's stderr themselves must find their
// lines, and ours, in one piece: pipe(7), PIPE_BUF.
func TestLinesOfOthersStayWhole(t *testing.T) {
	t.Parallel()
	const each = 20_000
	ours := append(bytes.Repeat([]byte{'o'}, 99), '\n')
	theirs := append(bytes.Repeat([]byte{'t'}, 149), '\n')
	p := newPipe(t)
	w := logline.New(p.fd(), logline.Config{Limit: 1 << 24})
	for range each {
		w.Write(ours)
	}
	other := make(chan error)
	go func() {
		for range each {
			if _, err := syscall.Write(p.fd(), theirs); err != nil {
				other <- err
				return
			}
		}
		other <- nil
	}()
	got := make(chan []string)
	go func() { got <- p.lines(t) }()
	if err := <-other; err != nil {
		t.Error(err)
	}
	mustClose(t, w)
	p.w.Close()

	count := map[string]int{}
	for _, line := range <-got {
		count[line]++
	}
	want := map[string]int{string(ours[:99]): each, string(theirs[:149]): each}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("how often each line arrived (-want +got):\n%s", diff)
	}
}
