package s6_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/s6/nobodytest"
)

func TestScriptsOrder(t *testing.T) {
	t.Parallel()
	dir := files{
		"10-b": "exec:", "10-a": "exec:", "2-x": "exec:", "B": "exec:", "a": "exec:", "a b": "exec:", "x.bak": "exec:", "é": "exec:",
		".gitignore": "*", ".hidden": "exec:", "-dash": "exec:", "linked": "link:a",
	}.write(t, t.TempDir())
	scripts, err := s6.Scripts(dir)
	wantError(t, err)
	var names []string
	for _, s := range scripts {
		names = append(names, s.Name)
		want := s6.Script{Name: s.Name, Path: filepath.Join(dir, s.Name), Argv: []string{filepath.Join(dir, s.Name)}}
		if diff := cmp.Diff(want, s); diff != "" {
			t.Errorf("script (-want +got):\n%s", diff)
		}
	}
	want := []string{"-dash", "10-a", "10-b", "2-x", "B", "a", "a b", "linked", "x.bak", "é"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestScriptsDirectory(t *testing.T) {
	t.Parallel()
	dir := files{"file": "", "empty": "dir:", "fifo": "fifo:", "closed": "dir:", "link": "link:empty"}.write(t, t.TempDir())
	ok(t, os.Chmod(filepath.Join(dir, "closed"), 0))
	for name, says := range map[string]string{
		"missing": "", "empty": "", "link": "",
		"file": "not a directory", "fifo": "not a directory", "closed": "permission denied",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "closed" && nobodytest.Instead(t) {
				return
			}
			inTime(t, func() {
				scripts, err := s6.Scripts(filepath.Join(dir, name))
				if len(scripts) != 0 {
					t.Errorf("scripts %v, want none", scripts)
				}
				if says == "" {
					wantError(t, err)
					return
				}
				wantError(t, err, "cannot list "+filepath.Join(dir, name), says)
			})
		})
	}
}

// Scripts run in another directory than the one in which they were listed.
func TestScriptsAreAbsolute(t *testing.T) {
	t.Parallel()
	dir := files{"a": "exec:"}.write(t, t.TempDir())
	wd, err := os.Getwd()
	ok(t, err)
	relative, err := filepath.Rel(wd, dir)
	if err != nil {
		t.Skip("no relative way to the directory: ", err)
	}
	scripts, err := s6.Scripts(relative)
	wantError(t, err)
	if len(scripts) != 1 || scripts[0].Path != filepath.Join(dir, "a") {
		t.Errorf("scripts %+v, want %s/a", scripts, dir)
	}
}

// The file is called f in each case; "f" in a command stands for its path.
func TestScriptNotExecutable(t *testing.T) {
	t.Parallel()
	const made, through = "was not executable: made so", "run through its interpreter"
	for name, test := range map[string]struct {
		text       string
		mode, then os.FileMode // as root
		argv       []string    // as another user
		err        []string    // as another user
	}{
		"shell":          {text: "#!/bin/sh\n", mode: 0o644, then: 0o755, argv: []string{"/bin/sh", "f"}},
		"group writable": {text: "#!/bin/sh\n", mode: 0o664, then: 0o775, argv: []string{"/bin/sh", "f"}},
		"secret":         {text: "#!/bin/sh\n", mode: 0o600, then: 0o700, argv: []string{"/bin/sh", "f"}},
		"with-contenv":   {text: "#!/usr/bin/with-contenv bash\necho\n", mode: 0o644, then: 0o755, argv: []string{"/usr/bin/with-contenv", "bash", "f"}},
		"one argument":   {text: "#! \t/usr/bin/env  -S  a b \t\n", mode: 0o644, then: 0o755, argv: []string{"/usr/bin/env", "-S  a b", "f"}},
		"no end":         {text: "#!/bin/ash", mode: 0o644, then: 0o755, argv: []string{"/bin/ash", "f"}},
		"no line":        {text: "echo hello\n", mode: 0o644, then: 0o755, argv: []string{"/bin/sh", "f"}},
		"empty line":     {text: "#! \n", mode: 0o644, then: 0o755, argv: []string{"/bin/sh", "f"}},
		"empty":          {text: "", mode: 0o644, then: 0o755, argv: []string{"/bin/sh", "f"}},
		"comment":        {text: "# !/bin/bash\n", mode: 0o644, then: 0o755, argv: []string{"/bin/sh", "f"}},
		"CRLF text":      {text: "echo hello\r\n", mode: 0o644, then: 0o755, argv: []string{"/bin/sh", "f"}},
		"CRLF line": {
			text: "#!/bin/bash\r\necho\r\n", mode: 0o644, then: 0o755,
			err: []string{"ends in CRLF", "`#!/bin/bash^M`", `sed -i 's/\r$//' `},
		},
		"CRLF argument": {text: "#!/bin/sh -e\r\n", mode: 0o644, then: 0o755, err: []string{"`#!/bin/sh -e^M`"}},
		"program":       {text: "\x7fELF\x02\x01", mode: 0o644, then: 0o755, err: []string{"it is a program and not executable", "chmod +x"}},
		"unreadable":    {text: "#!/bin/sh\n", mode: 0, then: 0o500, err: []string{"it is not executable", "cannot be read", "permission denied"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := files{"f": test.text}.write(t, t.TempDir())
			path := filepath.Join(dir, "f")
			ok(t, os.Chmod(path, test.mode))
			want := s6.Script{Name: "f", Path: path}
			says, then := through, test.mode
			if os.Geteuid() == 0 {
				test.argv, test.err, says, then = []string{"f"}, nil, made, test.then
			}
			for _, word := range test.argv {
				want.Argv = append(want.Argv, strings.Replace(word, "f", path, boolToInt(word == "f")))
			}
			scripts, err := s6.Scripts(dir)
			wantError(t, err)
			got := scripts[0]
			wantError(t, got.Err, test.err...)
			if test.err != nil {
				wantError(t, got.Err, "cannot run "+path+": ")
			} else if !strings.Contains(got.Note, says) {
				t.Errorf("note %q, want one that says %q", got.Note, says)
			}
			got.Err, got.Note = nil, ""
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("script (-want +got):\n%s", diff)
			}
			if fi, err := os.Stat(path); err != nil || fi.Mode() != then {
				t.Errorf("afterwards the mode is %v (%v), want %v", fi.Mode(), err, then)
			}
		})
	}
}

func TestScriptCannotRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, test := range map[string]struct{ what, says string }{
		"directory":     {"dir:", "it is a directory, not a script"},
		"FIFO":          {"fifo:", "it is a FIFO, not a script"},
		"device":        {"link:/dev/null", "it is a device, not a script"},
		"dangling link": {"link:/no/such", "it is a link to /no/such, which does not exist"},
		"loop of links": {"link:f", "too many levels of symbolic links"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := files{"f": test.what, "g": "exec:"}.write(t, filepath.Join(dir, name))
			inTime(t, func() {
				scripts, err := s6.Scripts(dir)
				wantError(t, err)
				if len(scripts) != 2 || scripts[1].Err != nil {
					t.Fatalf("scripts %+v, want two of which the second is right", scripts)
				}
				wantError(t, scripts[0].Err, "cannot run "+filepath.Join(dir, "f")+": ", test.says)
				if scripts[0].Argv != nil {
					t.Errorf("it is run as %q", scripts[0].Argv)
				}
			})
		})
	}
}

// A link's own mode says nothing: that of the file does, and it is changed there.
func TestScriptLinkedNotExecutable(t *testing.T) {
	t.Parallel()
	dir := files{"d/f": "link:../target", "target": "#!/bin/sh\n"}.write(t, t.TempDir())
	scripts, err := s6.Scripts(filepath.Join(dir, "d"))
	wantError(t, err)
	path := filepath.Join(dir, "d", "f")
	want := []string{"/bin/sh", path}
	if os.Geteuid() == 0 {
		want = []string{path}
	}
	if diff := cmp.Diff(want, scripts[0].Argv); diff != "" {
		t.Errorf("command (-want +got):\n%s", diff)
	}
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
