package scenario_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/scenario"
)

const table = "../../docs/exit-codes.md"

// recorder is a test that notes its failures.
type recorder struct {
	testing.TB
	failures []string
}

func (*recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// life is a container that has been lived already.
type life struct {
	code           int
	stdout, stderr string
	did            []string
}

func (l *life) WaitFor(text string)       { l.did = append(l.did, "wait for "+text) }
func (l *life) Signal(sig syscall.Signal) { l.did = append(l.did, fmt.Sprintf("signal %d", int(sig))) }
func (l *life) Send(text string)          { l.did = append(l.did, "send "+text) }
func (l *life) Wait() int                 { return l.code }
func (l *life) Stdout() string            { return l.stdout }
func (l *life) Output() string            { return l.stdout + l.stderr }

func TestPlay(t *testing.T) {
	t.Parallel()
	s := scenario.Scenario{
		Code: 3, Stdout: "out\n", Output: []string{"said"}, Never: []string{"lie"},
		Steps: []scenario.Step{{For: "up", Signal: 15}, {Send: "x"}, {For: "down"}},
	}
	for name, test := range map[string]struct {
		life life
		want string // in the only failure
	}{
		"right":         {life{code: 3, stdout: "out\n", stderr: "said\n"}, ""},
		"code":          {life{code: 4, stdout: "out\n", stderr: "said\n"}, "exit code 4, want 3"},
		"stdout":        {life{code: 3, stdout: "out\nmore\n", stderr: "said\n"}, "stdout (-want +got)"},
		"lacks":         {life{code: 3, stdout: "out\n"}, `lacks "said"`},
		"never":         {life{code: 3, stdout: "out\n", stderr: "said a lie\n"}, `holds "lie"`},
		"panic":         {life{code: 3, stdout: "out\n", stderr: "said\npanic: no\n"}, `holds "panic:"`},
		"runtime error": {life{code: 3, stdout: "out\n", stderr: "said\nfatal error: no\n"}, `holds "fatal error:"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{TB: t}
			s.Play(r, &test.life)
			if diff := cmp.Diff([]string{"wait for up", "signal 15", "send x", "wait for down"}, test.life.did); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if test.want == "" && len(r.failures) == 0 {
				return
			}
			if len(r.failures) != 1 || test.want == "" || !strings.Contains(r.failures[0], test.want) {
				t.Errorf("failures %q, want one with %q", r.failures, test.want)
			}
		})
	}
}

// TestExitCodesMatch makes the table of exit codes and the scenarios differ.
func TestExitCodesMatch(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(string) string
		want   []string // in the failures, in order
	}{
		"as it is":  {func(s string) string { return s }, nil},
		"row added": {func(s string) string { return s + "| new-row | something | 1 |\n" }, []string{`no scenario for the row "new-row"`}},
		"row twice": {func(s string) string { return s + "| cmd-fails | again | 4 |\n" }, []string{`two rows are named "cmd-fails"`}},
		"row gone": {
			func(s string) string { return strings.Replace(s, "| cmd-fails |", "cmd-fails", 1) },
			[]string{`no row for the scenario "cmd-fails"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "exit-codes.md")
			if err := os.WriteFile(path, []byte(test.change(string(text))), 0o600); err != nil {
				t.Fatal(err)
			}
			r := &recorder{TB: t}
			scenario.ExitCodes(r, path)
			if len(r.failures) != len(test.want) {
				t.Fatalf("failures %q, want %q", r.failures, test.want)
			}
			for i, want := range test.want {
				if !strings.Contains(r.failures[i], want) {
					t.Errorf("failure %q, want %q", r.failures[i], want)
				}
			}
		})
	}
}

// TestCodes looks at a few codes, which come from the table.
func TestCodes(t *testing.T) {
	t.Parallel()
	codes := map[string]int{}
	for _, s := range scenario.ExitCodes(t, table) {
		codes[s.Name] = s.Code
	}
	for name, want := range map[string]int{"cmd-killed": 137, "cmd-no-interpreter/crlf": 127, "bad-value": 100, "wrong-flag": 2} {
		if got := codes[name]; got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range slices.Concat(scenario.ExitCodes(t, table), scenario.Lives()) {
		if s.Name == "" || seen[s.Name] {
			t.Errorf("the name %q is empty or not unique", s.Name)
		}
		seen[s.Name] = true
	}
}
