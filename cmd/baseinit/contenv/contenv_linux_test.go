package contenv_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

func TestMain(m *testing.M) { os.Exit(pid1test.Main(m)) }

// outcome is what a command prints and how it ends.
type outcome struct {
	Out, Err string
	Code     int
}

// run runs the program as with-contenv, or, if slow, lets execlineb run with-contenv, which
// is the command of package applet.
func run(t *testing.T, slow bool, argv, env []string) outcome {
	t.Helper()
	cmd := exec.Command(pid1test.Build(t))
	cmd.Args = append([]string{"with-contenv"}, argv...)
	if slow {
		cmd.Args = append([]string{"execlineb", "-s0", "-c", "with-contenv $@"}, argv...)
	}
	var out, errs strings.Builder
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &errs
	_ = cmd.Run() // its code tells
	lines := strings.Split(out.String(), "\n")
	slices.Sort(lines)
	return outcome{strings.Join(lines, "\n"), errs.String(), cmd.ProcessState.ExitCode()}
}

// TestLikeTheCommand: whatever is asked for, the quick way and the command do the same.
func TestLikeTheCommand(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	if err := os.Symlink(pid1test.Build(t), filepath.Join(bin, "s6-echo")); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		vars map[string]string
		argv []string
		env  []string
	}{
		"a program":           {map[string]string{"A": "b\n"}, []string{"env"}, []string{"OWN=x"}},
		"by its path":         {nil, []string{"/usr/bin/env"}, nil},
		"values":              {map[string]string{"A": "two\nlines\n\n", "B": "nul\x00", "C": "", "D": "\n", ".hidden": "x", "E=F": "x", "G": "x\x00\n", "H": "y\n\x00"}, []string{"env"}, nil},
		"kept":                {map[string]string{"A": "b"}, []string{"env"}, []string{"NOTIFY_SOCKET=/n", "WATCHDOG_USEC=1", "OWN=x"}},
		"kept and replaced":   {map[string]string{"NOTIFY_SOCKET": "/other", "WATCHDOG_USEC": ""}, []string{"env"}, []string{"NOTIFY_SOCKET=/n", "WATCHDOG_USEC=1"}},
		"S6_KEEP_ENV":         {map[string]string{"A": "b"}, []string{"env"}, []string{"S6_KEEP_ENV=1", "OWN=x", "PATH=/usr/bin:/bin"}},
		"not with another":    {map[string]string{"A": "b"}, []string{"env"}, []string{"S6_KEEP_ENV=0", "OWN=x"}},
		"a word of ours":      {map[string]string{"A": "b"}, []string{"importas", "X", "A", "echo", "$X"}, nil},
		"a command of ours":   {map[string]string{"PATH": bin + ":/usr/bin:/bin"}, []string{"s6-echo", "x"}, nil},
		"an unknown program":  {nil, []string{"nosuch"}, nil},
		"an unknown path":     {nil, []string{"/no/such"}, nil},
		"a directory":         {nil, []string{"/etc"}, nil},
		"not executable":      {nil, []string{"/etc/passwd"}, nil},
		"an empty name":       {nil, []string{""}, nil},
		"an empty PATH":       {map[string]string{"PATH": "\n"}, []string{"sh", "-c", "echo x"}, nil},
		"no PATH":             {map[string]string{"PATH": ""}, []string{"sh", "-c", "echo x"}, nil},
		"a PATH with gaps":    {map[string]string{"PATH": ":/nope::/usr/bin:/bin"}, []string{"sh", "-c", "echo x"}, nil},
		"a code":              {nil, []string{"sh", "-c", "echo out; echo err >&2; exit 7"}, nil},
		"arguments":           {nil, []string{"printf", "<%s>", "", " ", "a b", "$@"}, nil},
		"an environment dir?": {nil, []string{"env"}, []string{"BASEINIT_RUN=/nope"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			vars := filepath.Join(dir, "s6/container_environment")
			if err := os.MkdirAll(filepath.Join(vars, "directory"), 0o755); err != nil {
				t.Fatal(err)
			}
			if _, ok := test.vars["PATH"]; !ok {
				test.vars = mapWith(test.vars, "PATH", "/usr/bin:/bin")
			}
			for name, value := range test.vars {
				if err := os.WriteFile(filepath.Join(vars, name), []byte(value), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			env := append([]string{"BASEINIT_RUN=" + dir}, test.env...)
			if diff := cmp.Diff(run(t, true, test.argv, env), run(t, false, test.argv, env)); diff != "" {
				t.Errorf("(-command +quick way):\n%s", diff)
			}
		})
	}
}

func mapWith(m map[string]string, name, value string) map[string]string {
	with := map[string]string{name: value}
	maps.Copy(with, m)
	return with
}

// TestIsSoon: a program of somebody else is run before the packages that a command has no
// use for are initialised.
func TestIsSoon(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	vars := filepath.Join(dir, "s6/container_environment")
	if err := os.MkdirAll(vars, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(vars, "PATH"), []byte("/usr/bin:/bin"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := run(t, false, []string{"true"}, []string{"BASEINIT_RUN=" + dir, "GODEBUG=inittrace=1"})
	if got.Code != 0 || !strings.Contains(got.Err, "init os @") {
		t.Fatalf("no trace: %+v", got)
	}
	for _, late := range []string{"unicode", "crypto/internal/fips140", "net", "regexp", "go.uber.org/zap/zapcore"} {
		if strings.Contains(got.Err, "init "+late+" @") {
			t.Errorf("%s is initialised first", late)
		}
	}
}
