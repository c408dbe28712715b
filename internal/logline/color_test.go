package logline_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sillelien/baseinit/internal/logline"
)

func TestColor(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := zap.New(logline.NewCore(&out, logline.Color, zapcore.DebugLevel), zap.WithClock(fixed{}))
	logger.Debug("d")
	logger.Info("i", zap.Int("n", 1))
	logger.Warn("w\x1b[31m")
	logger.Error("e", zap.Error(errors.New("no")))
	want := "baseinit: debug: d\n" +
		"baseinit: i n=1\n" +
		"\x1b[0;33mbaseinit: warning:\x1b[0m w\\x1b[31m\n" +
		"\x1b[0;31mbaseinit: error:\x1b[0m e: no\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// bare is text without its colours.
func bare(text string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(text, "\x1b[")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		_, text, _ = strings.Cut(after, "m")
	}
}

func TestColorPrefix(t *testing.T) {
	t.Parallel()
	colors := map[string]bool{}
	for i := range 100 {
		name := fmt.Sprint("service ", i)
		out, err := logline.ColorPrefix(name, "stdout"), logline.ColorPrefix(name, "stderr")
		if out != logline.ColorPrefix(name, "stdout") || out == err {
			t.Errorf("%q and %q", out, err)
		}
		for _, prefix := range []string{out, err} {
			if bare(prefix) != "["+name+"] " || !strings.HasSuffix(prefix, "\x1b[0m ") {
				t.Errorf("%q", prefix)
			}
		}
		color, _, _ := strings.Cut(out, "[service")
		if colors[color] = true; strings.Contains(color, "31m") {
			t.Errorf("%s is red", name)
		}
	}
	if len(colors) < 5 {
		t.Errorf("100 services have %d colours", len(colors))
	}
}

func TestColorWriter(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := logline.ColorWriter{W: &out}
	const lines = "[web] mail.err app[29]: [x] y\nuser.notice app[30]: [x] y\n[\n] \n"
	if n, err := io.WriteString(w, lines); n != len(lines) || err != nil {
		t.Errorf("Write = %d, %v", n, err)
	}
	want := logline.ColorPrefix("web", "syslog") + "mail.err app[29]: [x] y\nuser.notice app[30]: [x] y\n[\n] \n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// TestTurns has two Writers and a Blocking write lines, three at a time, to one pipe that does
// not take them in one piece. Without a Turn they are mixed.
func TestTurns(t *testing.T) {
	t.Parallel()
	p := newPipe(t)
	var turn sync.Mutex
	cfg := logline.Config{Turn: &turn, Limit: 1 << 26}
	a, b := logline.New(p.fd(), cfg), logline.New(p.fd(), cfg)
	const each = 60
	go func() {
		var writers sync.WaitGroup
		for letter, w := range map[string]io.Writer{"a": a, "b": b, "c": logline.Blocking{FD: p.fd(), Turn: &turn}} {
			writers.Go(func() {
				for i := range each {
					line := strings.Repeat(letter, 1+i*1000) + "\n"
					_, _ = io.WriteString(w, line+line+line)
				}
			})
		}
		writers.Wait()
		mustClose(t, a)
		mustClose(t, b)
		p.w.Close()
	}()
	count := map[string]int{}
	lines := p.lines(t)
	for i, line := range lines {
		if line != lines[i/3*3] {
			t.Fatalf("line %d is not with those that were written with it", i)
		}
		if line == "" || strings.Trim(line, line[:1]) != "" {
			t.Fatalf("a line of %d bytes is mixed: %.20q ... %.20q", len(line), line, line[max(0, len(line)-20):])
		}
		count[line[:1]]++
	}
	if diff := cmp.Diff(map[string]int{"a": 3 * each, "b": 3 * each, "c": 3 * each}, count); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}
