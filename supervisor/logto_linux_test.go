package supervisor_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/supervisor"
)

// helpWrite writes numbered lines until it is killed, and notes in a file of its
// own, in the directory that it is given, how many it has written.
func helpWrite(args []string) int {
	run := fmt.Sprintf("%d-%d", time.Now().UnixNano(), os.Getpid())
	note, err := os.Create(filepath.Join(args[0], run))
	if err != nil {
		return 1
	}
	for i := 1; ; i++ {
		// One write(2) of at most PIPE_BUF bytes is whole or not at all: pipe(7).
		if _, err := fmt.Printf("%s %d %s\n", run, i, strings.Repeat("x", i%200)); err != nil {
			return 2
		}
		if _, err := fmt.Fprintf(io.NewOffsetWriter(note, 0), "%012d", i); err != nil {
			return 3
		}
		if i%50 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

// helpRead moves its input to the end of a file. splice(2) takes nothing from the
// pipe that it does not put into the file, even if SIGKILL ends it.
func helpRead(args []string) int {
	f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return 1
	}
	if _, err := f.Seek(0, io.SeekEnd); err != nil {
		return 2
	}
	for {
		n, err := unix.Splice(0, nil, int(f.Fd()), nil, 1<<16, 0)
		if err != nil && err != unix.EINTR {
			fmt.Fprintln(os.Stderr, err)
			return 3
		}
		if n == 0 && err == nil {
			return 0
		}
	}
}

// TestNoLineIsLost kills the writer and the reader of a log at random.
func TestNoLineIsLost(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	notes, log := filepath.Join(dir, "notes"), filepath.Join(dir, "log")
	if err := os.Mkdir(notes, 0o755); err != nil {
		t.Fatal(err)
	}
	quick := supervisor.Backoff{Initial: time.Millisecond, Max: time.Millisecond}
	writer, reader := help("web", "write", notes), help("web/log", "read", log)
	writer.LogTo, writer.Backoff, reader.Backoff = "web/log", quick, quick
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{writer, reader}})

	// On a machine at work a writer may be killed before it has written: then each gets longer.
	for kills := 0; kills < 50 || noted(notes) < 5; kills++ {
		name := []string{"web", "web/log"}[rand.IntN(2)]
		l.awaitState(name, supervisor.StateReady)
		time.Sleep(time.Duration(rand.IntN(30+kills)) * time.Millisecond) // some way into its work
		l.do(l.Signal(name, syscall.SIGKILL))
		l.await(name, supervisor.Exited)
	}
	l.awaitState("web", supervisor.StateReady)
	l.awaitState("web/log", supervisor.StateReady)
	l.do(l.end())
	st, err := l.Status("web/log")
	l.do(err)
	if exit := st[0].LastExit; exit == nil || !exit.Success() {
		t.Errorf("the reader did not end at the end of its input: %+v", exit)
	}
	compareLog(t, notes, log)
}

// noted counts the runs that wrote something.
func noted(notes string) int {
	runs, _ := os.ReadDir(notes) // compareLog says what is wrong with it
	return len(runs)
}

// compareLog makes sure that the log holds all lines of each run, in order.
func compareLog(t *testing.T, notes, log string) {
	t.Helper()
	f, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	have := map[string]int{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.SplitN(lines.Text(), " ", 3)
		if len(fields) != 3 || atoi(fields[1]) != have[fields[0]]+1 || len(fields[2]) != atoi(fields[1])%200 {
			t.Fatalf("after line %d of its run comes %q", have[fields[0]], lines.Text())
		}
		have[fields[0]]++
	}
	runs, err := os.ReadDir(notes)
	if err != nil || len(runs) < 5 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	total := 0
	for _, run := range runs {
		note, _ := os.ReadFile(filepath.Join(notes, run.Name()))
		written := atoi(string(note))
		// It may have been killed before it could note its last line.
		if n := have[run.Name()]; n != written && n != written+1 {
			t.Errorf("run %s wrote %d lines, and %d arrived", run.Name(), written, n)
		}
		total += have[run.Name()]
	}
	if total < 1000 {
		t.Errorf("only %d lines in %d runs: this tests nothing", total, len(runs))
	}
}

// TestTheReaderDrainsItsInput fills the pipe while the reader is slow.
func TestTheReaderDrainsItsInput(t *testing.T) {
	t.Parallel()
	release := filepath.Join(t.TempDir(), "release")
	writer := sh("web", "i=0; while test $i -lt 500; do i=$((i+1)); echo line $i; done; echo all >&2; exec sleep 1000")
	writer.LogTo = "log"
	reader := sh("log", "until test -e "+release+"; do sleep 0.01; done; exec cat")
	reader.StopTimeout = time.Minute
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{writer, reader}, StopTimeout: time.Minute})
	l.out.await(t, "[web] all")
	l.stop(nil)
	l.await("web", supervisor.Stopped)
	if e := l.await("log", supervisor.Stopping); e.Text != "end of input" {
		t.Errorf("the reader is stopped by %s", e.Text)
	}
	file(t, release, "", 0o644)
	l.do(l.done())
	if n := strings.Count(l.out.String(), "[log] line "); n != 500 {
		t.Errorf("%d lines of 500 came through", n)
	}
}

// TestSeveralWritersShareAReader stops one of them.
func TestSeveralWritersShareAReader(t *testing.T) {
	t.Parallel()
	var services []supervisor.Service
	for i := range 3 {
		service := sh(itoa(i), "echo from $0; exec sleep 1000")
		service.LogTo = "log"
		services = append(services, service)
	}
	l := runLive(t, supervisor.Config{Services: append(services, sh("log", "exec cat"))})
	for i := range 3 {
		l.out.await(t, "[log] from "+itoa(i)+"\n")
	}
	l.do(l.Remove(t.Context(), "1"))
	late := sh("late", "echo from $0; exec sleep 1000")
	late.LogTo = "log"
	l.do(l.Add(late))
	l.out.await(t, "[log] from late\n")
	if err := l.Remove(t.Context(), "log"); err == nil || err.Error() != `cannot remove service "log": "0" requires it` {
		t.Errorf("Remove: %v", err)
	}
	l.do(l.end())
	for _, e := range l.seen {
		if e.Service == "log" && e.Kind == supervisor.Exited {
			t.Errorf("the reader ended before its writers: %s", e)
		}
	}
}

// TestStandardErrorIsNotLoggedTo is the contract of log/run.
func TestStandardErrorIsNotLoggedTo(t *testing.T) {
	t.Parallel()
	service := sh("web", "echo out; echo err >&2; exec sleep 1000")
	service.LogTo = "log"
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service, sh("log", "exec cat")}})
	l.out.await(t, "[log] out\n")
	l.out.await(t, "[web] err\n")
}
