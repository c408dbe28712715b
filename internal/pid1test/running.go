//go:build linux

package pid1test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Running is a box whose PID 1 has been started. Its methods are for the
// goroutine of the test.
type Running struct {
	t     testing.TB
	cmd   *exec.Cmd
	root  string
	out   *output
	stdin io.WriteCloser // a pipe, a terminal, or nil

	timer   *time.Timer
	expired atomic.Bool
	begin   time.Time

	ended  chan struct{} // closed when PID 1 is gone and all output is here
	result Result        // valid then
}

// Result is how a box ended.
type Result struct {
	// Code is the exit code, or 128+n when signal n killed PID 1.
	Code int
	// Elapsed is the time from the execve of PID 1 to its end.
	Elapsed time.Duration
}

// watch starts what goes on as long as the box exists.
func (r *Running) watch(b *Box, terminal *os.File) {
	r.begin = time.Now()
	limit := b.timeout()
	r.timer = time.AfterFunc(limit, func() {
		r.expired.Store(true)
		_ = r.cmd.Process.Kill()
	})
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		if terminal != nil {
			_, _ = io.Copy(r.out.writer(&r.out.stdout), terminal) // EIO at the end: pty(7)
		}
	}()
	if b.Stdin != "" {
		go r.feed(b.Stdin, b.Interactive || b.TTY)
	}
	go func() {
		_ = r.cmd.Wait()
		r.result = Result{Code: exitCode(r.cmd.ProcessState), Elapsed: time.Since(r.begin)}
		<-copied
		close(r.ended)
	}()
}

func (r *Running) feed(text string, keep bool) {
	_, _ = io.WriteString(r.stdin, text)
	if !keep {
		_ = r.stdin.Close()
	}
}

func exitCode(state *os.ProcessState) int {
	if status := state.Sys().(syscall.WaitStatus); status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// cleanup ends the box with the test, and shows what it printed if that failed.
func (r *Running) cleanup() {
	_ = r.cmd.Process.Kill()
	<-r.ended
	r.timer.Stop()
	if r.stdin != nil {
		_ = r.stdin.Close()
	}
	if text, _ := r.out.text(); r.t.Failed() && text != "" {
		r.t.Logf("the box printed:\n%s", text)
	}
}

// PID is the process ID of the box's PID 1 outside.
func (r *Running) PID() int { return r.cmd.Process.Pid }

// Stdout is what came on stdout so far, and all that came from a TTY.
func (r *Running) Stdout() string { return r.out.part(&r.out.stdout) }

// Stderr is what came on stderr so far.
func (r *Running) Stderr() string { return r.out.part(&r.out.stderr) }

// Output is Stdout and Stderr in the order in which they came, as good as two
// pipes can tell.
func (r *Running) Output() string {
	text, _ := r.out.text()
	return text
}

// WaitFor waits until the output holds text. It is t.Fatal when the box ends, or
// Box.Timeout ends it, before.
func (r *Running) WaitFor(text string) {
	r.t.Helper()
	for {
		have, more := r.out.text()
		if strings.Contains(have, text) {
			return
		}
		select {
		case <-more:
		case <-r.ended:
			if have, _ := r.out.text(); !strings.Contains(have, text) {
				r.t.Fatalf("the box ended with code %d after %v and never printed %q", r.result.Code, r.result.Elapsed, text)
			}
		}
	}
}

// Send writes to stdin, or types on the TTY.
func (r *Running) Send(text string) {
	r.t.Helper()
	if r.stdin == nil {
		r.t.Fatal("Send needs Box.Interactive or Box.TTY")
	}
	if _, err := io.WriteString(r.stdin, text); err != nil {
		r.t.Fatalf("cannot write to stdin: %v", err)
	}
}

// CloseStdin ends an interactive stdin; a TTY hangs up.
func (r *Running) CloseStdin() {
	r.t.Helper()
	if r.stdin == nil {
		r.t.Fatal("CloseStdin needs Box.Interactive or Box.TTY")
	}
	_ = r.stdin.Close()
}

// Signal sends a signal to PID 1, as `docker kill` does. One that has ended is
// no error.
func (r *Running) Signal(sig syscall.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		r.t.Fatalf("cannot signal PID 1: %v", err)
	}
}

// Ended is closed when PID 1 has ended and all its output has been read.
func (r *Running) Ended() <-chan struct{} { return r.ended }

// Wait waits for the end of PID 1. It is t.Fatal when only Box.Timeout ended it.
func (r *Running) Wait() Result {
	r.t.Helper()
	<-r.ended
	if r.expired.Load() {
		r.t.Fatalf("the box was killed at its timeout, after %v", r.result.Elapsed)
	}
	return r.result
}

// ReadFile returns the text of a file of the box, during its life or after.
// It does not see what lies in a tmpfs, and does not follow links out of the box.
func (r *Running) ReadFile(path string) string {
	r.t.Helper()
	root, err := os.OpenRoot(r.root)
	if err != nil {
		r.t.Fatalf("cannot open the box: %v", err)
	}
	defer root.Close()
	text, err := root.ReadFile(strings.TrimPrefix(path, "/"))
	if err != nil {
		r.t.Fatalf("cannot read a file of the box: %v", err)
	}
	return string(text)
}

// WriteFile makes a file of the box, or writes it anew, with mode 0644. What
// ReadFile does not see it does not reach.
func (r *Running) WriteFile(path, text string) {
	r.t.Helper()
	root, err := os.OpenRoot(r.root)
	if err != nil {
		r.t.Fatalf("cannot open the box: %v", err)
	}
	defer root.Close()
	if err := root.WriteFile(strings.TrimPrefix(path, "/"), []byte(text), 0o644); err != nil {
		r.t.Fatalf("cannot write a file of the box: %v", err)
	}
}
