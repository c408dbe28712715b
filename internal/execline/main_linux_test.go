package execline_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/pid1test"
)

func TestMain(m *testing.M) { os.Exit(pid1test.Main(m)) }

// script is one run of a script.
type script struct {
	options []string // of execlineb
	text    string
	args    []string
	stdin   string
}

// outcome is what a script's caller sees.
type outcome struct {
	stdout string
	code   int
}

// place is where scripts run: a directory with a program "words" in it, which shows its
// arguments, and ours under the name foreground.
type place struct{ dir, file string }

func newPlace(t *testing.T) place {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/words", []byte("#!/bin/sh\nprintf '<%s> ' \"$@\"\necho\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(pid1test.Build(t), dir+"/foreground"); err != nil {
		t.Fatal(err)
	}
	return place{dir: dir, file: dir + "/script"}
}

// run runs a script by an execlineb; words are looked for in path, after the place.
func (s script) run(t *testing.T, at place, execlineb, path string) (got outcome, stderr string) {
	t.Helper()
	if err := os.WriteFile(at.file, []byte(s.text), 0o600); err != nil {
		t.Fatal(err)
	}
	work, err := os.MkdirTemp(at.dir, "work")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	const limit = 20 * time.Second // a script that hangs is a failure, not a wait
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, execlineb)
	cmd.Args = slices.Concat([]string{"execlineb"}, s.options, []string{at.file}, s.args)
	cmd.Dir = work
	cmd.Stdin = strings.NewReader(s.stdin)
	cmd.Env = []string{"PATH=" + path, "HOME=/root", "USER=tester", "LIST=a b  c"}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	if ctx.Err() != nil {
		t.Errorf("%q %q did not end", s.options, s.text)
	}
	if exit, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatalf("%s: %v (%v)", s.text, err, exit)
	}
	return outcome{out.String(), cmd.ProcessState.ExitCode()}, errs.String()
}

// ours runs a script with ours.
func (s script) ours(t *testing.T, at place) (outcome, string) {
	t.Helper()
	return s.run(t, at, pid1test.Build(t), at.dir+":/usr/bin:/bin")
}
