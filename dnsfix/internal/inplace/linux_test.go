//go:build linux

package inplace_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/dnsfix/internal/inplace"
)

func TestWriteOverAMount(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source, mount := filepath.Join(dir, "source"), filepath.Join(dir, "resolv.conf")
	for _, path := range []string{source, mount} {
		if err := os.WriteFile(path, []byte("old\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	withMounts(t, func(t *testing.T) {
		check(t, unix.Mount(source, mount, "", unix.MS_BIND, ""))
		if err := os.Rename(source, mount); !errors.Is(err, unix.EBUSY) {
			t.Errorf("Rename: %v; want EBUSY, the reason for this package", err)
		}
		if err := inplace.Write(mount, []byte("new\n")); err != nil {
			t.Errorf("Write: %v", err)
		}
		checkContent(t, source, "new\n")

		check(t, unix.Mount("", mount, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""))
		if err := inplace.Write(mount, []byte("new\n")); err != nil {
			t.Errorf("Write of what is there already: %v; want no error", err)
		}
		err := inplace.Write(mount, []byte("newer\n"))
		if !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), "--read-only") {
			t.Errorf("Write: %v; want one about a read-only file system", err)
		}
		checkContent(t, source, "new\n")
	})
}

func TestWriteOnAFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	withMounts(t, func(t *testing.T) {
		page := os.Getpagesize()
		check(t, unix.Mount("none", dir, "tmpfs", 0, "size=1")) // rounded up to a page
		path := filepath.Join(dir, "hosts")
		old := strings.Repeat("a", page-1) + "\n"
		check(t, os.WriteFile(path, []byte(old), 0o644))
		err := inplace.Write(path, []byte(strings.Repeat("b", 2*page)))
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Write: %v; want ENOSPC", err)
		}
		checkContent(t, path, old)
	})
}

func TestWriteWithoutPermission(t *testing.T) {
	t.Parallel()
	path := file(t, "old\n")
	check(t, os.Chmod(path, 0o444))
	// t.TempDir's own parents are 0700 where TMPDIR is private.
	for parent := filepath.Dir(path); parent != filepath.Clean(os.TempDir()); parent = filepath.Dir(parent) {
		check(t, os.Chmod(parent, 0o755))
	}
	onThread(t, func() {
		if os.Getuid() == 0 {
			check(t, unix.Setfsuid(65534)) // an ordinary user in setfsuid(2)'s sense, on this thread
		}
		err := inplace.Write(path, []byte("new\n"))
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "run as") {
			t.Errorf("Write: %v; want one about permission", err)
		}
		if err := inplace.Write(path, []byte("old\n")); err != nil {
			t.Errorf("Write of what is there already: %v; want no error", err)
		}
	})
	checkContent(t, path, "old\n")
}

// withMounts runs f on a thread whose mounts nobody else sees.
func withMounts(t *testing.T, f func(*testing.T)) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to mount")
	}
	onThread(t, func() {
		if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
			t.Logf("no mounts here: unshare: %v", err)
			return
		}
		check(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
		f(t)
	})
}

// onThread runs f on a thread of its own, which ends with it.
func onThread(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlock
		f()
	}()
	<-done
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}
