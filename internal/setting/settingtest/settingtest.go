// Package settingtest has what the tests of settings share.
package settingtest

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/setting"
)

// Read parses a command line in an environment. The test must not be parallel.
func Read[S any](t *testing.T, settings []setting.Setting[S], env, args []string) (S, error) {
	t.Helper()
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}
	flags := flag.NewFlagSet("baseinit", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	r := setting.NewReader(flags, settings)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	var s S
	err := r.Read(&s)
	return s, err
}

// Refused checks of each entry of an environment, NAME=VALUE, that it is an error which
// names the setting and the value. The test must not be parallel.
func Refused[S any](t *testing.T, settings []setting.Setting[S], entries ...string) {
	t.Helper()
	for _, entry := range entries {
		t.Run(entry, func(t *testing.T) {
			name, value, _ := strings.Cut(entry, "=")
			i := slices.IndexFunc(settings, func(s setting.Setting[S]) bool { return s.Variable == name })
			if i < 0 {
				t.Fatalf("%s is no setting", name)
			}
			_, err := Read(t, settings, []string{entry}, nil)
			want := fmt.Sprintf("--%s or %s is %q: ", settings[i].Flag, name, value)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v; want one with %s", err, want)
			}
		})
	}
}

// Documented checks that the table of a page of documentation is that of the code.
// UPDATE_DOCS=1 writes it.
func Documented[S any](t *testing.T, path string, settings []setting.Setting[S]) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), "<!-- begin settings")
	mark, rest, ok2 := strings.Cut(rest, "-->\n")
	table, tail, ok3 := strings.Cut(rest, "<!-- end settings -->")
	if !ok || !ok2 || !ok3 {
		t.Fatalf("%s: no markers for the settings", path)
	}
	want := setting.Table(settings)
	if os.Getenv("UPDATE_DOCS") == "1" {
		if err := os.WriteFile(path, []byte(head+"<!-- begin settings"+mark+"-->\n"+want+"<!-- end settings -->"+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, table); diff != "" {
		t.Errorf("%s is not what the code says; UPDATE_DOCS=1 go test writes it (-code +file):\n%s", path, diff)
	}
}
