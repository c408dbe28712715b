package boot_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/boot"
	"github.com/sillelien/baseinit/internal/servicefile"
)

func TestUnmet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "there"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"SET=1", "EMPTY=", "TWICE=1", "TWICE=2", "EQ=a=b"}
	for text, want := range map[string]string{
		`enabled = true`:               "",
		`enabled = false`:              "it is not enabled (enabled = false)",
		`condition.env = "SET"`:        "",
		`condition.env = "!SET"`:       `$SET is set (condition.env = "!SET")`,
		`condition.env = "EMPTY"`:      `$EMPTY is not set (condition.env = "EMPTY")`,
		`condition.env = "EMPTY="`:     "",
		`condition.env = "NONE"`:       `$NONE is not set (condition.env = "NONE")`,
		`condition.env = "!NONE"`:      "",
		`condition.env = "SET=1"`:      "",
		`condition.env = "SET=2"`:      `$SET is "1" (condition.env = "SET=2")`,
		`condition.env = "!SET=1"`:     `$SET is "1" (condition.env = "!SET=1")`,
		`condition.env = "!SET=2"`:     "",
		`condition.env = "TWICE=2"`:    "",
		`condition.env = "EQ=a=b"`:     "",
		`condition.env = ["SET", "X"]`: `$X is not set (condition.env = "X")`,
		`condition.file = "there"`:     "",
		`condition.file = "!there"`:    `DIR/there exists (condition.file = "!there")`,
		`condition.file = "not"`:       `DIR/not does not exist (condition.file = "not")`,
		`condition.file = "!/not"`:     "",
	} {
		file, problems := servicefile.Parse(text)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		got := strings.ReplaceAll(boot.Unmet(&file, dir, env), dir, "DIR")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", text, diff)
		}
	}
}
