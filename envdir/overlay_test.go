package envdir_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sillelien/baseinit/envdir"
)

var sorted = cmpopts.SortSlices(strings.Compare)

func TestOverlay(t *testing.T) {
	t.Parallel()
	unset := func(name string) envdir.Var { return envdir.Var{Name: name, Unset: true} }
	for _, tc := range []struct {
		name string
		base []string
		over envdir.Env
		want []string
	}{
		{"nothing", nil, nil, []string{}},
		{"base alone", []string{"B=2", "A=1"}, nil, []string{"B=2", "A=1"}},
		{"over alone", nil, envdir.Env{{Name: "A", Value: "1"}, {Name: "E"}, unset("U")}, []string{"A=1", "E="}},
		{"replaced in place", []string{"A=1", "B=2", "C=3"}, envdir.Env{{Name: "B", Value: "x=y"}}, []string{"A=1", "B=x=y", "C=3"}},
		{"new ones follow in order", []string{"M=1"}, envdir.Env{{Name: "Z", Value: "2"}, {Name: "A", Value: "3"}}, []string{"M=1", "Z=2", "A=3"}},
		{"emptied", []string{"A=1"}, envdir.Env{{Name: "A"}}, []string{"A="}},
		{"removed", []string{"A=1", "B=2", "C=3"}, envdir.Env{unset("B"), unset("NONE")}, []string{"A=1", "C=3"}},
		{"last of equal names wins", []string{"A=1", "B=2", "A=3"}, nil, []string{"A=3", "B=2"}},
		{"all of equal names are replaced", []string{"A=1", "B=2", "A=3"}, envdir.Env{{Name: "A", Value: "4"}}, []string{"A=4", "B=2"}},
		{"all of equal names are removed", []string{"A=1", "B=2", "A=3"}, envdir.Env{unset("A")}, []string{"B=2"}},
		{"last of over wins", nil, envdir.Env{unset("A"), {Name: "A", Value: "1"}, {Name: "B", Value: "2"}, unset("B")}, []string{"A=1"}},
		{"names are case-sensitive", []string{"a=1"}, envdir.Env{unset("A")}, []string{"a=1"}},
		{"no prefix matches", []string{"AB=1", "A=2"}, envdir.Env{unset("A")}, []string{"AB=1"}},
		{"no variable: kept", []string{"A", "=x", "A=1"}, envdir.Env{unset("A")}, []string{"A", "=x"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			base, over := slices.Clone(tc.base), slices.Clone(tc.over)
			if diff := cmp.Diff(tc.want, envdir.Overlay(tc.base, tc.over)); diff != "" {
				t.Errorf("Overlay (-want +got):\n%s", diff)
			}
			if !cmp.Equal(base, tc.base) || !cmp.Equal(over, tc.over) {
				t.Error("Overlay changed its arguments")
			}
		})
	}
}

func TestContainerIsLive(t *testing.T) {
	t.Parallel()
	base := []string{"HOME=/root", "LANG=C", "npm/config=1", ".dot=a\nb", "EMPTY="}
	c := envdir.Container{Dir: filepath.Join(t.TempDir(), "env"), Base: base}
	check := func(step string, want ...string) {
		t.Helper()
		got, err := c.Environ()
		if err != nil {
			t.Errorf("%s: %v", step, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: Environ (-want +got):\n%s", step, diff)
		}
	}

	check("no directory", base...)

	if err := envdir.Write(c.Dir, base); !errors.Is(err, envdir.ErrName) {
		t.Fatalf("Write: %v; want ErrName", err)
	}
	// What no file can hold comes from Base, byte for byte.
	check("written", "npm/config=1", ".dot=a\nb", "EMPTY=", "HOME=/root", "LANG=C")

	writeFile(t, c.Dir, "LANG", "de_AT.UTF-8")
	writeFile(t, c.Dir, "ADDED", "by a script\n")
	check("changed", "npm/config=1", ".dot=a\nb", "ADDED=by a script", "EMPTY=", "HOME=/root", "LANG=de_AT.UTF-8")

	writeFile(t, c.Dir, "LANG", "")
	if err := os.Remove(filepath.Join(c.Dir, "HOME")); err != nil {
		t.Fatal(err)
	}
	check("emptied and removed", "npm/config=1", ".dot=a\nb", "ADDED=by a script", "EMPTY=")
}

func TestContainerReturnsWhatItCanRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir, "A", "1")
	symlink(t, "nowhere", dir, "BROKEN")

	got, err := envdir.Container{Dir: dir, Base: []string{"LEFT_OUT=1"}}.Environ()
	if diff := cmp.Diff([]string{"A=1"}, got); diff != "" {
		t.Errorf("Environ (-want +got):\n%s", diff)
	}
	// The link's target does not exist, the directory does: this is no fallback.
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "BROKEN") {
		t.Errorf("Environ: %v; want an error that names BROKEN", err)
	}
}

func TestContainerFallsBackWhenTheDirectoryIsUnreadable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir, "file", "")
	got, err := envdir.Container{Dir: filepath.Join(dir, "file"), Base: []string{"A=1", "A=2"}}.Environ()
	if diff := cmp.Diff([]string{"A=2"}, got); diff != "" {
		t.Errorf("Environ (-want +got):\n%s", diff)
	}
	if err == nil {
		t.Error("Environ returned no error for a directory that is a file")
	}
}
