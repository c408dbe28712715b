package scenario

import (
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Scenario is a container's life. The zero value of every field but Name is a
// container without files, CMD and output that exits with 0.
type Scenario struct {
	// Name is unique in its list. Of ExitCodes it is the row's name in
	// docs/exit-codes.md; a second scenario for the row adds "/" and a word.
	Name string

	// Args are the arguments of /init: flags and CMD.
	Args []string
	// Env is added to the environment.
	Env []string
	// Files are the files by absolute path. Text that starts with "#!" gets
	// mode 0755, other 0644; a path that ends in "/" is a directory.
	Files map[string]string
	// Links are symbolic links: path to target.
	Links map[string]string
	// Mode sets the modes of files that should have others.
	Mode map[string]fs.FileMode
	// Without names what the container lacks: "/run".
	Without []string

	// UID and GID are whom PID 1 runs as.
	UID, GID int
	// ReadOnly, DropCaps and NoNewPrivs are docker run's --read-only,
	// --cap-drop=ALL and --security-opt=no-new-privileges.
	ReadOnly, DropCaps, NoNewPrivs bool
	// Tmpfs are docker run's --tmpfs: "/run:noexec".
	Tmpfs []string
	// Stdin is what comes on stdin. TTY is docker run's -ti.
	Stdin string
	TTY   bool

	// Steps are what happens, in order.
	Steps []Step
	// Code is the exit code.
	Code int
	// Stdout is all that comes on stdout; "": whatever.
	Stdout string
	// Output are texts that must be on stdout or stderr, Never those that
	// must not.
	Output, Never []string
}

// Step waits for a text in the output, if there is one, and then sends the
// signal to PID 1, or the text to its stdin.
type Step struct {
	For    string
	Signal syscall.Signal
	Send   string
}

// Container is one that lives. Its methods end the test when they cannot do what
// they are for.
type Container interface {
	// WaitFor waits until the output holds the text.
	WaitFor(text string)
	// Signal sends a signal to PID 1, Send text to its stdin.
	Signal(sig syscall.Signal)
	Send(text string)
	// Wait waits for the end and gives the exit code.
	Wait() int
	// Stdout is what came on stdout so far, Output all that came.
	Stdout() string
	Output() string
}

// crashes are what a Go program says that has gone wrong in itself.
var crashes = [...]string{"panic:", "fatal error:", "goroutine 1 ["}

// Play does the steps to a container that has been made after the scenario, and
// tells t what goes otherwise than it must.
func (s *Scenario) Play(t testing.TB, c Container) {
	t.Helper()
	for _, step := range s.Steps {
		if step.For != "" {
			c.WaitFor(step.For)
		}
		if step.Signal != 0 {
			c.Signal(step.Signal)
		}
		if step.Send != "" {
			c.Send(step.Send)
		}
	}
	if got := c.Wait(); got != s.Code {
		t.Errorf("exit code %d, want %d", got, s.Code)
	}
	s.judge(t, c.Stdout(), c.Output())
}

func (s *Scenario) judge(t testing.TB, stdout, output string) {
	t.Helper()
	if s.Stdout != "" {
		if diff := cmp.Diff(s.Stdout, stdout); diff != "" {
			t.Errorf("stdout (-want +got):\n%s", diff)
		}
	}
	for _, text := range s.Output {
		if !strings.Contains(output, text) {
			t.Errorf("the output lacks %q", text)
		}
	}
	for _, text := range append(crashes[:], s.Never...) {
		if strings.Contains(output, text) {
			t.Errorf("the output holds %q", text)
		}
	}
}

// sh is a CMD that the shell runs.
func sh(script string) []string { return []string{"sh", "-c", script} }

// script is a shell script with the usual first line.
func script(body string) string { return "#!/bin/sh\n" + body + "\n" }
