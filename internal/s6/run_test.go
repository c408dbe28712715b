package s6_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/s6"
)

// What we say runs a script does run it, with the name and the arguments that it
// would have had if it were executable. Tests that run what they wrote are not
// parallel: a child that somebody else forks meanwhile holds the file open for
// writing, and execve(2) says ETXTBSY.
func TestScriptsRun(t *testing.T) {
	for name, test := range map[string]struct {
		text, want string
		code       int
	}{
		"executable":           {text: "exec:#!/bin/sh\necho $0 $#\n", want: "PATH 0\n"},
		"not executable":       {text: "#!/bin/sh\necho $0 $#\n", want: "PATH 0\n"},
		"no interpreter":       {text: "echo $0 $#\n", want: "PATH 0\n"},
		"interpreter argument": {text: "#!/bin/sh -e\nfalse\necho on\n", code: 1},
		"env":                  {text: "#!/usr/bin/env sh\necho $0 $#\n", want: "PATH 0\n"},
		"only a comment":       {text: "# nothing to do"},
		"text in CRLF":         {text: "#!/bin/sh\necho hello\r\n", want: "hello\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := files{"a script": test.text}.write(t, t.TempDir())
			scripts, err := s6.Scripts(dir)
			wantError(t, err)
			wantError(t, scripts[0].Err)
			argv := scripts[0].Argv
			cmd := exec.Command(argv[0], argv[1:]...)
			out, err := cmd.Output()
			if errors.Is(err, syscall.ENOEXEC) { // whoever runs it does what a shell does
				cmd = exec.Command("/bin/sh", argv...)
				out, _ = cmd.Output()
			}
			if got := strings.ReplaceAll(string(out), scripts[0].Path, "PATH"); got != test.want {
				t.Errorf("output %q, want %q", got, test.want)
			}
			if code := cmd.ProcessState.ExitCode(); code != test.code {
				t.Errorf("code %d, want %d", code, test.code)
			}
		})
	}
}

// As s6-supervise 2.11.3 does it: "./run", in the service's directory, with the name.
func TestServicesRun(t *testing.T) {
	const script = "#!/bin/sh\necho $0 $# $1 ${PWD##*/}\n"
	dir := files{
		"a/run": "exec:" + script, "a/log/run": "exec:" + script, "b/run": script, "b/log/run": script,
		"c/run": "link:../a/run", "d": "link:a", "a b/run": script,
		"a/finish": "exec:" + script, "b/finish": script,
	}.write(t, t.TempDir())
	services, _, err := s6.Services(dir, s6.Defaults{})
	wantError(t, err)
	got := map[string]string{}
	for _, s := range services {
		got[s.Name] = output(t, s.Dir, s.Command)
		if len(s.Finish) > 0 {
			got[s.Name+" finish"] = output(t, s.Dir, append(s.Finish, "256", "15", s.Name, "77"))
		}
	}
	want := map[string]string{
		"a": "./run 1 a a", "a/log": "./run 1 a/log log", "a finish": "./finish 4 256 a",
		"b": "./run 1 b b", "b/log": "./run 1 b/log log", "b finish": "./finish 4 256 b",
		"c": "./run 1 c c", "a b": "./run 1 a b a b",
		// The shell's PWD is the resolved one.
		"d": "./run 1 d a", "d/log": "./run 1 d/log log", "d finish": "./finish 4 256 a",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

func output(t *testing.T, dir string, argv []string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	resolved, err := filepath.EvalSymlinks(dir)
	ok(t, err)
	cmd.Env = append(os.Environ(), "PWD="+resolved)
	out, err := cmd.Output()
	ok(t, err)
	return strings.TrimSpace(string(out))
}
