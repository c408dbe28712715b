package s6_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/s6"
)

const (
	exitcode = "s6-linux-init-container-results/exitcode"
	stage2   = "s6/env-stage3/S6_STAGE2_EXITED"
	cmdExit  = "s6/env-stage3/S6_CMD_EXITED"
)

func TestResultsExitCode(t *testing.T) {
	t.Parallel()
	write := func(name, text string) func(*testing.T, string) {
		return func(t *testing.T, run string) {
			t.Helper()
			ok(t, os.WriteFile(filepath.Join(run, name), []byte(text), 0o644))
		}
	}
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, run string) {
			t.Helper()
			ok(t, os.Remove(filepath.Join(run, name)))
		}
	}
	type steps []func(*testing.T, string)
	for name, test := range map[string]struct {
		steps steps
		code  int
		set   bool
		err   []string
	}{
		"nothing written":   {},
		"exitcode":          {steps: steps{write(exitcode, "3\n")}, code: 3, set: true},
		"without newline":   {steps: steps{write(exitcode, "143")}, code: 143, set: true},
		"CRLF":              {steps: steps{write(exitcode, "7\r\n")}, code: 7, set: true},
		"the same 0 again":  {steps: steps{write(exitcode, "0\n")}, code: 0, set: true},
		"0 without newline": {steps: steps{write(exitcode, "0")}, code: 0, set: true},
		"the last counts":   {steps: steps{write(exitcode, "3\n"), write(exitcode, "4\n")}, code: 4, set: true},
		"highest":           {steps: steps{write(exitcode, "255\n")}, code: 255, set: true},
		"removed":           {steps: steps{remove(exitcode)}},
		"renamed over": {steps: steps{write("new", "9\n"), func(t *testing.T, run string) {
			ok(t, os.Rename(filepath.Join(run, "new"), filepath.Join(run, exitcode)))
		}}, code: 9, set: true},
		"mode changed":          {steps: steps{func(t *testing.T, run string) { ok(t, os.Chmod(filepath.Join(run, exitcode), 0o666)) }}},
		"stage 2":               {steps: steps{write(stage2, "5")}, code: 5, set: true},
		"stage 2 says 0":        {steps: steps{write(stage2, "0")}, code: 0, set: true},
		"CMD":                   {steps: steps{write(cmdExit, "6")}, code: 6, set: true},
		"stage 2 before CMD":    {steps: steps{write(cmdExit, "6"), write(stage2, "5")}, code: 5, set: true},
		"exitcode before both":  {steps: steps{write(cmdExit, "6"), write(stage2, "5"), write(exitcode, "4")}, code: 4, set: true},
		"an exitcode of 0 too":  {steps: steps{write(stage2, "5"), write(exitcode, "0\n")}, code: 0, set: true},
		"words":                 {steps: steps{write(exitcode, "oops\n")}, err: []string{exitcode, `"oops"`, "from 0 to 255"}},
		"empty":                 {steps: steps{write(exitcode, "")}, err: []string{exitcode, `""`}},
		"too high":              {steps: steps{write(exitcode, "256\n")}, err: []string{exitcode, `"256"`}},
		"negative":              {steps: steps{write(exitcode, "-1\n")}, err: []string{exitcode, `"-1"`}},
		"stage 2 words":         {steps: steps{write(stage2, "x")}, err: []string{stage2, `"x"`}},
		"garbage, then stage 2": {steps: steps{write(exitcode, "x"), write(stage2, "5")}, code: 5, set: true, err: []string{exitcode}},
		"both garbage":          {steps: steps{write(exitcode, "x"), write(stage2, "y")}, err: []string{exitcode, stage2}},
		"endless":               {steps: steps{write(exitcode, string(make([]byte, 1<<20)))}, err: []string{exitcode, "larger than"}},
		"a FIFO": {
			steps: steps{remove(exitcode), func(t *testing.T, run string) { ok(t, syscall.Mkfifo(filepath.Join(run, exitcode), 0o644)) }},
			err:   []string{exitcode, "it is a FIFO"},
		},
		"a directory": {
			steps: steps{remove(exitcode), func(t *testing.T, run string) { ok(t, os.Mkdir(filepath.Join(run, exitcode), 0o755)) }},
			err:   []string{exitcode, "it is a directory"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := t.TempDir()
			r, err := s6.NewResults(run)
			ok(t, err)
			for _, step := range test.steps {
				step(t, run)
			}
			inTime(t, func() {
				code, set, err := r.ExitCode()
				if code != test.code || set != test.set {
					t.Errorf("code %d, set %v; want %d, %v", code, set, test.code, test.set)
				}
				wantError(t, err, test.err...)
			})
		})
	}
}

func TestNewResults(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]files{
		"fresh":            {},
		"an earlier life":  {exitcode: "3\n", stage2: "4", cmdExit: "5"},
		"others beside it": {"s6/env-stage3/OTHER": "x", "s6/container_environment/PATH": "/bin"},
		"a link":           {"victim": "precious", exitcode: "link:../victim", stage2: "link:../../victim"},
		"a FIFO":           {exitcode: "fifo:", stage2: "fifo:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := before.write(t, t.TempDir())
			inTime(t, func() {
				r, err := s6.NewResults(run)
				ok(t, err)
				if code, set, err := r.ExitCode(); code != 0 || set || err != nil {
					t.Errorf("a new container has code %d, set %v, error %v", code, set, err)
				}
			})
			wantText(t, filepath.Join(run, exitcode), "0\n")
			for _, name := range []string{stage2, cmdExit} {
				if _, err := os.Lstat(filepath.Join(run, name)); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s is still there (%v)", name, err)
				}
			}
			for _, kept := range []string{"victim", "s6/env-stage3/OTHER"} {
				if text, has := before[kept]; has {
					wantText(t, filepath.Join(run, kept), text)
				}
			}
		})
	}
}

// Kernels before 6.13 stamp all writes within some milliseconds alike: what we
// wrote must look older than whatever a script writes next.
func TestResultsLookOld(t *testing.T) {
	t.Parallel()
	run := t.TempDir()
	r, err := s6.NewResults(run)
	ok(t, err)
	for range 2 {
		fi, err := os.Stat(filepath.Join(run, exitcode))
		ok(t, err)
		if age := time.Since(fi.ModTime()); age < 30*time.Second {
			t.Errorf("exitcode seems to have been written %v ago", age)
		}
		ok(t, r.Record(0))
	}
}

func TestNewResultsFails(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]files{
		"a file in the way":      {"s6-linux-init-container-results": "x"},
		"another":                {"s6": "x"},
		"a directory in the way": {exitcode + "/x": "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := before.write(t, t.TempDir())
			r, err := s6.NewResults(run)
			wantError(t, err, "exit codes", run)
			if r != nil {
				t.Error("there are results all the same")
			}
			// What the caller then holds still answers.
			if code, set, err := r.ExitCode(); code != 0 || set || err != nil {
				t.Errorf("no results have code %d, set %v, error %v", code, set, err)
			}
			wantError(t, r.Record(3))
		})
	}
}

func TestResultsRecord(t *testing.T) {
	t.Parallel()
	setup := func(t *testing.T) (*s6.Results, string) {
		t.Helper()
		run := t.TempDir()
		r, err := s6.NewResults(run)
		ok(t, err)
		return r, filepath.Join(run, exitcode)
	}
	t.Run("scripts see it, and it is nobody's wish", func(t *testing.T) {
		t.Parallel()
		r, path := setup(t)
		wantError(t, r.Record(137))
		wantText(t, path, "137\n")
		wantError(t, r.Record(4))
		wantText(t, path, "4\n")
		if code, set, err := r.ExitCode(); set || err != nil {
			t.Errorf("code %d is set (%v)", code, err)
		}
	})
	t.Run("a script may overrule it", func(t *testing.T) {
		t.Parallel()
		r, path := setup(t)
		wantError(t, r.Record(3))
		ok(t, os.WriteFile(path, []byte("3\n"), 0o644))
		if code, set, err := r.ExitCode(); code != 3 || !set || err != nil {
			t.Errorf("code %d, set %v, error %v; want 3, true, nil", code, set, err)
		}
	})
	t.Run("a script was first", func(t *testing.T) {
		t.Parallel()
		r, path := setup(t)
		ok(t, os.WriteFile(path, []byte("9\n"), 0o644))
		wantError(t, r.Record(3))
		wantText(t, path, "9\n")
	})
	t.Run("a script was first with garbage", func(t *testing.T) {
		t.Parallel()
		r, path := setup(t)
		ok(t, os.WriteFile(path, []byte("nine\n"), 0o644))
		wantError(t, r.Record(3), path, `"nine"`)
		wantText(t, path, "nine\n")
	})
	t.Run("a script removed it", func(t *testing.T) {
		t.Parallel()
		r, path := setup(t)
		ok(t, os.Remove(path))
		wantError(t, r.Record(3))
		wantText(t, path, "3\n")
	})
}

func wantText(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q (%v), want %q", path, got, err, want)
	}
}
