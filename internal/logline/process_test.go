package logline_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sillelien/baseinit/internal/logline"
)

// helper is what the test binary does in a process of its own.
func helper(name string) int {
	if name == "stdout" {
		w := logline.New(1, logline.Config{Limit: 3, Format: logline.JSON})
		fmt.Fprint(w, "too long\n")
		if err := w.Close(context.Background()); err != nil {
			return 1
		}
		return 0
	}
	limit := time.Minute
	if name == "stuck" {
		limit = time.Millisecond
	}
	return unread(limit)
}

// unread writes to a stderr that nobody reads, and says on stdout what became of
// its lines.
func unread(limit time.Duration) int {
	w := logline.New(2, logline.Config{Limit: 10_000})
	logger := zap.New(logline.NewCore(w, logline.Text, zapcore.InfoLevel), zap.ErrorOutput(zapcore.AddSync(w)))
	for range 5000 {
		logger.Info("nobody reads this")
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	err := w.Close(ctx)
	s := w.Stats()
	fmt.Printf("%v %v %v\n", errors.Is(err, context.DeadlineExceeded), s.Dropped > 0, s.Lines+s.Dropped+s.Waiting)
	return 7
}

// A process ends when it wants to, with its own code: neither a writer stuck in
// write(2) nor SIGPIPE gets in its way. Descriptor 2 is special to Go, so that this
// takes a process of its own.
func TestProcessEnds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, want string
		prepare    func(p pipe)
	}{
		{"stuck", "true true 5000\n", func(p pipe) { p.fill(t) }},
		{"broken", "false true 5000\n", func(p pipe) { p.deafen(t) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPipe(t)
			tc.prepare(p)
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0])
			cmd.Env = append(os.Environ(), helperVar+"="+tc.name)
			cmd.Stderr = p.w
			out, err := cmd.Output()
			if string(out) != tc.want || cmd.ProcessState.ExitCode() != 7 {
				t.Errorf("stdout %q, %v; want %q and exit status 7", out, err, tc.want)
			}
		})
	}
}

// The note about dropped lines says which stream it is in.
func TestStdout(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVar+"=stdout")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`,"level":"warn","service":"baseinit","stream":"stdout","pid":%d,"msg":"dropped 1 line here: the log took no more"}`+"\n", cmd.Process.Pid)
	if !strings.HasSuffix(string(out), want) {
		t.Errorf("stdout %q; want ...%q", out, want)
	}
}
