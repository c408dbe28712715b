package logdir_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/logdir"
)

// entry is a file of a directory: its name with a number in place of the stamp.
type entry struct {
	Name string
	Mode os.FileMode
	Text string
}

func content(t *testing.T, dir string) []entry {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []entry
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		info, ierr := f.Info()
		if err != nil || ierr != nil {
			t.Fatal(err, ierr)
		}
		name := f.Name()
		if len(name) == len("@400000006b0928872eb0cb37.s") {
			name = "@" + name[25:]
		}
		if name != "lock" {
			all = append(all, entry{name, info.Mode().Perm(), string(text)})
		}
	}
	return all
}

// put makes the files of a directory.
func put(t *testing.T, dir string, files ...entry) {
	t.Helper()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), []byte(f.Text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, f.Name), f.Mode); err != nil {
			t.Fatal(err)
		}
	}
}

func config(dir string) logdir.Config {
	c := logdir.Defaults()
	c.Path, c.Retry = dir, time.Millisecond
	return c
}

func open(t *testing.T, c logdir.Config) *logdir.Dir {
	t.Helper()
	d, err := logdir.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// add gives lines to a directory and has them written.
func add(d *logdir.Dir, lines string) {
	d.Keep(append(d.Buffer(), lines...))
	d.Work()
}

// TestRecovery: each moment at which an earlier life can have been killed. No line of it is
// lost, and none is there twice.
func TestRecovery(t *testing.T) {
	t.Parallel()
	const writing, done = 0o644, 0o744
	state := entry{"state", writing, ""}
	for _, tt := range []struct {
		name   string
		before []entry
		after  []entry // state apart
	}{
		{"at the start", nil, []entry{{"current", writing, ""}}},
		{"never", []entry{{"current", done, "a\n"}, {"state", writing, "s"}}, []entry{{"current", writing, "a\n"}}},
		{"while it wrote", []entry{{"current", writing, "a\nb"}, {"state", writing, "s"}}, []entry{{"@.u", writing, "a\nb"}, {"current", writing, ""}}},
		{"before it wrote", []entry{{"current", writing, ""}}, []entry{{"current", writing, ""}}},
		{"after the first rename", []entry{{"previous", writing, "a\n"}}, []entry{{"@.u", writing, "a\n"}, {"current", writing, ""}}},
		{
			"while a processor ran",
			[]entry{{"previous", done, "a\n"}, {"processed", writing, "A"}, {"newstate", writing, "n"}, {"state", writing, "s"}, {"current", writing, "b\n"}},
			[]entry{{"@.u", done, "a\n"}, {"@.u", writing, "b\n"}, {"current", writing, ""}},
		},
		{
			"when that was done",
			[]entry{{"previous", done, "a\n"}, {"processed", done, "A\n"}, {"newstate", writing, "n"}, {"current", writing, ""}},
			[]entry{{"@.s", done, "A\n"}, {"current", writing, ""}},
		},
		{
			"at the last step",
			[]entry{{"processed", done, "A\n"}, {"state", writing, "n"}, {"current", writing, "b\n"}},
			[]entry{{"@.s", done, "A\n"}, {"@.u", writing, "b\n"}, {"current", writing, ""}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put(t, dir, tt.before...)
			d := open(t, config(dir))
			want := slices.Concat(tt.after, []entry{state})
			if tt.name == "never" { // what was finished keeps its state
				want[len(want)-1].Text = "s"
			}
			got := content(t, dir)
			if got[len(got)-1].Name != "state" { // only a recovery makes one
				t.Fatalf("no state: %+v", got)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLinkedTwice: the real s6-log gives an archive its name with link(2), and can be killed
// before it removes the old one.
func TestLinkedTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, entry{"previous", 0o744, "a\n"})
	if err := os.Link(dir+"/previous", dir+"/@400000006b0928872eb0cb37.s"); err != nil {
		t.Fatal(err)
	}
	if err := open(t, config(dir)).Close(); err != nil {
		t.Fatal(err)
	}
	want := []entry{{"@.s", 0o744, "a\n"}, {"current", 0o744, ""}, {"state", 0o644, ""}}
	if diff := cmp.Diff(want, content(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestTrim: the oldest archives go, by number and by size; other files stay.
func TestTrim(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		archives int
		total    int64
		want     string // the archives that are left, of 10 bytes each; the last is the new one
	}{{10, 0, "1 2 3 4 n"}, {3, 0, "3 4 n"}, {0, 0, ""}, {10, 25, "4 n"}, {10, 1, ""}, {2, 40, "4 n"}} {
		dir := t.TempDir()
		for i := 1; i <= 4; i++ {
			put(t, dir, entry{fmt.Sprintf("@4000000000000000%08d.%c", i, "su"[i%2]), 0o744, fmt.Sprintf("%010d", i)})
		}
		put(t, dir, entry{"@400000000000000000000001.x", 0o644, ""}, entry{"@40000000.s", 0o644, ""}, entry{"notes", 0o644, ""})
		c := config(dir)
		c.Archives, c.TotalSize = tt.archives, tt.total
		d := open(t, c)
		add(d, "00000000n\n")
		d.Rotate()
		d.Work()
		var left []string
		for _, e := range content(t, dir) {
			if (e.Name == "@.s" || e.Name == "@.u") && e.Text != "" {
				text := strings.TrimSpace(e.Text)
				left = append(left, text[len(text)-1:])
			}
		}
		if got := strings.Join(left, " "); got != tt.want {
			t.Errorf("%d archives, %d bytes: %q is left, want %q", tt.archives, tt.total, got, tt.want)
		}
		for _, name := range []string{"@400000000000000000000001.x", "@40000000.s", "notes"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestRetry: a rotation that cannot go on is told of, does not lose lines, and goes on when
// it can.
func TestRetry(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var told []error
	c := config(dir)
	c.Size, c.Tolerance = 4, 0
	c.Warn = func(err error) { told = append(told, err) }
	d := open(t, c)
	if err := os.MkdirAll(dir+"/previous/x", 0o755); err != nil {
		t.Fatal(err)
	}
	add(d, "abc\ndef\n")
	if len(told) != 1 || !strings.Contains(told[0].Error(), "cannot rotate: rename") || !d.Busy() || d.Wait(time.Now()) > c.Retry {
		t.Fatalf("told %v, busy %v", told, d.Busy())
	}
	if err := os.RemoveAll(dir + "/previous"); err != nil {
		t.Fatal(err)
	}
	for d.Busy() {
		time.Sleep(max(d.Wait(time.Now()), 0))
		d.Work()
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	want := []entry{{"@.s", 0o744, "abc\n"}, {"@.s", 0o744, "def\n"}, {"current", 0o744, ""}, {"state", 0o644, ""}}
	if diff := cmp.Diff(want, content(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestOpenErrors: what is wrong with a directory is told with its name.
func TestOpenErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, entry{"file", 0o644, ""})
	if err := os.Mkdir(dir+"/d", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir+"/d/current/x", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir + "/file", dir + "/no/d", dir + "/d"} {
		if _, err := logdir.Open(config(path)); err == nil || !strings.Contains(err.Error(), "cannot use the log directory: ") || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := logdir.Open(config(dir + "/no/d")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// Example writes a line and makes it an archive.
func Example() {
	dir, err := os.MkdirTemp("", "logdir-")
	if err != nil {
		return
	}
	defer os.RemoveAll(dir)
	c := logdir.Defaults()
	c.Path = dir
	d, err := logdir.Open(c)
	if err != nil {
		return
	}
	d.Keep(append(d.Buffer(), "hello\n"...))
	d.Work()
	d.Rotate()
	d.Work()
	_ = d.Close()
	archives, _ := filepath.Glob(dir + "/@*.s")
	text, _ := os.ReadFile(archives[0])
	fmt.Print(len(archives), " ", string(text))
	// Output: 1 hello
}
