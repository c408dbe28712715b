package cli_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/cli"
)

// TestPage: docs/cli.md is what the commands say of themselves. UPDATE_DOCS=1 writes it.
func TestPage(t *testing.T) {
	t.Parallel()
	const page, begin, end = "../../docs/cli.md", "<!-- begin commands: from the code -->\n", "<!-- end commands -->\n"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, found := strings.Cut(rest, end)
	if !ok || !found {
		t.Fatal("there is no part commands")
	}
	want := before + begin + cli.Reference() + end + after
	if os.Getenv("UPDATE_DOCS") == "1" {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), want); diff != "" {
		t.Errorf("%s is not what the code says; UPDATE_DOCS=1 go test ./internal/cli writes it (-page +code):\n%s", page, diff)
	}
}

// TestCommands: each command is explained, with examples that begin with its name.
func TestCommands(t *testing.T) {
	t.Parallel()
	for _, c := range cli.Commands() {
		if c.Summary == "" || !strings.HasSuffix(c.Summary, ".") || len(c.Examples) == 0 {
			t.Errorf("%s is not explained", c.Name)
		}
		for _, e := range c.Examples {
			if !strings.HasPrefix(e.Line+" ", c.Name+" ") || e.Does == "" {
				t.Errorf("%s: the example %q", c.Name, e.Line)
			}
		}
		for _, f := range c.Flags {
			if f.Meaning == "" || len(f.Short) > 1 {
				t.Errorf("%s: the flag %+v", c.Name, f)
			}
		}
	}
}
