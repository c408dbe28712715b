package smallfile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/s6/nobodytest"
	"github.com/sillelien/baseinit/internal/s6/smallfile"
)

func TestRead(t *testing.T) {
	t.Parallel()
	const limit = 16
	for name, test := range map[string]struct {
		make func(path string) error
		want string
		says string
	}{
		"text":        {make: text("hello\n"), want: "hello\n"},
		"empty":       {make: text(""), want: ""},
		"NUL":         {make: text("a\x00b"), want: "a\x00b"},
		"at limit":    {make: text(strings.Repeat("x", limit)), want: strings.Repeat("x", limit)},
		"above limit": {make: text(strings.Repeat("x", limit+1)), says: "it is larger than 16 bytes"},
		"endless":     {make: link("/dev/zero"), says: "it is a device, not a file"},
		"linked":      {make: link("/proc/sys/kernel/ostype"), want: "Linux\n"},
		"missing":     {make: func(string) error { return nil }, says: "no such file or directory"},
		"dangling":    {make: link("/no/such"), says: "no such file or directory"},
		"directory":   {make: func(p string) error { return os.Mkdir(p, 0o755) }, says: "it is a directory, not a file"},
		"FIFO":        {make: func(p string) error { return syscall.Mkfifo(p, 0o644) }, says: "it is a FIFO, not a file"},
		"socket":      {make: listen, says: "it is a socket"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "f")
			if err := test.make(path); err != nil {
				t.Fatal(err)
			}
			got, err := readInTime(t, path, limit)
			if string(got) != test.want {
				t.Errorf("read %q, want %q", got, test.want)
			}
			if test.says == "" && err != nil {
				t.Errorf("error %v, want none", err)
			}
			if test.says != "" && (err == nil || !strings.HasPrefix(err.Error(), "cannot read "+path+": "+test.says)) {
				t.Errorf("error %v, want one that says %q", err, test.says)
			}
		})
	}
}

func TestReadMissing(t *testing.T) {
	t.Parallel()
	_, err := smallfile.Read(filepath.Join(t.TempDir(), "f"), 1)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v is not fs.ErrNotExist", err)
	}
}

func TestReadClosed(t *testing.T) {
	t.Parallel()
	if nobodytest.Instead(t) {
		return
	}
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := smallfile.Read(path, 1); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v is not fs.ErrPermission", err)
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	for mode, want := range map[fs.FileMode]string{
		fs.ModeDir | 0o755:                 "a directory",
		fs.ModeNamedPipe:                   "a FIFO",
		fs.ModeSocket:                      "a socket",
		fs.ModeDevice | fs.ModeCharDevice:  "a device",
		fs.ModeSymlink:                     "a symbolic link",
		fs.ModeIrregular | fs.ModeSetuid:   "not a regular file",
		fs.ModeDir | fs.ModeSticky | 0o777: "a directory",
	} {
		if got := smallfile.Kind(mode); got != want {
			t.Errorf("%v is %q, want %q", mode, got, want)
		}
	}
}

func TestCause(t *testing.T) {
	t.Parallel()
	_, err := os.Open("/no/such")
	for _, err := range []error{err, fmt.Errorf("wrapped: %w", err), syscall.ENOENT} {
		if got, ok := smallfile.Cause(err).(syscall.Errno); !ok || got != syscall.ENOENT { //nolint:errorlint // the cause is not wrapped
			t.Errorf("the cause of %v is %v", err, got)
		}
	}
}

func text(s string) func(string) error {
	return func(path string) error { return os.WriteFile(path, []byte(s), 0o644) }
}

func link(target string) func(string) error {
	return func(path string) error { return os.Symlink(target, path) }
}

// listen leaves a socket behind that nobody listens on.
func listen(path string) error {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false)
	return l.Close()
}

func readInTime(t *testing.T, path string, limit int) (data []byte, err error) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		data, err = smallfile.Read(path, limit)
	}()
	select {
	case <-done:
		return data, err
	case <-time.After(10 * time.Second):
		t.Fatal("the read hangs")
		return nil, nil
	}
}
