package applet_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// numbered gives lines of 200 bytes.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "line %07d %0186d\n", i, 0)
	}
	return b.String()
}

// TestLogRotation: archives have the size that was asked for, hold all lines in order,
// and the newest are kept.
func TestLogRotation(t *testing.T) {
	t.Parallel()
	in := numbered(3000)
	for _, tt := range []struct {
		script   string
		archives int // that of ours
		most     int64
		trimmed  bool
	}{
		{"n50 s50000", 12, 50000, false},
		{"n50 s50000 l0", 12, 50200, false},
		{"n3 s50000", 3, 50000, true},
		{"n0 s50000", 0, 50000, true},
		{"n50 s50000 S100000", 2, 50000, true},
		{"n50 s1 l0", 50, 4300, true},
		{"n50000 s1 l0", 142, 4300, false},
	} {
		t.Run(tt.script, func(t *testing.T) {
			t.Parallel()
			ours, theirs := programs(t)
			for _, program := range []string{ours, theirs} {
				r := startLog(t, program, "", append(strings.Fields(tt.script), "./d")...)
				r.send(in)
				if code := r.end(); code != 0 {
					t.Fatalf("%s: code %d, %s", program, code, r.stderr)
				}
				checkRotated(t, r.dir+"/d", in, tt.most, program == ours, tt.archives, tt.trimmed)
			}
		})
	}
}

// checkRotated looks at a directory after in was logged to it.
func checkRotated(t *testing.T, dir, in string, most int64, exact bool, archives int, trimmed bool) {
	t.Helper()
	found, err := filepath.Glob(dir + "/@*.s") // in order
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range append(slices.Clip(found), dir+"/current") {
		data, err := os.ReadFile(name)
		info, serr := os.Stat(name)
		if err != nil || serr != nil {
			t.Fatal(err, serr)
		}
		all.Write(data)
		if info.Mode() != 0o744 || exact && info.Size() > most {
			t.Errorf("%s: mode %v, %d bytes, at most %d wanted", name, info.Mode(), info.Size(), most)
		}
	}
	if !strings.HasSuffix(in, all.String()) {
		t.Errorf("%s: its %d bytes are not the end of what was logged", dir, all.Len())
	}
	if exact && len(found) != archives {
		t.Errorf("%s: %d archives, want %d", dir, len(found), archives)
	}
	if lost := all.Len() != len(in); lost != trimmed {
		t.Errorf("%s: %d bytes of %d", dir, all.Len(), len(in))
	}
}

// TestLogSignals: SIGALRM rotates what is not empty; SIGTERM ends at the end of a line, and
// with -p not at all; SIGHUP ends always.
func TestLogSignals(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(r *running) int{
		"alarm for nothing": func(r *running) int {
			r.send("a\n")
			r.holds("d/current", "a\n")
			r.signal(syscall.SIGALRM)
			r.archived(1)
			r.signal(syscall.SIGALRM)
			return r.end()
		},
		"alarm": func(r *running) int {
			r.send("a\n")
			r.holds("d/current", "a\n")
			r.signal(syscall.SIGALRM)
			r.archived(1)
			r.send("b\n")
			r.holds("d/current", "b\n")
			return r.end()
		},
		"terminated": func(r *running) int {
			r.send("a\n")
			r.holds("d/current", "a\n")
			r.signal(syscall.SIGTERM)
			return r.wait()
		},
		"terminated in a line": func(r *running) int {
			r.send("a\nb")
			r.holds("d/current", "a\n")
			r.signal(syscall.SIGTERM)
			r.send("c\n")
			return r.wait()
		},
		"terminated twice": func(r *running) int {
			r.send("a\nb")
			r.holds("d/current", "a\n")
			r.signal(syscall.SIGTERM)
			r.signal(syscall.SIGHUP)
			r.send("c\n")
			return r.wait()
		},
		"hung up": func(r *running) int {
			r.send("a\n")
			r.holds("d/current", "a\n")
			r.signal(syscall.SIGHUP)
			return r.wait()
		},
		"interrupted": func(r *running) int {
			r.send("a\n")
			r.holds("d/current", "a\n")
			r.signal(syscall.SIGINT)
			_ = r.wait()
			return 0 // how a runtime dies of it is not the matter
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, func(t *testing.T, program string) trace {
				r := startLog(t, program, "", "./d")
				return r.trace(play(r))
			})
		})
	}
	t.Run("protected", func(t *testing.T) {
		t.Parallel()
		same(t, func(t *testing.T, program string) trace {
			r := startLog(t, program, "", "-p", "./d")
			r.send("a\n")
			r.holds("d/current", "a\n")
			r.signal(syscall.SIGTERM)
			r.send("b\n")
			r.holds("d/current", "b\n")
			return r.trace(r.end())
		})
	})
}

// TestLogTermination: what was written before SIGTERM came is logged, also what has not been
// read. The real one leaves it in the pipe.
func TestLogTermination(t *testing.T) {
	t.Parallel()
	r := startLog(t, pid1test.Build(t), "", "./d")
	r.send("a\n")
	r.holds("d/current", "a\n")
	r.signal(syscall.SIGSTOP)
	lines := numbered(300)
	r.send(lines)
	r.signal(syscall.SIGTERM)
	r.signal(syscall.SIGCONT)
	code := r.wait() // the pipe is still open
	if got := r.trace(code); code != 0 || got.Dir[0].Text != "a\n"+lines || got.Dir[0].Mode != 0o744 {
		t.Errorf("code %d, %d bytes", code, len(got.Dir[0].Text))
	}
}

// TestLogKilled: what a life leaves behind that was killed is found by the next one, ours
// or the real one, and what it finished is gone on with.
func TestLogKilled(t *testing.T) {
	t.Parallel()
	ours, theirs := programs(t)
	lives := func(t *testing.T, first, second string, kill bool) trace {
		r := startLog(t, first, "", "./d")
		r.send("a\n")
		r.holds("d/current", "a\n")
		r.signal(syscall.SIGALRM)
		r.archived(1)
		r.send("b\n")
		r.holds("d/current", "b\n")
		if kill {
			r.signal(syscall.SIGKILL)
			_ = r.wait()
		} else if code := r.end(); code != 0 {
			t.Fatal(code)
		}
		r = startLog(t, second, r.dir, "./d")
		r.send("c\n")
		return r.trace(r.end())
	}
	for _, kill := range []bool{false, true} {
		want := lives(t, theirs, theirs, kill)
		for _, tt := range [][2]string{{ours, ours}, {ours, theirs}, {theirs, ours}} {
			if diff := cmp.Diff(want, lives(t, tt[0], tt[1], kill)); diff != "" {
				t.Errorf("%s then %s, killed: %v (-real +this)\n%s", tt[0], tt[1], kill, diff)
			}
		}
	}
}

// TestLogLocked: a directory has one logger, whichever it is.
func TestLogLocked(t *testing.T) {
	t.Parallel()
	ours, theirs := programs(t)
	for _, tt := range [][2]string{{ours, ours}, {ours, theirs}, {theirs, ours}} {
		r := startLog(t, tt[0], "", "./d")
		r.send("a\n")
		r.holds("d/current", "a\n")
		second := startLog(t, tt[1], r.dir, "./d")
		if code := second.end(); code != 111 || tt[1] == ours && !strings.Contains(second.stderr.String(), "another process writes to it") {
			t.Errorf("%q: code %d, %s", tt, code, second.stderr)
		}
		if code := r.end(); code != 0 {
			t.Errorf("%q: the first: code %d, %s", tt, code, r.stderr)
		}
	}
}

// TestLogProcessor: a processor makes the archive. The real one closes its descriptor 5.
func TestLogProcessor(t *testing.T) {
	t.Parallel()
	for _, processor := range []string{"!gzip -nq9", "?tr a-z A-Z", "!cat", "!sed \"s/a/x y/\"", "?exec cat; pwd"} {
		t.Run(processor, func(t *testing.T) {
			t.Parallel()
			same(t, func(t *testing.T, program string) trace {
				r := startLog(t, program, "", processor, "./d")
				for i, text := range []string{"a\nb\n", "c\n"} {
					r.send(text)
					r.holds("d/current", text)
					r.signal(syscall.SIGALRM)
					r.archived(i + 1)
				}
				r.send("e\n")
				return r.trace(r.end())
			})
		})
	}
}

// TestLogProcessorState: what a processor says on descriptor 5 it finds on 4 the next time.
func TestLogProcessorState(t *testing.T) {
	t.Parallel()
	r := startLog(t, pid1test.Build(t), "", "?read n <&4; echo $((n + 1)) >&5; echo $((n + 1)); cat", "./d")
	for i := range 3 {
		r.send("a\n")
		r.holds("d/current", "a\n")
		r.signal(syscall.SIGALRM)
		r.archived(i + 1)
	}
	want := []file{
		{"TAI.s", 0o744, "1\na\n"},
		{"TAI.s", 0o744, "2\na\n"},
		{"TAI.s", 0o744, "3\na\n"},
		{"current", 0o744, ""},
		{"lock", 0o644, ""},
		{"state", 0o644, "3\n"},
	}
	if diff := cmp.Diff(want, r.trace(r.end()).Dir); diff != "" {
		t.Error(diff)
	}
}

// TestLogProcessorFails: one that fails is run again, and lines are logged meanwhile. At the
// end it is given up: the next life finds all lines.
func TestLogProcessorFails(t *testing.T) {
	t.Parallel()
	const processor = "?test -e go || exit 3; cat"
	r := startLog(t, pid1test.Build(t), "", "-b", "r1", processor, "./d")
	r.send("a\n")
	r.holds("d/current", "a\n")
	r.signal(syscall.SIGALRM)
	until(t, "a warning", func() bool { return strings.Contains(r.stderr.String(), "the processor failed in ./d (exit code 3)") })
	r.send("b\n")
	r.holds("d/current", "b\n") // although previous is still there
	if err := os.WriteFile(r.dir+"/d/go", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.archived(1)
	if err := os.Remove(r.dir + "/d/go"); err != nil {
		t.Fatal(err)
	}
	r.signal(syscall.SIGALRM)
	r.holds("d/previous", "b\n")
	r.send("c\n")
	r.holds("d/current", "c\n")
	if code := r.end(); code != 0 {
		t.Errorf("code %d", code)
	}
	if info, err := os.Stat(r.dir + "/d/current"); err != nil || info.Mode() != 0o644 {
		t.Errorf("current must not be marked as finished: %v, %v", info, err)
	}
	r = startLog(t, pid1test.Build(t), r.dir, processor, "./d")
	want := []file{
		{"TAI.s", 0o744, "a\n"},
		{"TAI.u", 0o744, "b\n"},
		{"TAI.u", 0o644, "c\n"},
		{"current", 0o744, ""},
		{"lock", 0o644, ""},
		{"state", 0o644, ""},
	}
	if diff := cmp.Diff(want, r.trace(r.end()).Dir); diff != "" {
		t.Error(diff)
	}
}

// TestLogProcessorGivenUp: the end does not wait for the next try of a processor.
func TestLogProcessorGivenUp(t *testing.T) {
	t.Parallel()
	r := startLog(t, pid1test.Build(t), "", "r3600000", "?exit 3", "./d")
	r.send("a\n")
	r.holds("d/current", "a\n")
	r.signal(syscall.SIGALRM)
	until(t, "a warning", func() bool { return strings.Contains(r.stderr.String(), "tried again after 1h0m0s") })
	if code := r.end(); code != 0 || !strings.Contains(r.stderr.String(), "what it was to read is left in previous") {
		t.Errorf("code %d, %s", code, r.stderr)
	}
}

// TestLogDiskFull: what does not fit is written when it does, and nothing is lost.
func TestLogDiskFull(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("needs to mount: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	ballast := disk + "/ballast"
	if err := os.WriteFile(ballast, make([]byte, 40<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	r := startLog(t, pid1test.Build(t), disk, "r1", "s1000000", "./d")
	in := numbered(200)
	r.send(in)
	until(t, "a warning", func() bool { return strings.Contains(r.stderr.String(), "no space left on device") })
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if code := r.end(); code != 0 {
		t.Errorf("code %d, %s", code, r.stderr)
	}
	if got := files(t, disk+"/d"); got[0].Text != in || got[0].Mode != 0o744 {
		t.Errorf("%d bytes of %d, mode %v", len(got[0].Text), len(in), got[0].Mode)
	}
}

// TestLogStdoutGone: who does not read what goes to standard output stops nothing else.
func TestLogStdoutGone(t *testing.T) {
	t.Parallel()
	ours, theirs := programs(t)
	for _, program := range []string{theirs, ours} {
		dir := t.TempDir()
		pr, pw, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		pr.Close()
		var stderr said
		cmd := &exec.Cmd{Path: program, Args: []string{"s6-log", "1", "./d"}, Dir: dir, Stdin: strings.NewReader("a\nb\n"), Stdout: pw, Stderr: &stderr}
		err = cmd.Run()
		pw.Close()
		if got := files(t, dir+"/d"); err != nil || got[0].Text != "a\nb\n" || !strings.Contains(strings.ToLower(stderr.String()), "broken pipe") {
			t.Errorf("%s: %v, %+v, %s", program, err, got, &stderr)
		}
	}
}

// TestLogStdoutSlow: without -b lines are read ahead of who reads slowly, up to a bound;
// with -b none is.
func TestLogStdoutSlow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		options []string
		least   int
		most    int
	}{{nil, 1 << 20, 2 << 20}, {[]string{"-b"}, 0, 300 << 10}} {
		pr, pw, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		inr, inw, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd := &exec.Cmd{Path: pid1test.Build(t), Args: append(append([]string{"s6-log"}, tt.options...), "1"), Stdin: inr, Stdout: pw}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		inr.Close()
		pw.Close()
		in, sent := []byte(numbered(20000)), 0
		for {
			_ = inw.SetWriteDeadline(time.Now().Add(300 * time.Millisecond)) // so long it takes none
			n, err := inw.Write(in[sent:])
			sent += n
			if err == nil {
				t.Fatalf("%q: all was taken", tt.options)
			}
			if errors.Is(err, os.ErrDeadlineExceeded) && n == 0 {
				break
			}
		}
		if sent < tt.least || sent > tt.most {
			t.Errorf("%q: it took %d bytes, want %d to %d", tt.options, sent, tt.least, tt.most)
		}
		inw.Close()
		got, err := io.ReadAll(pr)
		if err != nil || !strings.HasPrefix(string(in), string(got[:sent])) {
			t.Errorf("%q: %v, %d bytes of %d", tt.options, err, len(got), sent)
		}
		pr.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%q: %v", tt.options, err)
		}
	}
}
