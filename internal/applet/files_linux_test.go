package applet_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestFileCommands runs them in a directory of its own and shows what became of it.
func TestFileCommands(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	checkFiles(t, []fileExample{
		{argv: []string{"s6-mkdir", "-p", "new/er"}, show: "stat -c %a new/er", want: "755\n"},
		{argv: []string{"s6-mkdir", "-m", "2770", "new"}, show: "stat -c %a new", want: "2770\n"},
		{argv: []string{"s6-mkdir", "new/er"}, code: 111},
		{argv: []string{"s6-mkdir", "d"}, code: 111},
		{argv: []string{"s6-mkdir", "-m", "9", "x"}, code: 100},
		{argv: []string{"s6-mkdir"}, code: 100},
		{argv: []string{"s6-chmod", "0640", "f"}, show: "stat -c %a f", want: "640\n"},
		{argv: []string{"s6-chmod", "u+x", "f"}, code: 100},
		{argv: []string{"s6-chmod", "644", "nope"}, code: 111},
		{argv: []string{"s6-chown", "-u", "12", "f"}, show: "stat -c %u:%g f", want: "12:0\n"},
		{argv: []string{"s6-chown", "-g", "13", "f", "d"}, show: "stat -c %u:%g f d", want: "0:13\n0:13\n"},
		{argv: []string{"s6-chown", "-U", "f"}, env: []string{"UID=12", "GID=13"}, show: "stat -c %u:%g f", want: "12:13\n"},
		{argv: []string{"s6-chown", "-U", "f"}, code: 100},
		{argv: []string{"s6-chown", "-u", "1", "nope"}, code: 111},
		{argv: []string{"s6-rmrf", "d", "nope"}, show: "ls", want: "f\nlink\n"},
		{argv: []string{"s6-rmrf", "link"}, show: "ls; ls d", want: "d\nf\nin\n"},
		{argv: []string{"s6-rmrf"}, code: 100},
		{argv: []string{"s6-ls", "."}, stdout: "d\nf\nlink\n"},
		{argv: []string{"s6-ls", "-a", "."}, stdout: ".hidden\nd\nf\nlink\n"},
		{argv: []string{"s6-ls", "-0", "-x", "f", "."}, stdout: "d\x00link\x00"},
		{argv: []string{"s6-ls", "nope"}, code: 111},
		{argv: []string{"s6-ls"}, code: 100},
		{argv: []string{"s6-sort"}, stdin: "b\na\n10\n9", stdout: "10\n9\na\nb\n"},
		{argv: []string{"s6-sort", "-n"}, stdin: "10\n9\n", stdout: "9\n10\n"},
		{argv: []string{"s6-sort", "-ru"}, stdin: "a\nb\na\n", stdout: "b\na\n"},
		{argv: []string{"s6-sort", "-0"}, stdin: "b\x00a\x00", stdout: "a\x00b\x00"},
		{argv: []string{"s6-sort", "-bf"}, stdin: " B\na\n", stdout: "a\n B\n"},
		{argv: []string{"s6-sort", "-c"}, stdin: "b\na\n", code: 1},
		{argv: []string{"s6-sort"}},
		{argv: []string{"s6-sort", "f"}, code: 100},
		{argv: []string{"s6-cat"}, stdin: "a\x00b", stdout: "a\x00b"},
		{argv: []string{"s6-basename", "/a/b.c", ".c"}, stdout: "b\n"},
		{argv: []string{"s6-basename", "-n", "/a/b/"}, stdout: "b"},
		{argv: []string{"s6-basename"}, code: 100},
		{argv: []string{"s6-dirname", "/a/b"}, stdout: "/a\n"},
		{argv: []string{"s6-dirname", "a/b/"}, stdout: "a\n"},
		{argv: []string{"s6-dirname", "/"}, stdout: "/\n"},
		{argv: []string{"s6-dirname", "a"}, stdout: ".\n"},
	})
}

// fileExample is a command run where there are a file f, a directory d with a file in, a
// symbolic link to it and a hidden file, and a shell command that shows what became of them.
type fileExample struct {
	argv   []string
	env    []string
	stdin  string
	stdout string
	code   int
	show   string // what prints want
	want   string
}

// checkFiles runs examples, each in a directory of its own.
func checkFiles(t *testing.T, examples []fileExample) {
	t.Helper()
	for _, tt := range examples {
		dir := t.TempDir()
		for name, text := range map[string]string{"f": "text\n", ".hidden": "", "d/in": ""} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink("d", filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		past := time.Now().Add(-time.Hour)
		for _, name := range []string{"f", "d/in", "d"} {
			if err := os.Chtimes(filepath.Join(dir, name), past, past); err != nil {
				t.Fatal(err)
			}
		}
		got := call{argv: tt.argv, env: tt.env, dir: dir, stdin: tt.stdin}.run(t)
		if got.stdout != tt.stdout || got.code != tt.code || (got.code != 0 && got.code != 1 && got.stderr == "") {
			t.Errorf("%q: %+v, want %q and code %d", tt.argv, got, tt.stdout, tt.code)
		}
		if tt.show == "" {
			continue
		}
		cmd := exec.Command("sh", "-c", tt.show)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != tt.want {
			t.Errorf("%q: %s: %q %v, want %q", tt.argv, tt.show, out, err, tt.want)
		}
	}
}

// TestLines filters lines, beside the real commands where there are any.
func TestLines(t *testing.T) {
	t.Parallel()
	const stamps = "no stamp\n@40000000 x\n@4000000067890abc075bcd15 y\n@4000000067890abc075bcd15\nz"
	check(t, []example{
		{argv: []string{"s6-format-filter", "[ AGENT ] %s"}, stdin: "a\nb", stdout: "[ AGENT ] a\n[ AGENT ] b\n"},
		{argv: []string{"s6-format-filter", "%1 %s", "[x]"}, stdin: "a%s\n", stdout: "[x] a%s\n"},
		{argv: []string{"s6-format-filter", "%s%%%s"}, stdin: "a\n\n", stdout: "a%a\n%\n"},
		{argv: []string{"s6-format-filter", "%s", "-"}, stdin: strings.Repeat("x", 200_000) + "\n", stdout: strings.Repeat("x", 200_000) + "\n"},
		{argv: []string{"s6-format-filter", "%2", "a"}, code: 100},
		{argv: []string{"s6-format-filter", "%x"}, code: 100},
		{argv: []string{"s6-format-filter"}, code: 100},
		{argv: []string{"s6-tai64n", "x"}, code: 100},
		{argv: []string{"s6-tai64nlocal", "-g"}, stdin: stamps, stdout: "no stamp\n@40000000 x\n2025-01-16 13:33:11.123456789 y\n2025-01-16 13:33:11.123456789\nz"},
		{argv: []string{"s6-tai64nlocal", "x"}, code: 100},
	})
	pid1test.NeedProgram(t, "/usr/bin/s6-tai64n", "s6")
	for _, zone := range []string{"TZ=UTC", "TZ=America/New_York"} {
		ours := call{argv: []string{"s6-tai64nlocal"}, stdin: stamps, env: []string{zone}}.run(t)
		theirs := call{argv: []string{"exec", "/usr/bin/s6-tai64nlocal"}, stdin: stamps, env: []string{zone}}.run(t)
		if ours != theirs {
			t.Errorf("%s: s6-tai64nlocal: %+v, the real one %+v", zone, ours, theirs)
		}
	}
	stamped := call{argv: []string{"s6-tai64n"}, stdin: "a\nb"}.run(t)
	theirs := call{argv: []string{"exec", "/usr/bin/s6-tai64n"}, stdin: "a\nb"}.run(t)
	if len(stamped.stdout) != len(theirs.stdout) || stamped.stdout[:9] != theirs.stdout[:9] {
		t.Errorf("s6-tai64n: %q, the real one %q", stamped.stdout, theirs.stdout)
	}
}

// TestSoftlimit compares with the real one.
func TestSoftlimit(t *testing.T) {
	t.Parallel()
	const program = "/usr/bin/s6-softlimit"
	pid1test.NeedProgram(t, program, "s6")
	for _, options := range [][]string{
		{"-a", "1000000000"},
		{"-c", "0"},
		{"-d", "1000000000"},
		{"-f", "1000000"},
		{"-l", "4096"},
		{"-m", "1000000000"},
		{"-o", "100"},
		{"-o", "="},
		{"-p", "1000"},
		{"-r", "100000000"},
		{"-s", "4000000"},
		{"-t", "100"},
		{"-o", "x"},

		{},
	} {
		show := append(append([]string{}, options...), "sh", "-c", "ulimit -a")
		ours := call{argv: append([]string{"s6-softlimit"}, show...)}.run(t)
		theirs := call{argv: append([]string{"exec", program}, show...)}.run(t)
		if ours.stdout != theirs.stdout || ours.code != theirs.code {
			t.Errorf("%q: %+v, the real one %+v", options, ours, theirs)
		}
	}
	// The real one passes options over that it does not know.
	for _, argv := range [][]string{{"s6-softlimit", "-o", "5"}, {"s6-softlimit", "-q", "true"}} {
		if got := (call{argv: argv}).run(t); got.code != 100 {
			t.Errorf("%q: %+v, want code 100", argv, got)
		}
	}
}
