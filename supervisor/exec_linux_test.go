package supervisor_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sillelien/baseinit/supervisor"
)

// foreignELF is the header of an ELF program for a machine that nobody has.
const foreignELF = "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xfe\xfe\x01\x00\x00\x00"

// TestWhyAProgramDoesNotStart wants an exit code as of a shell, and words that
// help. DIR stands for the directory that holds the files.
func TestWhyAProgramDoesNotStart(t *testing.T) {
	t.Parallel()
	type files map[string]string
	for _, tc := range []struct {
		name    string
		files   files // by name; "x" at the front of the content: executable
		service supervisor.Service
		code    int
		errno   error
		want    string
	}{
		{
			"no such file", nil,
			supervisor.Service{Command: []string{"DIR/none"}},
			127, fs.ErrNotExist,
			"cannot start DIR/none: no such file or directory",
		},
		{
			"no such directory", nil,
			supervisor.Service{Command: []string{"DIR/none/none"}},
			127, fs.ErrNotExist,
			"cannot start DIR/none/none: no such file or directory",
		},
		{
			"a file in its path",
			files{"file": "-"},
			supervisor.Service{Command: []string{"DIR/file/none"}},
			127, syscall.ENOTDIR,
			"cannot start DIR/file/none: not a directory",
		},
		{
			"a directory", nil,
			supervisor.Service{Command: []string{"DIR"}},
			126, fs.ErrPermission,
			"cannot start DIR: is a directory",
		},
		{
			"not executable",
			files{"prog": "-#!/bin/sh\n"},
			supervisor.Service{Command: []string{"DIR/prog"}},
			126, fs.ErrPermission,
			"cannot start DIR/prog: not executable: chmod +x it",
		},
		{
			"Windows line ends",
			files{"prog": "x#!/bin/sh\r\necho hello\r\n"},
			supervisor.Service{Command: []string{"DIR/prog"}},
			127, fs.ErrNotExist,
			`cannot start DIR/prog: no such interpreter "#!/bin/sh^M": the file has Windows line ends; remove them: sed -i 's/\r$//' DIR/prog`,
		},
		{
			"no such interpreter",
			files{"prog": "x#!/no/such/shell -e\n"},
			supervisor.Service{Command: []string{"DIR/prog"}},
			127, fs.ErrNotExist, `cannot start DIR/prog: no such interpreter "#!/no/such/shell -e"`,
		},
		{
			"no such interpreter, relative",
			files{"prog": "x#!/no/such/shell"},
			supervisor.Service{Command: []string{"./prog"}, Dir: "DIR"},
			127, fs.ErrNotExist, `cannot start DIR/prog: no such interpreter "#!/no/such/shell"`,
		},
		{
			"an interpreter that is not executable",
			files{"sh": "-", "prog": "x#!DIR/sh\n"},
			supervisor.Service{Command: []string{"DIR/prog"}},
			126, fs.ErrPermission,
			"cannot start DIR/prog: permission denied: by its mode, by its interpreter's, or since its file system is mounted noexec",
		},
		{
			"for another machine",
			files{"prog": "x" + foreignELF},
			supervisor.Service{Command: []string{"DIR/prog"}},
			126, syscall.ENOEXEC, "cannot start DIR/prog: neither a program for this machine nor a script",
		},
		{
			"empty",
			files{"prog": "x"},
			supervisor.Service{Command: []string{"DIR/prog"}},
			126, syscall.ENOEXEC, "cannot start DIR/prog: it is empty",
		},
		{
			"no such working directory", nil,
			supervisor.Service{Command: []string{"/bin/sh"}, Dir: "DIR/none"},
			127, fs.ErrNotExist, "cannot enter its directory DIR/none: no such file or directory",
		},
		{
			"a working directory that is a file",
			files{"file": "-"},
			supervisor.Service{Command: []string{"/bin/sh"}, Dir: "DIR/file"},
			127, syscall.ENOTDIR, "cannot enter its directory DIR/file: not a directory",
		},
		{
			"not in PATH", nil,
			supervisor.Service{Command: []string{"none"}, Env: []string{"PATH=/nowhere:DIR"}},
			127, fs.ErrNotExist, "cannot start none: no such program in PATH",
		},
		{
			"not executable in PATH",
			files{"prog": "-#!/bin/sh\n"},
			supervisor.Service{Command: []string{"prog"}, Env: []string{"PATH=/nowhere:DIR"}},
			126, fs.ErrPermission, "cannot start prog: found in PATH, and not executable: chmod +x it",
		},
		{
			"arguments that are too long", nil,
			supervisor.Service{Command: []string{"/bin/sh", strings.Repeat("x", 1<<18)}},
			126, syscall.E2BIG, "cannot start /bin/sh: argument list too long",
		},
		{
			"a NUL in its arguments", nil,
			supervisor.Service{Command: []string{"/bin/sh", "a\x00b"}},
			126, syscall.EINVAL, "cannot start /bin/sh: invalid argument",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			in := func(text string) string { return strings.ReplaceAll(text, "DIR", dir) }
			for name, content := range tc.files {
				mode := fs.FileMode(0o644)
				if content[0] == 'x' {
					mode = 0o755
				}
				file(t, filepath.Join(dir, name), in(content[1:]), mode)
			}
			service := tc.service
			for i, arg := range service.Command {
				service.Command[i] = in(arg)
			}
			for i, entry := range service.Env {
				service.Env[i] = in(entry)
			}
			service.Dir = in(service.Dir)
			exit, out := runOne(t, service)
			if exit.Code != tc.code || exit.String() != in(tc.want) || exit.Signal != 0 {
				t.Errorf("code %d, %q\nwant %d, %q", exit.Code, exit, tc.code, in(tc.want))
			}
			if !errors.Is(exit.Err, tc.errno) {
				t.Errorf("%v is not %v", exit.Err, tc.errno)
			}
			if out != "" {
				t.Errorf("it printed %q", out)
			}
		})
	}
}

// TestAMissingLoaderIsNamed breaks the name of the dynamic loader in a program.
func TestAMissingLoaderIsNamed(t *testing.T) {
	t.Parallel()
	program, err := os.ReadFile("/bin/ls")
	if err != nil {
		t.Skip(err)
	}
	loader := []byte("/lib64/ld-linux-")
	if !bytes.Contains(program, loader) {
		t.Skip("/bin/ls has no loader in /lib64")
	}
	path := file(t, filepath.Join(t.TempDir(), "ls"), string(bytes.Replace(program, loader, []byte("/lib64/no-linux-"), 1)), 0o755)
	exit, _ := runOne(t, supervisor.Service{Command: []string{path}})
	want := "cannot start " + path + ": its dynamic loader is missing: it was built for another C library"
	if exit.Code != 127 || exit.String() != want {
		t.Errorf("code %d, %q\nwant 127, %q", exit.Code, exit, want)
	}
}

func TestNoPermissionAsAnotherUser(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := t.TempDir()
	path := file(t, filepath.Join(dir, "prog"), "#!/bin/sh\n", 0o700)
	exit, _ := runOne(t, supervisor.Service{Command: []string{path}, Credential: &syscall.Credential{Uid: 65534, Gid: 65534}})
	want := "cannot start " + path + ": permission denied: by its mode, by its interpreter's, or since its file system is mounted noexec"
	if exit.Code != 126 || exit.String() != want {
		t.Errorf("code %d, %q\nwant 126, %q", exit.Code, exit, want)
	}
}

// TestScriptsWithoutAnInterpreter are run by the shell, as execvp(3) does.
func TestScriptsWithoutAnInterpreter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file(t, filepath.Join(dir, "plain"), "echo $0 $1 $#\nexit 7\n", 0o755)
	file(t, filepath.Join(dir, "bare"), "#!\necho $1 $2\nexit 7\n", 0o755)
	for _, tc := range []struct {
		service supervisor.Service
		want    string
	}{
		{supervisor.Service{Command: []string{dir + "/plain", "a b", "c"}}, dir + "/plain a b 2\n"},
		{supervisor.Service{Command: []string{"./plain", "a", "b", "c"}, Dir: dir}, "./plain a 3\n"},
		{supervisor.Service{Command: []string{"plain"}, Env: []string{"PATH=" + dir}}, dir + "/plain 0\n"},
		{supervisor.Service{Command: []string{dir + "/bare", "a", "b"}}, "a b\n"},
	} {
		exit, out := runOne(t, tc.service)
		if exit.Code != 7 || out != tc.want {
			t.Errorf("%q: %v, %q, want %q", tc.service.Command, exit, out, tc.want)
		}
	}
}

// TestPath looks a program up in the PATH that it is to have, not in ours.
func TestPath(t *testing.T) {
	t.Parallel()
	first, second := t.TempDir(), t.TempDir()
	file(t, filepath.Join(first, "prog"), "", 0o644)
	if err := os.Mkdir(filepath.Join(first, "both"), 0o755); err != nil {
		t.Fatal(err)
	}
	file(t, filepath.Join(second, "prog"), "#!/bin/sh\necho second\n", 0o755)
	file(t, filepath.Join(second, "both"), "#!/bin/sh\necho both\n", 0o755)
	path := []string{"PATH=/wrong", "PATH=" + first + ":" + second}
	for name, want := range map[string]string{"prog": "second\n", "both": "both\n"} {
		exit, out := runOne(t, supervisor.Service{Command: []string{name}, Env: path})
		if exit.Code != 0 || out != want {
			t.Errorf("%s: %v, %q", name, exit, out)
		}
	}
	l := runLive(t, supervisor.Config{
		Services: []supervisor.Service{{Name: "x", Command: []string{"sh", "-c", "echo found"}}},
		Env:      func() []string { return []string{"A=1"} }, // no PATH at all
	})
	l.out.await(t, "[x] found\n")
	l = runLive(t, supervisor.Config{
		Services: []supervisor.Service{{Name: "x", Command: []string{"prog"}}},
		Env:      func() []string { return path },
	})
	l.out.await(t, "[x] second\n")
}
