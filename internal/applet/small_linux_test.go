package applet_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

func TestSmallCommands(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{argv: []string{"s6-echo", "a", "b"}, stdout: "a b\n"},
		{argv: []string{"s6-echo", "-n", "--", "-n"}, stdout: "-n"},
		{argv: []string{"s6-echo", "-s", ",", "a", "b"}, stdout: "a,b\n"},
		{argv: []string{"s6-echo"}, stdout: "\n"},
		{argv: []string{"s6-echo", "-q"}, code: 100},
		{argv: []string{"s6-true"}},
		{argv: []string{"s6-false"}, code: 1},
		{argv: []string{"s6-sleep", "-m", "1"}},
		{argv: []string{"s6-sleep", "0"}},
		{argv: []string{"s6-sleep"}, code: 100},
		{argv: []string{"s6-sleep", "x"}, code: 100},
		{argv: []string{"s6-test", "1", "-ne", "0"}},
		{argv: []string{"s6-test", "1", "-eq", "0"}, code: 1},
		{argv: []string{"if", " s6-test", " 3", " -ne", " 0", "", "s6-echo", "yes"}, stdout: "yes\n"},
		{argv: []string{"exec", "-a", "x", "s6-echo", "hi"}, stdout: "hi\n"},
	})
}

// TestEnvdir compares with the real s6-envdir. With -L and without -f that of s6 2.11
// gives empty variables, so it is no measure there.
func TestEnvdir(t *testing.T) {
	t.Parallel()
	const theirs = "/usr/bin/s6-envdir"
	pid1test.NeedProgram(t, theirs, "s6")
	dir := t.TempDir()
	for name, value := range map[string]string{
		"A": "one\ntwo\n", "B": "blanks \t \nx", "C": "", "D": "n\x00l", ".hidden": "x", "E=F": "x", "LONG": strings.Repeat("y", 5000), "EMPTYLINE": "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, options := range [][]string{{}, {"-f"}, {"-fn"}, {"-n"}, {"-fL"}, {"-c", "%"}, {"-I"}, {"-i"}} {
		show := append(slices.Clip(options), dir, "env")
		env := []string{"C=was set", "PATH=/usr/bin:/bin"}
		got := call{argv: append([]string{"s6-envdir"}, show...), env: env}.run(t)
		want := call{argv: append([]string{"exec", theirs}, show...), env: env}.run(t)
		if diff := cmp.Diff(sorted(want.stdout), sorted(got.stdout)); diff != "" || got.code != want.code {
			t.Errorf("%q: code %d, the real one %d (-real +ours)\n%s", options, got.code, want.code, diff)
		}
	}
	for _, tt := range []struct {
		argv []string
		code int
	}{
		{[]string{"s6-envdir", "/nope", "true"}, 111},
		{[]string{"s6-envdir", "-I", "/nope", "true"}, 0},
		{[]string{"s6-envdir", dir}, 100},
		{[]string{"s6-envdir", "-L", dir, "sh", "-c", "test ${#LONG} -eq 5000"}, 0},
		{[]string{"s6-envdir", dir, "sh", "-c", "test ${#LONG} -eq 4095"}, 0},
	} {
		if got := (call{argv: tt.argv}).run(t); got.code != tt.code {
			t.Errorf("%q: %+v, want code %d", tt.argv, got, tt.code)
		}
	}
}

func sorted(lines string) []string { return slices.Sorted(strings.SplitSeq(lines, "\n")) }

// TestHelp: each command tells how to call it.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"s6-setuidgid", "s6-envdir", "s6-true", "printcontenv"} {
		got := call{argv: []string{name, "--help"}}.run(t)
		if got.code != 0 || !strings.HasPrefix(got.stdout, "usage: "+name) || strings.Count(got.stdout, "\n") != 2 {
			t.Errorf("%s --help: %+v", name, got)
		}
	}
}
