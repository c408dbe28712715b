package inplace_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/dnsfix/internal/inplace"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("10.0.0.1 a-host-of-some-name\n", 1000)
	for _, tc := range []struct{ name, old, data string }{
		{"longer", "a\n", "a longer text\n"},
		{"shorter", "a longer text\n", "a\n"},
		{"same length", "abc\n", "xyz\n"},
		{"from empty", "", "text\n"},
		{"to empty", "text\n", ""},
		{"no newline at the end", "a longer text", "text"},
		{"longer, no newline at the end", "text", "a longer text"},
		{"ends with empty lines", "a longer text\n", "a\n\n\n"},
		{"many pages longer", "a\n", long},
		{"many pages shorter", long, "a\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := file(t, tc.old)
			before := stat(t, path)
			if err := inplace.Write(path, []byte(tc.data)); err != nil {
				t.Fatal(err)
			}
			checkContent(t, path, tc.data)
			after := stat(t, path)
			if !os.SameFile(before, after) || before.Mode() != after.Mode() {
				t.Errorf("inode or mode changed: mode %v, now %v", before.Mode(), after.Mode())
			}
		})
	}
}

func TestWriteOfTheSameText(t *testing.T) {
	t.Parallel()
	path := file(t, "text\n")
	long := time.Unix(1e9, 0)
	if err := os.Chtimes(path, long, long); err != nil {
		t.Fatal(err)
	}
	changed, err := inplace.Update(path, func(old []byte) []byte { return []byte(string(old)) })
	if changed || err != nil {
		t.Errorf("Update = %v, %v; want no change", changed, err)
	}
	if got := stat(t, path).ModTime(); !got.Equal(long) {
		t.Errorf("modification time is now %v: the file was written", got)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hosts")
	appendLine := func(old []byte) []byte { return append(slices.Clip(old), "line\n"...) }

	nothing := func(old []byte) []byte {
		if old != nil {
			t.Errorf("change got %q of a missing file; want nil", old)
		}
		return old
	}
	if changed, err := inplace.Update(path, nothing); changed || err != nil {
		t.Errorf("Update = %v, %v; want no change", changed, err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Lstat: %v; want that no file was made", err)
	}
	for range 2 {
		if changed, err := inplace.Update(path, appendLine); !changed || err != nil {
			t.Errorf("Update = %v, %v; want a change", changed, err)
		}
	}
	checkContent(t, path, "line\nline\n")
}

func TestWriteMakesAMissingFile(t *testing.T) { // not parallel: the umask is the process's
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	symlink(t, "target", link)
	old := syscall.Umask(0o077)
	err := inplace.Write(link, []byte("text\n"))
	syscall.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	checkContent(t, target, "text\n")
	if mode := stat(t, target).Mode(); mode != 0o644 {
		t.Errorf("mode = %v; want 0644", mode)
	}
}

func TestWriteKeepsModeAndLinks(t *testing.T) {
	t.Parallel()
	path := file(t, "old\n")
	if err := os.Chmod(path, 0o664); err != nil {
		t.Fatal(err)
	}
	first, second := filepath.Join(t.TempDir(), "resolv.conf"), filepath.Join(t.TempDir(), "stub")
	symlink(t, second, first)
	symlink(t, path, second)
	if err := inplace.Write(first, []byte("new\n")); err != nil {
		t.Fatal(err)
	}
	checkContent(t, path, "new\n")
	if mode := stat(t, path).Mode(); mode != 0o664 {
		t.Errorf("mode = %v; want 0664", mode)
	}
	if info, err := os.Lstat(first); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("Lstat = %v, %v; want the link", info, err)
	}
}

func TestWriteErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	symlink(t, at("nowhere/stub"), at("dangling"))
	symlink(t, "loop2", at("loop1"))
	symlink(t, "loop1", at("loop2"))
	symlink(t, "/dev/null", at("null"))
	if err := syscall.Mkfifo(at("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(at("dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		is   error
		want string
	}{
		{"dangling", fs.ErrNotExist, "symbolic link to " + at("nowhere/stub")},
		{"loop1", syscall.ELOOP, "in a circle"},
		{"null", nil, "not a regular file"},
		{"fifo", nil, "not a regular file"},
		{"dir", syscall.EISDIR, "docker run -v"},
		{"none/file", fs.ErrNotExist, "make its directory first"},
		{"fifo/file", syscall.ENOTDIR, "not a directory"},
	} {
		t.Run(strings.ReplaceAll(tc.name, "/", " "), func(t *testing.T) {
			t.Parallel()
			err := inplace.Write(at(tc.name), []byte("text\n"))
			if err == nil || !strings.HasPrefix(err.Error(), "cannot write "+at(tc.name)+": ") || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("Write: %v; want an error about %s that says %q", err, at(tc.name), tc.want)
			}
			if tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("Write: %v; want it to wrap %v", err, tc.is)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("Write: %q; want one line", err)
			}
		})
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func symlink(t *testing.T, target, link string) {
	t.Helper()
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
}

func stat(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func checkContent(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("content of %s (-want +got):\n%s", path, diff)
	}
}
