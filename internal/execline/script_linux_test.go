package execline_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestMessages: who reads them knows the file, the line and the word.
func TestMessages(t *testing.T) {
	t.Parallel()
	at := newPlace(t)
	for _, tt := range []struct {
		text string
		code int
		says []string // after the name of the script
	}{
		{"words a\nif { b", 100, []string{"execlineb", "line 2", `"{"`, "not closed"}},
		{"foreground { words a }\nnosuch b", 127, []string{"foreground", "cannot run nosuch", "no such file"}},
		{"/etc/passwd", 126, []string{"/etc/passwd", "permission denied"}},
		{"importas -i A NOPE words", 100, []string{"importas", "NOPE is not set"}},
		{"export A", 100, []string{"export", "usage: export VARIABLE VALUE PROGRAM..."}},
		{"foreground words", 100, []string{"foreground", "block"}},
		{"cd /nope words", 111, []string{"cd", "/nope", "no such file"}},
		{"redirfd -r 0 /nope words", 111, []string{"redirfd", "cannot open /nope", "no such file"}},
		{"if { sh -c \"kill -9 $$\" } words", 137, []string{"if", "signal 9"}},
	} {
		got, stderr := script{options: []string{"-P"}, text: tt.text}.ours(t, at)
		line := strings.TrimSuffix(stderr[strings.LastIndexByte(strings.TrimSuffix(stderr, "\n"), '\n')+1:], "\n")
		if got.code != tt.code || !strings.HasPrefix(line, at.file+": ") {
			t.Errorf("%q: code %d, %q; want code %d and the name of the script", tt.text, got.code, stderr, tt.code)
		}
		for _, want := range tt.says {
			if !strings.Contains(line, want) {
				t.Errorf("%q: %q does not say %q", tt.text, line, want)
			}
		}
	}
}

// TestScriptFiles: what stands in the place of a script.
func TestScriptFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	self := pid1test.Build(t)
	for name, says := range map[string]string{dir + "/missing": "no such file", dir: "is a directory"} {
		cmd := exec.Command(self)
		cmd.Args = []string{"execlineb", "-P", name}
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), name) || !strings.Contains(string(out), says) {
			t.Errorf("%s: %v, %q; want it named, and %q", name, err, out, says)
		}
	}
}

// TestOneProcess: words that are not in a block run in the process of the script,
// and the program takes its place.
func TestOneProcess(t *testing.T) {
	t.Parallel()
	got, stderr := script{options: []string{"-P"}, text: `
		getpid A importas A A export X y cd / umask 022 fdmove -c 4 1 define Z z
		sh -c "test $A = $$ && echo same"`}.ours(t, newPlace(t))
	if got.stdout != "same\n" {
		t.Errorf("got %q, want the process to be the same: %s", got.stdout, stderr)
	}
}

// TestDescriptorsAreTheScripts: no descriptor is open that the script did not open.
func TestDescriptorsAreTheScripts(t *testing.T) {
	t.Parallel()
	got, stderr := script{options: []string{"-P"}, text: `
		foreground { true } background { true } wait -t 5000 { } backtick A { echo x } heredoc 7 text
		forx -E F { 3 4 5 6 8 9 10 } if { eltest ! -e /proc/self/fd/${F} } true`}.ours(t, newPlace(t))
	if got.code != 0 {
		t.Errorf("code %d: %s", got.code, stderr)
	}
	const list = "cd /proc/self/fd && echo *"
	want, err := exec.Command("sh", "-c", list).Output()
	if err != nil {
		t.Fatal(err)
	}
	got, stderr = script{options: []string{"-P"}, text: `foreground { true } wait -t 5000 { } pipeline { echo x }
		sh -c "` + list + `"`}.ours(t, newPlace(t))
	if got.stdout != string(want) {
		t.Errorf("open descriptors: %q, want %q: %s", got.stdout, want, stderr)
	}
}

// TestRealWordsTakeBlocks: a line may go through programs of the real execline.
func TestRealWordsTakeBlocks(t *testing.T) {
	t.Parallel()
	pid1test.NeedProgram(t, realExeclineb, "execline")
	got, stderr := script{options: []string{"-P"}, text: `
		/usr/lib/execline/bin/foreground { words a } foreground { words b } env -i PATH=` + "/usr/bin" + ` /usr/lib/execline/bin/if { true } echo c`}.ours(t, newPlace(t))
	if want := "<a> \n<b> \nc\n"; got.stdout != want {
		t.Errorf("got %q, want %q: %s", got.stdout, want, stderr)
	}
}

// TestTextLongerThanPipe: a child feeds what a pipe does not hold.
func TestTextLongerThanPipe(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100_000)
	got, stderr := script{options: []string{"-P"}, text: "heredoc -d 0 " + long + " cat"}.ours(t, newPlace(t))
	if got.stdout != long {
		t.Errorf("got %d bytes, want %d: %s", len(got.stdout), len(long), stderr)
	}
}

// chained is a script of six words, as a run script might chain them.
const chained = "export A b define C d importas -D e F G umask 022 cd / fdmove -c 2 1 true"

// BenchmarkChained is a script of six words in one process.
func BenchmarkChained(b *testing.B) {
	benchmarkScript(b, pid1test.Build(b), "/usr/bin:/bin")
}

// BenchmarkChainedReal is the same by the real execline.
func BenchmarkChainedReal(b *testing.B) {
	pid1test.NeedProgram(b, realExeclineb, "execline")
	benchmarkScript(b, realExeclineb, "/usr/lib/execline/bin:/usr/bin:/bin")
}

func benchmarkScript(b *testing.B, execlineb, path string) {
	b.Helper()
	file := b.TempDir() + "/script"
	if err := os.WriteFile(file, []byte(chained), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		cmd := exec.Command(execlineb)
		cmd.Args = []string{"execlineb", "-P", file}
		cmd.Env = []string{"PATH=" + path}
		cmd.WaitDelay = time.Second
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
}
