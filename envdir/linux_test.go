//go:build linux

package envdir_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/envdir"
)

func TestReadUnreadableFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir, "OPEN", "1")
	writeFile(t, dir, "SECRET", "2")
	mkdir(t, dir, "subdir")
	for _, name := range []string{"SECRET", "subdir"} {
		if err := os.Chmod(filepath.Join(dir, name), 0); err != nil {
			t.Fatal(err)
		}
	}
	// t.TempDir's own parents are 0700 where TMPDIR is private.
	for parent := dir; parent != filepath.Clean(os.TempDir()); parent = filepath.Dir(parent) {
		if err := os.Chmod(parent, 0o755); err != nil {
			t.Fatal(err)
		}
	}

	var env envdir.Env
	var err error
	asNobody(t, func() { env, err = envdir.Read(dir) })

	if diff := cmp.Diff(envdir.Env{{Name: "OPEN", Value: "1"}}, env); diff != "" {
		t.Errorf("Read (-want +got):\n%s", diff)
	}
	if want := "cannot read " + dir + "/SECRET: permission denied"; !errors.Is(err, fs.ErrPermission) || err.Error() != want {
		t.Errorf("Read: %v; want %q alone", err, want)
	}
}

// asNobody runs f on a thread that opens files as an ordinary user does: root
// would be let into everything. See setfsuid(2): it holds for one thread, and
// takes CAP_DAC_OVERRIDE away there. Who is not root is ordinary already.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
		if os.Getuid() == 0 {
			if err := unix.Setfsuid(65534); err != nil {
				t.Errorf("setfsuid: %v", err)
			}
		}
		f()
	}()
	<-done
}

// Files of proc(5) say that their size is 0.
func TestReadFileOfUnknownSize(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	symlink(t, "/proc/sys/kernel/ostype", dir, "OSTYPE")
	env, err := envdir.Read(dir)
	if diff := cmp.Diff(envdir.Env{{Name: "OSTYPE", Value: "Linux"}}, env); diff != "" || err != nil {
		t.Errorf("Read: %v (-want +got):\n%s", err, diff)
	}
}

func TestWriteWhereNoFileCanBeMade(t *testing.T) {
	t.Parallel()
	const dir = "/proc/self/task" // a directory in which even root can make no file
	err := envdir.Write(dir, []string{"A=1", "B=2", "C=3"})
	if err == nil {
		t.Fatal("Write returned no error")
	}
	if msg := err.Error(); !strings.HasPrefix(msg, "cannot write to environment directory "+dir+": ") || strings.Contains(msg, "\n") {
		t.Errorf("Write: %q; want one error for all variables, naming the directory", msg)
	}
}

func TestWriteModes(t *testing.T) { // not parallel: the umask is the process's
	old := unix.Umask(0o077)
	dir := filepath.Join(t.TempDir(), "env")
	err := envdir.Write(dir, []string{"A=1"})
	unix.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	checkMode(t, filepath.Join(dir, "A"), 0o644)

	old = unix.Umask(0o022)
	dir = filepath.Join(t.TempDir(), "run", "s6", "env")
	err = envdir.Write(dir, []string{"A=1"})
	unix.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	checkMode(t, dir, fs.ModeDir|0o755)
	checkMode(t, filepath.Join(dir, "A"), 0o644)
}

func checkMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != want {
		t.Errorf("mode of %s = %v; want %v", path, info.Mode(), want)
	}
}
