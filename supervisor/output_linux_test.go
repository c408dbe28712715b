package supervisor_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/supervisor"
)

func TestRawOutputIsOurOwn(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/out"
	service := sh("x", "x=$(readlink /proc/$$/fd/1 /proc/$$/fd/2); echo \"$x\" > $1", path)
	service.Main = true
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}, Output: supervisor.OutputRaw})
	l.do(l.done())
	stdout, _ := os.Readlink("/proc/self/fd/1")
	stderr, _ := os.Readlink("/proc/self/fd/2")
	if have, want := awaitFile(t, path), stdout+"\n"+stderr+"\n"; have != want {
		t.Errorf("its stdout and stderr are %swant %s", have, want)
	}
}

// TestLinesAreWhole has several services write at once, each with a partial line
// at its end.
func TestLinesAreWhole(t *testing.T) {
	t.Parallel()
	const lines = 300
	var services []supervisor.Service
	for i := range 5 {
		service := sh("s"+itoa(i), `i=0; while test $i -lt $1; do i=$((i+1)); echo "line $i of $0"; echo "error $i of $0" >&2; done; printf "the end of $0"`, itoa(lines))
		service.Restart = supervisor.RestartNever
		services = append(services, service)
	}
	l := runLive(t, supervisor.Config{Services: services})
	for _, service := range services {
		l.awaitState(service.Name, supervisor.StateDone)
	}
	l.do(l.end())
	next := map[string]int{}
	for line := range strings.Lines(l.out.String()) {
		var tag, what, of string
		var n int
		if line == "["+tagOf(line)+"] the end of "+tagOf(line)+"\n" {
			next[tagOf(line)+" end"]++
			continue
		}
		if _, err := fmt.Sscanf(line, "%s %s %d of %s\n", &tag, &what, &n, &of); err != nil || tag != "["+of+"]" || n != next[of+what]+1 {
			t.Fatalf("%q comes after line %d: %v", line, next[of+what], err)
		}
		next[of+what] = n
	}
	for _, service := range services {
		if name := service.Name; next[name+"line"] != lines || next[name+"error"] != lines || next[name+" end"] != 1 {
			t.Errorf("%s: %d lines, %d errors, %d ends", name, next[name+"line"], next[name+"error"], next[name+" end"])
		}
	}
}

func tagOf(line string) string {
	tag, _, _ := strings.Cut(strings.TrimPrefix(line, "["), "]")
	return tag
}

func TestTextLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 20_000)
	for _, tc := range []struct {
		name   string
		chunks []string
		want   []string
	}{
		{"nothing", nil, nil},
		{"a line", []string{"one\n"}, []string{"one"}},
		{"empty lines", []string{"\n\n"}, []string{"", ""}},
		{"no newline at the end", []string{"one\ntwo"}, []string{"one", "two"}},
		{"in pieces", []string{"o", "n", "e", "\nt", "wo\nth", "ree\n"}, []string{"one", "two", "three"}},
		{"Windows line ends", []string{"one\r\ntwo\r", "\n"}, []string{"one", "two"}},
		{"any bytes", []string{"\x00\xff[\x1b[31m\n"}, []string{"\x00\xff[\x1b[31m"}},
		{"200 KB", []string{long, "\nnext\n"}, append(split(long), "next")},
		{"200 KB, byte by byte", append(strings.Split(long, ""), "\n"), split(long)},
		{"200 KB without a newline", []string{long}, split(long)},
		{"the longest line", []string{long[:supervisor.MaxLine], "\n"}, []string{long[:supervisor.MaxLine]}},
		{"twice as long", []string{long[:supervisor.MaxLine], long[:supervisor.MaxLine], "\n\n"}, []string{long[:supervisor.MaxLine], long[:supervisor.MaxLine], ""}},
		{"one byte more", []string{long[:supervisor.MaxLine], "x", "\n"}, []string{long[:supervisor.MaxLine], "x"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			chunks := make([][]byte, len(tc.chunks))
			for i, chunk := range tc.chunks {
				chunks[i] = []byte(chunk)
			}
			supervisor.Pump(&out, "x", chunks...)
			var want strings.Builder
			for _, line := range tc.want {
				want.WriteString("[x] " + line + "\n")
			}
			if out.String() != want.String() {
				t.Errorf("%d bytes, want %d: %.300q", out.Len(), want.Len(), out.String())
			}
		})
	}
}

// split cuts a text into pieces of the size at which lines are cut.
func split(text string) (pieces []string) {
	for len(text) > supervisor.MaxLine {
		pieces, text = append(pieces, text[:supervisor.MaxLine]), text[supervisor.MaxLine:]
	}
	return append(pieces, text)
}

func TestLongLinesOfAProcess(t *testing.T) {
	t.Parallel()
	_, out := runOne(t, sh("", "head -c 200000 /dev/zero | tr '\\0' x; echo; echo next"))
	if want := strings.Join(split(strings.Repeat("x", 200_000)), "\n") + "\nnext\n"; out != want {
		t.Errorf("%d bytes, want %d", len(out), len(want))
	}
}

func TestJSONLines(t *testing.T) {
	t.Parallel()
	service := sh(`a "name"`, `printf 'tab\there "quoted" back\\slash \001\033\177 \303\274 \377\376 end\r\n'; echo error >&2; printf partial`)
	service.Main = true
	var stdout, stderr output
	stdout.changed, stderr.changed = make(chan struct{}), make(chan struct{})
	begun := time.Now().Add(-time.Microsecond)
	l := runLive(t, supervisor.Config{
		Services: []supervisor.Service{service}, Output: supervisor.OutputJSON, Stdout: &stdout, Stderr: &stderr,
	})
	started := l.await(service.Name, supervisor.Started)
	l.do(l.done())
	type line struct {
		TS      time.Time
		Service string
		Stream  string
		PID     int
		Msg     string
	}
	decode := func(text string) (lines []line) {
		for text := range strings.Lines(text) {
			var l line
			if err := json.Unmarshal([]byte(text), &l); err != nil || !utf8.ValidString(text) {
				t.Fatalf("%q: %v", text, err)
			}
			if l.TS.Before(begun) || l.TS.After(time.Now()) {
				t.Errorf("its time is %v", l.TS)
			}
			l.TS = time.Time{}
			lines = append(lines, l)
		}
		return lines
	}
	if diff := cmp.Diff([]line{
		{Service: `a "name"`, Stream: "stdout", PID: started.PID, Msg: "tab\there \"quoted\" back\\slash \x01\x1b\x7f ü \uFFFD\uFFFD end"},
		{Service: `a "name"`, Stream: "stdout", PID: started.PID, Msg: "partial"},
	}, decode(stdout.String())); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]line{{Service: `a "name"`, Stream: "stderr", PID: started.PID, Msg: "error"}}, decode(stderr.String())); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
}

func FuzzJSONLine(f *testing.F) {
	f.Add([]byte("a\x00\"\\\xff\u2028\r"))
	f.Fuzz(func(t *testing.T, text []byte) {
		line := supervisor.AppendJSON(text)
		var have struct{ Msg string }
		if err := json.Unmarshal(line, &have); err != nil || line[len(line)-1] != '\n' || bytes.IndexByte(line, '\n') != len(line)-1 {
			t.Fatalf("%q: %v", line, err)
		}
		want := string([]rune(string(text))) // invalid bytes become U+FFFD
		if have.Msg != want {
			t.Errorf("%q, want %q", have.Msg, want)
		}
	})
}

// blocked is a writer that takes nothing until it is released.
type blocked struct {
	once    sync.Once
	called  chan struct{}
	release chan struct{}
}

func (b *blocked) Write(p []byte) (int, error) {
	b.once.Do(func() { close(b.called) })
	<-b.release
	return len(p), nil
}

// TestABlockedStdoutBlocksNothingElse has a service that fills its pipe.
func TestABlockedStdoutBlocksNothingElse(t *testing.T) {
	t.Parallel()
	stdout := &blocked{called: make(chan struct{}), release: make(chan struct{})}
	t.Cleanup(func() { close(stdout.release) })
	stderr := newOutput()
	l := runLive(t, supervisor.Config{
		Services: []supervisor.Service{sh("loud", "while :; do echo spam; done"), sh("other", "exec sleep 1000")},
		Stdout:   stdout, Stderr: stderr,
	})
	<-stdout.called
	l.awaitState("other", supervisor.StateReady)
	l.do(l.Restart("other"))
	l.await("other", supervisor.Exited)
	l.awaitState("other", supervisor.StateReady)
	l.do(l.Add(sh("new", "echo to stderr >&2; exec sleep 1000")))
	stderr.await(t, "[new] to stderr\n")
	l.do(l.Stop("loud"))
	l.awaitState("loud", supervisor.StateDown)
	begun := time.Now()
	l.do(l.end())
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("Run ended after %v", took)
	}
}

// TestAHeldPipeDoesNotHoldUpTheEnd leaves a process behind that has the pipe.
func TestAHeldPipeDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	service := sh("x", "echo first; sleep 1000 & echo pids $!; exit 0")
	service.KeepLeftovers, service.Restart = true, supervisor.RestartNever
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	l.awaitState("x", supervisor.StateDone)
	pids := pidsOf(t, l)
	defer func() { _ = unix.Kill(pids[0], unix.SIGKILL) }()
	begun := time.Now()
	l.do(l.end())
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("Run ended after %v", took)
	}
}

// TestLastWordsComeFirst wants the output of a crash before the news of it.
func TestLastWordsComeFirst(t *testing.T) {
	t.Parallel()
	out := newOutput()
	var atExit string
	service := sh("x", "echo last words; exit 1")
	service.Main = true
	l := runLive(t, supervisor.Config{
		Services: []supervisor.Service{service}, Stdout: out, Stderr: out,
		OnEvent: func(e supervisor.Event) {
			if e.Kind == supervisor.Exited {
				atExit = out.String()
			}
		},
	})
	_ = l.done()
	if atExit != "[x] last words\n" {
		t.Errorf("when it was known to have ended the output was %q", atExit)
	}
}
