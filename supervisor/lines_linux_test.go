package supervisor_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/supervisor"
)

// TestPlainLines wants every byte, and a newline at the end.
func TestPlainLines(t *testing.T) {
	t.Parallel()
	service := sh("x", `printf 'one\r\n\033[31mtwo\n\nlast'`)
	service.Output, service.Main = supervisor.OutputPlain, true
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	l.do(l.done())
	if have, want := l.out.String(), "one\r\n\x1b[31mtwo\n\nlast\n"; have != want {
		t.Errorf("%q, want %q", have, want)
	}
}

func TestPrefix(t *testing.T) {
	t.Parallel()
	service := sh("x", "echo out; echo err >&2")
	service.Main = true
	stdout, stderr := newOutput(), newOutput()
	l := runLive(t, supervisor.Config{
		Services: []supervisor.Service{service}, Stdout: stdout, Stderr: stderr,
		Prefix: func(service, stream string) string { return service + "/" + stream + ": " },
	})
	l.do(l.done())
	if diff := cmp.Diff("x/stdout: out\nx/stderr: err\n", stdout.String()+stderr.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

// seen are lines that an OnLine was called with.
type seen struct {
	mu    sync.Mutex
	lines []string
}

func (s *seen) add(service, stream string, pid int, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, fmt.Sprintf("%s %s %v %q", service, stream, pid > 0, text))
}

func TestOnLine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		as   supervisor.Output
		want []string
	}{
		{supervisor.OutputRaw, nil},
		{supervisor.OutputPlain, []string{`x stdout true "one"`, `x stdout true "  two"`, `x stdout true "last"`}},
		{supervisor.OutputText, []string{`x stdout true "one"`, `x stdout true "  two"`, `x stdout true "last"`}},
		{supervisor.OutputJSON, []string{`x stdout true "one"`, `x stdout true "  two"`, `x stdout true "last"`}},
	} {
		for _, join := range []bool{false, true} {
			t.Run(fmt.Sprint(tc.as, join), func(t *testing.T) {
				t.Parallel()
				service := sh("x", `printf 'one\r\n  two\nlast'`)
				service.Output, service.Main, service.JoinLines = tc.as, true, join
				var all seen
				l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}, OnLine: all.add})
				l.do(l.done())
				if diff := cmp.Diff(tc.want, all.lines); diff != "" {
					t.Errorf("lines (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestReadyLine has services that are ready when they say so, on either stream, each
// time that they run.
func TestReadyLine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, script string
		as           supervisor.Output
		logTo        string
		want         string
	}{
		{"stdout", "echo wait; echo listening; exec sleep 1000", supervisor.OutputText, "", "[x] wait\n[x] listening\n"},
		{"stderr", "echo wait >&2; echo listening >&2; exec sleep 1000", supervisor.OutputText, "", "[x] wait\n[x] listening\n"},
		{"raw", "echo wait; echo listening; exec sleep 1000", supervisor.OutputRaw, "", "wait\nlistening\n"},
		{"to a log", "echo wait; echo listening; exec sleep 1000", supervisor.OutputRaw, "log", "[log] wait\n[log] listening\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			x := sh("x", tc.script)
			x.Output, x.LogTo, x.ReadyTimeout = tc.as, tc.logTo, patience
			calls := make(chan string, 100)
			x.Readiness.Line = func(line []byte) bool {
				calls <- string(line)
				return string(line) == "listening"
			}
			services := []supervisor.Service{x, requiring("y", "x")}
			services[1].Func, services[1].Command = nothing, nil
			services[1].Oneshot = true
			if tc.logTo != "" {
				services = append(services, sh(tc.logTo, "exec cat"))
			}
			l := runLive(t, supervisor.Config{Services: services})
			l.awaitState("y", supervisor.StateDone)
			l.out.await(t, tc.want)
			l.do(l.Restart("x"))
			l.await("x", supervisor.Ready)
			l.await("x", supervisor.Exited)
			l.await("x", supervisor.Ready)
			l.do(l.end())
			close(calls)
			var have []string
			for line := range calls {
				have = append(have, line)
			}
			if diff := cmp.Diff([]string{"wait", "listening", "wait", "listening"}, have); diff != "" {
				t.Errorf("Line was called with (-want +got):\n%s", diff)
			}
		})
	}
}

// TestReadyLineNeverComes is a service that is not ready in time.
func TestReadyLineNeverComes(t *testing.T) {
	t.Parallel()
	x := sh("x", "echo wait; exec sleep 1000")
	x.ReadyTimeout, x.Main = 50*time.Millisecond, true
	x.Readiness.Line = func([]byte) bool { return false }
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{x}})
	if err := l.done(); err == nil {
		t.Error("no error")
	}
}

const trace = `Exception in thread "main" java.lang.IllegalStateException: no
	at Main.run(Main.java:7)
	at Main.main(Main.java:3)
Caused by: java.io.IOException: none
	at Main.read(Main.java:11)
	... 1 more
`

// record is a line of OutputJSON.
type record struct {
	Level, Service, Stream, Msg string
	Part                        int
	More                        bool
}

func records(t *testing.T, text string) (all []record) {
	t.Helper()
	for line := range strings.Lines(text) {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%.200q: %v", line, err)
		}
		all = append(all, r)
	}
	return all
}

func TestJoinedLines(t *testing.T) {
	t.Parallel()
	long := " " + strings.Repeat("x", supervisor.MaxLine/2)
	for _, tc := range []struct {
		name string
		in   string
		want []string
	}{
		{"nothing", "", nil},
		{"no continuation", "a\nb\n", []string{"a", "b"}},
		{"stack trace", "before\n" + trace + "after\n", []string{"before", strings.TrimSuffix(trace, "\n"), "after"}},
		{"begins with one", "  a\n  b\n", []string{"  a\n  b"}},
		{"empty lines", "a\n\n b\n", []string{"a", "\n b"}},
		{"no newline at the end", "a\n b", []string{"a\n b"}},
		{"Windows line ends", "a\r\n b\r\nc\r\n", []string{"a\n b", "c"}},
		{"as long as can be", "a\n" + long + "\n" + long + "\n", []string{"a\n" + long, long}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{1, 7, len(tc.in) + 1} {
				var out bytes.Buffer
				supervisor.PumpAs(&out, supervisor.OutputJSON, true, chunks(tc.in, size)...)
				var have []string
				for _, r := range records(t, out.String()) {
					have = append(have, r.Msg)
				}
				if diff := cmp.Diff(tc.want, have); diff != "" {
					t.Fatalf("records (-want +got):\n%s", diff)
				}
				out.Reset()
				supervisor.PumpAs(&out, supervisor.OutputText, true, chunks(tc.in, size)...)
				var want strings.Builder
				for _, text := range tc.want {
					want.WriteString("[x] " + strings.ReplaceAll(text, "\n", "\n[x] ") + "\n")
				}
				if diff := cmp.Diff(want.String(), out.String()); diff != "" {
					t.Fatalf("text (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func chunks(text string, size int) (all [][]byte) {
	for len(text) > size {
		all, text = append(all, []byte(text[:size])), text[size:]
	}
	return append(all, []byte(text))
}

// TestARecordDoesNotWait has a process that prints a stack trace line by line, and then
// lives on in silence.
func TestARecordDoesNotWait(t *testing.T) {
	t.Parallel()
	service := sh("x", "printf '%s' \"$1\" | while IFS= read -r line; do printf '%s\\n' \"$line\"; done; exec sleep 1000", trace)
	service.Output = supervisor.OutputJSON
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}, JoinLines: true})
	l.out.await(t, "}\n")
	want := []record{{Level: "info", Service: "x", Stream: "stdout", Msg: strings.TrimSuffix(trace, "\n")}}
	if diff := cmp.Diff(want, records(t, l.out.String())); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// TestPieces wants the pieces of a long line numbered.
func TestPieces(t *testing.T) {
	t.Parallel()
	const size = supervisor.MaxLine
	for _, join := range []bool{false, true} {
		service := sh("x", "echo ' before'; head -c 200000 /dev/zero | tr '\\0' ' '; echo; echo after")
		service.Output, service.Main, service.JoinLines = supervisor.OutputJSON, true, join
		l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
		l.do(l.done())
		var have []record
		for _, r := range records(t, l.out.String()) {
			have = append(have, record{Msg: fmt.Sprint(len(r.Msg)), Part: r.Part, More: r.More})
		}
		want := []record{
			{Msg: "7"},
			{Msg: fmt.Sprint(size), Part: 1, More: true},
			{Msg: fmt.Sprint(size), Part: 2, More: true},
			{Msg: fmt.Sprint(size), Part: 3, More: true},
			{Msg: fmt.Sprint(200_000 - 3*size), Part: 4},
			{Msg: "5"},
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("joined %v (-want +got):\n%s", join, diff)
		}
	}
}

// TestManyWritersOnePipe has many processes write lines of all lengths, longer than a
// pipe takes in one piece among them, in bits and pieces, to one pipe that is read a
// few bytes at a time. No line may have another one in it.
func TestManyWritersOnePipe(t *testing.T) {
	t.Parallel()
	const writers, each = 6, 40
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	var services []supervisor.Service
	for i := range writers {
		service := help("w"+itoa(i), "lines", itoa(each))
		service.Restart = supervisor.RestartNever
		services = append(services, service)
	}
	text := make(chan string)
	go func() {
		var all strings.Builder
		_, _ = io.CopyBuffer(struct{ io.Writer }{&all}, struct{ io.Reader }{r}, make([]byte, 1021))
		text <- all.String()
	}()
	l := runLive(t, supervisor.Config{Services: services, Stdout: w, Stderr: w})
	for _, service := range services {
		l.awaitState(service.Name, supervisor.StateDone)
	}
	l.do(l.end())
	w.Close()
	count := map[string]int{}
	for line := range strings.Lines(<-text) {
		name, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "] ")
		rest, digits, ok := strings.Cut(rest, " ")
		if c := strings.TrimLeft(rest, digits); !ok || c != "" || len(digits) != 1 || name[0] != '[' {
			t.Fatalf("a line of %d bytes is not one writer's: %.60q ... %.60q", len(line), line, line[max(0, len(line)-60):])
		}
		count[name[1:]+digits]++
	}
	for i := range writers {
		name := "w" + itoa(i)
		if count[name+"1"] != each || count[name+"2"] != each {
			t.Errorf("%s: %d lines on stdout and %d on stderr, want %d", name, count[name+"1"], count[name+"2"], each)
		}
	}
}

// helpLines writes lines to stdout and stderr at the same time: the number of the
// stream again and again, a blank, and once more. A line comes in many writes.
func helpLines(args []string) int {
	var wg sync.WaitGroup
	for digit, f := range map[string]*os.File{"1": os.Stdout, "2": os.Stderr} {
		wg.Go(func() {
			for i := range atoi(args[0]) {
				line := strings.Repeat(digit, 1+i*i*25) + " " + digit + "\n"
				for _, chunk := range chunks(line, 1+len(line)/3) {
					_, _ = f.Write(chunk)
				}
			}
		})
	}
	wg.Wait()
	return 0
}
