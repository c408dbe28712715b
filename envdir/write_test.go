package envdir_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/envdir"
)

func TestWriteRoundTrip(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "by", "Write")
	environ := []string{
		"BYTES=\xff\x80 not UTF-8",
		"EMPTY=",
		"EQUALS=a=b==",
		"LINES=one\ntwo\n",
		"NEWLINE=\n",
		"NEWLINES=\n\n\n",
		"LONG=" + strings.Repeat("x", 1<<20),
		"PATH=/usr/bin:/bin",
		"with blank and-dash=1",
		strings.Repeat("N", 255) + "=longest name",
	}
	if err := envdir.Write(dir, environ); err != nil {
		t.Fatal(err)
	}
	env, err := envdir.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(environ, envdir.Overlay(nil, env), sorted); diff != "" {
		t.Errorf("Write and Read (-want +got):\n%s", diff)
	}
}

func TestWriteContent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir, "KEPT", "not ours")
	writeFile(t, dir, "OLD", "a longer value that must be replaced as a whole")
	if err := envdir.Write(dir, []string{"OLD=first", "NEW=1", "OLD=last", "EMPTY="}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"KEPT": "not ours", "OLD": "last\n", "NEW": "1\n", "EMPTY": "\n"}
	if diff := cmp.Diff(want, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestWriteReportsWhatItCannotHold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mkdir(t, dir, "TAKEN")
	long := strings.Repeat("N", 256)
	for _, tc := range []struct {
		entry, want string
		name        bool // whether the error is ErrName
	}{
		{"a/b=1", `cannot write variable "a/b" to DIR: no file of an environment directory can have this name`, true},
		{"/=1", `cannot write variable "/" to DIR: no file of an environment directory can have this name`, true},
		{".hidden=1", `cannot write variable ".hidden" to DIR: no file of an environment directory can have this name`, true},
		{"..=1", `cannot write variable ".." to DIR: no file of an environment directory can have this name`, true},
		{"=1", `cannot write variable "" to DIR: no file of an environment directory can have this name`, true},
		{long + "=1", `cannot write variable "` + long + `" to DIR: no file of an environment directory can have this name`, true},
		{"LOST", `cannot write variable "LOST" to DIR: it has no value: want NAME=VALUE`, false},
		{"NUL=a\x00b", `cannot write variable "NUL" to DIR: its value holds a NUL byte`, false},
		{"TAKEN=1", `cannot write variable "TAKEN" to DIR: is a directory`, false},
	} {
		t.Run(tc.entry[:min(len(tc.entry), 12)], func(t *testing.T) {
			err := envdir.Write(dir, []string{"BEFORE=" + tc.entry[:1], tc.entry, "AFTER=" + tc.entry[:1]})
			if err == nil {
				t.Fatal("Write returned no error")
			}
			if diff := cmp.Diff(strings.ReplaceAll(tc.want, "DIR", dir), err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if errors.Is(err, envdir.ErrName) != tc.name {
				t.Errorf("errors.Is(err, ErrName) = %v; want %v", !tc.name, tc.name)
			}
			// All others are there, and nothing half-done is left behind.
			want := map[string]string{"BEFORE": tc.entry[:1] + "\n", "AFTER": tc.entry[:1] + "\n"}
			if diff := cmp.Diff(want, files(t, dir)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWriteJoinsErrors(t *testing.T) {
	t.Parallel()
	err := envdir.Write(t.TempDir(), []string{"a/b=1", "OK=1", ".c=1"})
	if err == nil || !strings.Contains(err.Error(), `"a/b"`) || !strings.Contains(err.Error(), `".c"`) {
		t.Errorf("Write: %v; want an error that names both a/b and .c", err)
	}
}

func TestWriteNoDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir, "file", "")
	for _, path := range []string{filepath.Join(dir, "file"), filepath.Join(dir, "file", "below")} {
		if err := envdir.Write(path, []string{"A=1"}); err == nil || !strings.Contains(err.Error(), dir+"/file") {
			t.Errorf("Write(%q): %v; want an error that names the file in the way", path, err)
		}
	}
}

// A reader that runs beside a writer must see one of the two values, whole.
func TestReadDuringWrite(t *testing.T) { // not parallel: reader and writer need a core each
	dir := t.TempDir()
	values := [2]string{strings.Repeat("a", 50_000), strings.Repeat("b", 70_000)}
	write := func(i int) error { return envdir.Write(dir, []string{"VAR=" + values[i%2]}) }
	if err := write(0); err != nil {
		t.Fatal(err)
	}
	stop := repeat(t, write)
	defer stop()

	last, changes := "", 0
	for changes < 100 && !t.Failed() {
		env, err := envdir.Read(dir)
		value, set := env.Lookup("VAR")
		if err != nil || len(env) != 1 || !set || (value != values[0] && value != values[1]) {
			t.Fatalf("Read = %d variables, VAR of %d bytes (set: %v), %v; want one whole value", len(env), len(value), set, err)
		}
		if value != last {
			last = value
			changes++
		}
	}
}

// A script may remove a file, and make it again, after Read has listed it: that
// is no error.
func TestReadDuringRemoval(t *testing.T) { // not parallel: reader and remover need a core each
	dir := t.TempDir()
	environ := someEnviron(50)
	stop := repeat(t, func(int) error {
		for _, entry := range environ {
			name, _, _ := strings.Cut(entry, "=")
			if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return envdir.Write(dir, environ)
	})
	defer stop()

	for partial := 0; partial < 500 && !t.Failed(); {
		env, err := envdir.Read(dir)
		if err != nil {
			t.Fatalf("Read: %v", err)
		}
		if len(env) != 0 && len(env) != len(environ) {
			partial++
		}
	}
}

// repeat calls f with 0, 1, 2, ... on a goroutine until stop is called or f fails.
func repeat(t *testing.T, f func(i int) error) (stop func()) {
	t.Helper()
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ; i++ {
			select {
			case <-end:
				return
			default:
			}
			if err := f(i); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

func FuzzRoundTrip(f *testing.F) {
	for _, seed := range [][2]string{
		{"A", "value"},
		{"A", ""},
		{"A", "\n"},
		{"A", "two\nlines\n\n"},
		{"A", "\xff\xfe"},
		{"A", "a=b"},
		{"A", "\x00"},
		{"A", "a\x00\n"},
		{"", "x"},
		{".", "x"},
		{"..", "x"},
		{".a", "x"},
		{"a/b", "x"},
		{"/", "x"},
		{"=", "x"},
		{"a=b", "c"},
		{"é", "ü"},
		{"\xff", "x"},
		{"a\x00b", "x"},
		{"new\nline", "x"},
		{strings.Repeat("n", 256), "x"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		dir := t.TempDir()
		entry := name + "=" + value
		werr := envdir.Write(dir, []string{entry})
		env, rerr := envdir.Read(dir)
		if rerr != nil {
			t.Fatal(rerr)
		}
		want := []string{entry}
		if werr != nil {
			name, value, _ := strings.Cut(entry, "=")
			if name != "" && name[0] != '.' && len(name) <= 255 && !strings.ContainsAny(name, "/\x00") && !strings.Contains(value, "\x00") {
				t.Fatalf("Write(%q): %v", entry, werr)
			}
			want = []string{}
		}
		if diff := cmp.Diff(want, envdir.Overlay(nil, env)); diff != "" {
			t.Errorf("Write: %v; then Read (-want +got):\n%s", werr, diff)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	environ := someEnviron(50)
	dir := filepath.Join(tmpfs(b), "run", "s6", "container_environment")
	for b.Loop() {
		b.StopTimer() // a container's first write finds no directory
		os.RemoveAll(dir)
		b.StartTimer()
		if err := envdir.Write(dir, environ); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(environ)), "ns/var")
}

func BenchmarkEnviron(b *testing.B) {
	environ := someEnviron(50)
	c := envdir.Container{Dir: filepath.Join(tmpfs(b), "env"), Base: environ}
	if err := envdir.Write(c.Dir, environ); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Environ(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(environ)), "ns/var")
}

func someEnviron(n int) []string {
	environ := make([]string, n)
	for i := range environ {
		environ[i] = fmt.Sprintf("SOME_SERVICE_PORT_%d_TCP_ADDR=10.11.12.%d and as much again", i, i)
	}
	return environ
}

// tmpfs returns a directory on what /run usually is.
func tmpfs(b *testing.B) string {
	dir, err := os.MkdirTemp("/dev/shm", "envdir")
	if err != nil {
		return b.TempDir()
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// files returns what the files of dir hold, hidden ones included.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(content)
	}
	return all
}
