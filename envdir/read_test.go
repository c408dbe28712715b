package envdir_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/envdir"
)

func TestReadContent(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("0123456789abcdef", 200_000) // 3 MB: far past execve's limit, and a read(2) of a pipe
	for _, tc := range []struct {
		name, content string
		want          envdir.Var
	}{
		{"no bytes: unset", "", envdir.Var{Unset: true}},
		{"one newline: empty", "\n", envdir.Var{Value: ""}},
		{"no newline", "value", envdir.Var{Value: "value"}},
		{"one newline is cut", "value\n", envdir.Var{Value: "value"}},
		{"exactly one newline is cut", "value\n\n", envdir.Var{Value: "value\n"}},
		{"lines", "a\nb\n", envdir.Var{Value: "a\nb"}},
		{"carriage return stays", "value\r\n", envdir.Var{Value: "value\r"}},
		{"blanks stay", " \tvalue \t\n", envdir.Var{Value: " \tvalue \t"}},
		{"NUL is a newline", "a\x00b", envdir.Var{Value: "a\nb"}},
		{"NUL at the end is not cut", "a\x00", envdir.Var{Value: "a\n"}},
		{"NUL before the newline stays", "a\x00\n", envdir.Var{Value: "a\n"}},
		{"newline before a NUL stays", "a\n\x00", envdir.Var{Value: "a\n\n"}},
		{"a lone NUL", "\x00", envdir.Var{Value: "\n"}},
		{"equals signs", "a=b=c", envdir.Var{Value: "a=b=c"}},
		{"invalid UTF-8", "\xff\xfe\x80", envdir.Var{Value: "\xff\xfe\x80"}},
		{"as long as it likes", big + "\n", envdir.Var{Value: big}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeFile(t, dir, "VAR", tc.content)
			tc.want.Name = "VAR"

			got, err := envdir.Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(envdir.Env{tc.want}, got); diff != "" {
				t.Errorf("Read (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadNames(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	for _, name := range []string{"b", "B", "a_1", "with blank", "é", "\xff", "new\nline", "npm.config.x", "-", "_"} {
		writeFile(t, dir, name, "v")
	}
	for _, name := range []string{".hidden", ".gitignore", "a=b", "=", "x="} {
		writeFile(t, dir, name, "must be skipped")
	}
	mkdir(t, dir, "subdir")
	writeFile(t, elsewhere, "target", "through the link\n")
	symlink(t, filepath.Join(elsewhere, "target"), dir, "link")
	symlink(t, elsewhere, dir, "link_to_dir")

	got, err := envdir.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := envdir.Env{
		{Name: "-", Value: "v"},
		{Name: "B", Value: "v"},
		{Name: "_", Value: "v"},
		{Name: "a_1", Value: "v"},
		{Name: "b", Value: "v"},
		{Name: "link", Value: "through the link"},
		{Name: "new\nline", Value: "v"},
		{Name: "npm.config.x", Value: "v"},
		{Name: "with blank", Value: "v"},
		{Name: "é", Value: "v"},
		{Name: "\xff", Value: "v"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Read (-want +got):\n%s", diff)
	}
}

func TestReadReportsWhatItCannotReadAndReadsTheRest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir, "FIRST", "1")
	symlink(t, filepath.Join(dir, "nowhere"), dir, "DANGLING")
	symlink(t, "LOOP", dir, "LOOP")
	if err := unix.Mkfifo(filepath.Join(dir, "FIFO"), 0o644); err != nil {
		t.Fatal(err)
	}
	symlink(t, "/dev/zero", dir, "ENDLESS")
	writeFile(t, dir, "ZLAST", "2")

	got, err := envdir.Read(dir)
	if diff := cmp.Diff(envdir.Env{{Name: "FIRST", Value: "1"}, {Name: "ZLAST", Value: "2"}}, got); diff != "" {
		t.Errorf("Read (-want +got):\n%s", diff)
	}
	want := strings.Join([]string{
		"cannot read " + dir + "/DANGLING: no such file or directory",
		"cannot read " + dir + "/ENDLESS: not a regular file",
		"cannot read " + dir + "/FIFO: not a regular file",
		"cannot read " + dir + "/LOOP: too many levels of symbolic links",
	}, "\n")
	if err == nil {
		t.Fatal("Read returned no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestReadNoDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir, "file", "")
	for _, tc := range []struct {
		name, dir string
		want      error
	}{
		{"missing", filepath.Join(dir, "missing"), fs.ErrNotExist},
		{"not a directory", filepath.Join(dir, "file"), unix.ENOTDIR},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			env, err := envdir.Read(tc.dir)
			if env != nil || !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.dir) {
				t.Errorf("Read(%q) = %v, %v; want nil and %v, naming the directory", tc.dir, env, err, tc.want)
			}
		})
	}
}

func TestReadEmptyDirectoryIsNotNil(t *testing.T) {
	t.Parallel()
	if env, err := envdir.Read(t.TempDir()); env == nil || len(env) != 0 || err != nil {
		t.Errorf("Read of an empty directory = %#v, %v; want an empty Env that is not nil", env, err)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	env := envdir.Env{{Name: "A", Value: "1"}, {Name: "EMPTY"}, {Name: "GONE", Unset: true}}
	for _, tc := range []struct {
		name, value string
		set         bool
	}{
		{"A", "1", true}, {"EMPTY", "", true}, {"GONE", "", false}, {"a", "", false}, {"", "", false},
	} {
		if value, set := env.Lookup(tc.name); value != tc.value || set != tc.set {
			t.Errorf("Lookup(%q) = %q, %v; want %q, %v", tc.name, value, set, tc.value, tc.set)
		}
	}
}

func writeFile(t testing.TB, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t testing.TB, dir, name string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
		t.Fatal(err)
	}
}

func symlink(t testing.TB, target, dir, name string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}
