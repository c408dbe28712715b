package logline_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/logline"
)

// helperVar makes the test binary a program whose stderr is a Writer's: its
// value is the name of what it does.
const helperVar = "LOGLINE_TEST_HELPER"

func TestMain(m *testing.M) {
	if name := os.Getenv(helperVar); name != "" {
		os.Exit(helper(name))
	}
	goleak.VerifyTestMain(m)
}

// pipe is one that tests close and read as they like.
type pipe struct {
	r, w *os.File
}

func newPipe(tb testing.TB) pipe {
	tb.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		r.Close()
		w.Close()
	})
	return pipe{r, w}
}

// fd is the descriptor to write to, in blocking mode as 1 and 2 are: (*os.File).Fd
// sees to that.
func (p pipe) fd() int { return int(p.w.Fd()) }

// deafen closes the end that is read, and returns when nobody has it any more: what another
// test has forked holds all descriptors until execve(2) has closed them. A pipe without
// a reader is POLLERR to who writes, see poll(2).
func (p pipe) deafen(tb testing.TB) {
	tb.Helper()
	p.r.Close()
	fds := []unix.PollFd{{Fd: int32(p.fd())}}
	await(tb, "the last reader to be gone", func() bool {
		n, err := unix.Poll(fds, 0)
		return err == nil && n == 1 && fds[0].Revents&unix.POLLERR != 0
	})
}

// lines reads until the write end is closed.
func (p pipe) lines(tb testing.TB) []string {
	tb.Helper()
	var lines []string
	s := bufio.NewScanner(p.r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		lines = append(lines, s.Text())
	}
	if err := s.Err(); err != nil {
		tb.Error(err)
	}
	return lines
}

// finish closes w and then the pipe, and returns all lines that came through.
func (p pipe) finish(tb testing.TB, w *logline.Writer) []string {
	tb.Helper()
	got := make(chan []string)
	go func() { got <- p.lines(tb) }()
	mustClose(tb, w)
	p.w.Close()
	return <-got
}

func mustClose(tb testing.TB, w *logline.Writer) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.Close(ctx); err != nil {
		tb.Errorf("Close: %v", err)
	}
}

// fill makes the pipe so full that not one byte fits, and returns how many bytes
// the reader has to skip.
func (p pipe) fill(tb testing.TB) (n int) {
	tb.Helper()
	fd := p.fd()
	if err := syscall.SetNonblock(fd, true); err != nil {
		tb.Fatal(err)
	}
	for size := 4096; size > 0; size /= 2 {
		for {
			m, err := syscall.Write(fd, make([]byte, size))
			if errors.Is(err, syscall.EAGAIN) {
				break
			}
			if err != nil {
				tb.Fatal(err)
			}
			n += m
		}
	}
	if err := syscall.SetNonblock(fd, false); err != nil {
		tb.Fatal(err)
	}
	return n
}

// skip reads what fill wrote.
func (p pipe) skip(tb testing.TB, n int) {
	tb.Helper()
	if _, err := io.CopyN(io.Discard, p.r, int64(n)); err != nil {
		tb.Fatal(err)
	}
}

// await returns when what has happened, which it looks for every so often.
func await(tb testing.TB, what string, happened func() bool) {
	tb.Helper()
	deadline := time.Now().Add(time.Minute)
	for !happened() {
		if time.Now().After(deadline) {
			tb.Fatalf("still waiting for %s", what)
		}
		time.Sleep(50 * time.Microsecond)
	}
}

// stuckInWrite says whether the writer's goroutine is in a system call, which
// only a stack trace shows from outside.
func stuckInWrite(w *logline.Writer) bool {
	buf := make([]byte, 1<<20)
	all := string(buf[:runtime.Stack(buf, true)])
	for goroutine := range strings.SplitSeq(all, "\n\n") {
		header, frames, _ := strings.Cut(goroutine, "\n")
		if strings.Contains(header, "[syscall") && strings.Contains(frames, fmt.Sprintf("(*Writer).deliver(%p", w)) {
			return true
		}
	}
	return false
}
