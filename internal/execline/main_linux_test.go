package execline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/execline"
)

// The test's own program is the words, too, under their names, and "words", which
// shows its arguments.
func TestMain(m *testing.M) {
	if os.Args[0] == "words" {
		for _, arg := range os.Args[1:] {
			fmt.Printf("%q ", arg)
		}
		fmt.Println()
		os.Exit(0)
	}
	if code, found := execline.Main(os.Args, nil); found {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

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

// place is where scripts run: a directory with a program "words" in it.
type place struct{ dir, file string }

func newPlace(t *testing.T) place {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"words", "foreground"} {
		if err := os.Symlink(self, dir+"/"+name); err != nil {
			t.Fatal(err)
		}
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
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return s.run(t, at, self, at.dir+":/usr/bin:/bin")
}
