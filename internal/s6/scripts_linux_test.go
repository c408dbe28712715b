package s6_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/s6"
)

func TestScriptOnNoexec(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to mount a file system noexec")
	}
	dir := t.TempDir()
	skip := make(chan error)
	go func() {
		defer close(skip)
		// The thread has its own mounts and ends with the goroutine.
		runtime.LockOSThread()
		err := syscall.Unshare(syscall.CLONE_NEWNS)
		if err == nil {
			err = syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
		}
		if err == nil {
			err = syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_NOEXEC, "")
		}
		if err != nil {
			skip <- err
			return
		}
		files{"script": "exec:#!/usr/bin/with-contenv sh\n", "program": "exec:\x7fELF"}.write(t, dir)
		scripts, err := s6.Scripts(dir)
		wantError(t, err)
		wantError(t, scripts[0].Err, "it is a program", "noexec")
		want := []string{"/usr/bin/with-contenv", "sh", filepath.Join(dir, "script")}
		if diff := cmp.Diff(want, scripts[1].Argv); diff != "" {
			t.Errorf("command (-want +got):\n%s", diff)
		}
	}()
	if err := <-skip; err != nil {
		t.Skip("needs CAP_SYS_ADMIN, to mount a file system noexec: ", err)
	}
}
