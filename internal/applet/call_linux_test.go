package applet_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/pid1test"
)

func TestMain(m *testing.M) { os.Exit(pid1test.Main(m)) }

// call is one run of a command.
type call struct {
	argv  []string
	env   []string // added to a PATH
	dir   string
	stdin string
}

// result is what came of it.
type result struct {
	stdout, stderr string
	code           int
}

// run runs a command as a process of its own.
func (c call) run(t *testing.T) result {
	t.Helper()
	self := pid1test.Build(t)
	// A command in the line is this program's only if PATH finds no other of that name.
	links := t.TempDir()
	for _, word := range c.argv[1:] {
		if strings.HasPrefix(word, "s6-") {
			_ = os.Symlink(self, links+"/"+word) // it may stand there twice
		}
	}
	var stdout, stderr bytes.Buffer
	cmd := &exec.Cmd{
		Path: self, Args: c.argv, Dir: c.dir, Stdin: bytes.NewReader([]byte(c.stdin)), Stdout: &stdout, Stderr: &stderr,
		Env: append([]string{"PATH=" + links + ":/usr/bin:/bin"}, c.env...),
	}
	if c.dir == "" {
		cmd.Dir = t.TempDir()
	}
	err := cmd.Run()
	if _, ended := err.(*exec.ExitError); err != nil && !ended { //nolint:errorlint // exec.Cmd gives it unwrapped
		t.Fatal(err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// example is a call and what must come of it: all of stdout, the code, and a text that
// stderr must hold.
type example struct {
	argv   []string
	env    []string
	stdin  string
	stdout string
	code   int
	says   string
}

// check runs examples, with more variables.
func check(t *testing.T, examples []example, env ...string) {
	t.Helper()
	for _, e := range examples {
		got := call{argv: e.argv, env: slices.Concat(env, e.env), stdin: e.stdin}.run(t)
		if got.stdout != e.stdout || got.code != e.code || !strings.Contains(got.stderr, e.says) {
			t.Errorf("%q %q: %+v, want %+v", e.argv, e.env, got, e)
		}
	}
}

// link gives a path under which the program is that command.
func link(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.Symlink(pid1test.Build(t), path); err != nil {
		t.Fatal(err)
	}
	return path
}
