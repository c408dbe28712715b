package applet_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// open makes a directory that everybody may go through and write to: those of t.TempDir are
// for one user.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "logutil-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// service runs logutil-service with a container environment and an input.
func service(t *testing.T, uid uint32, vars map[string]string, in string, args ...string) (stderr string, code int) {
	t.Helper()
	run := openDir(t)
	env := filepath.Join(run, "s6", "container_environment")
	if err := os.MkdirAll(env, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, value := range vars {
		if err := os.WriteFile(filepath.Join(env, name), []byte(value), 0o644); err != nil { //nolint:gosec // as in a container
			t.Fatal(err)
		}
	}
	// Not written by this process: what it forks meanwhile would hold the file open for
	// writing, and execve(2) says ETXTBSY then.
	if out, err := exec.Command("cp", pid1test.Build(t), run+"/logutil-service").CombinedOutput(); err != nil {
		t.Fatalf("cp: %v: %s", err, out)
	}
	var said bytes.Buffer
	cmd := &exec.Cmd{
		Path: run + "/logutil-service", Args: append([]string{"logutil-service"}, args...), Dir: run, Stdin: strings.NewReader(in), Stderr: &said,
		Env: []string{"BASEINIT_RUN=" + run, "SECRET=x", "TZ=Asia/Kolkata"},
	}
	if uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
	_ = cmd.Run() // the code says it
	return said.String(), cmd.ProcessState.ExitCode()
}

func TestLogutilService(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	for _, tt := range []struct {
		name    string
		uid     uint32
		vars    map[string]string
		in      string
		current string
		owner   uint32
	}{
		{"by default", 0, nil, "a\nb", "ISO a\nISO b\n", 65534},
		{"by a script", 0, map[string]string{"S6_LOGGING_SCRIPT": "n3  s5000\tt px"}, "a\n", "TAI x a\n", 65534},
		{"by an empty script", 0, map[string]string{"S6_LOGGING_SCRIPT": ""}, "a\n", "ISO a\n", 65534}, // an empty file is no variable
		{"by nobody of importance", 4711, map[string]string{"S6_LOGGING_SCRIPT": "p4711"}, "a\n", "4711 a\n", 4711},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := openDir(t) + "/log"
			stderr, code := service(t, tt.uid, tt.vars, tt.in, dir)
			got := files(t, dir)
			if code != 0 || stderr != "" {
				t.Fatalf("code %d, %s", code, stderr)
			}
			if diff := cmp.Diff([]file{{"current", 0o744, tt.current}, {"lock", 0o644, ""}, {"state", 0o644, ""}}, got); diff != "" {
				t.Error(diff)
			}
			var st syscall.Stat_t
			if err := syscall.Stat(dir+"/current", &st); err != nil || st.Uid != tt.owner || st.Gid != tt.owner {
				t.Errorf("it belongs to %d:%d, %v", st.Uid, st.Gid, err)
			}
		})
	}
}

// TestLogutilEnvironment: a processor has nothing of the container's environment, and the
// time is not that of TZ.
func TestLogutilEnvironment(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	dir := openDir(t) + "/log"
	script := map[string]string{"S6_LOGGING_SCRIPT": "s4096 ?/usr/bin/env"}
	if stderr, code := service(t, 0, script, numbered(25), dir); code != 0 {
		t.Fatalf("code %d, %s", code, stderr)
	}
	if got := files(t, dir); len(got) < 2 || strings.Contains(got[0].Text, "SECRET") || strings.Contains(got[0].Text, "TZ") || got[0].Text == "" {
		t.Errorf("%+v", got)
	}
}

// TestLogutilRefuses: what cannot be is said with what to do about it.
func TestLogutilRefuses(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	closed := openDir(t)
	if err := os.Chmod(closed, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		vars map[string]string
		code int
		says string
	}{
		{nil, nil, 100, "usage: logutil-service"},
		{[]string{"log"}, nil, 100, "give the directory as a path that begins with / or ."},
		{[]string{closed + "/log"}, nil, 111, "permission denied: it must belong to user 65534, who this process is"},
		{[]string{closed + "/no/log"}, nil, 111, "no such file or directory"},
		{[]string{"-f", closed + "/no", closed}, nil, 111, "cannot read the FIFO: open " + closed + "/no"},
		{[]string{closed + "/log"}, map[string]string{"S6_LOGGING_SCRIPT": "nx"}, 100, `the logging script is wrong at "nx"`},
	} {
		if stderr, code := service(t, 0, tt.vars, "", tt.args...); code != tt.code || !strings.Contains(stderr, tt.says) {
			t.Errorf("%q: code %d, %s", tt.args, code, stderr)
		}
	}
}

// TestLogutilFIFO: a FIFO that logutil-newfifo makes is read until the last writer is gone.
func TestLogutilFIFO(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	place := openDir(t)
	fifo, dir := place+"/fifo", place+"/log"
	check(t, []example{
		{argv: []string{"logutil-newfifo", "-m", "0620", "-o", "nobody", fifo}},
		{argv: []string{"logutil-newfifo", "-m", "0640", "-o", "nobody", fifo}},
		{argv: []string{"logutil-newfifo", place}, code: 111, says: "cannot make the FIFO"},
		{argv: []string{"logutil-newfifo", "-o", "nobody-at-all", place + "/x"}, code: 1, says: `there is no user "nobody-at-all"`},
		{argv: []string{"logutil-newfifo", "-m", "9", fifo}, code: 100},
		{argv: []string{"logutil-newfifo"}, code: 100},
	})
	var st syscall.Stat_t
	if err := syscall.Stat(fifo, &st); err != nil || st.Uid != 65534 || st.Mode != syscall.S_IFIFO|0o640 {
		t.Fatalf("%+v, %v", st, err)
	}
	written := make(chan error, 1)
	go func() {
		w, err := os.OpenFile(fifo, os.O_WRONLY, 0) // waits for who reads
		if err == nil {
			_, err = w.WriteString("a\nb\n")
			w.Close()
		}
		written <- err
	}()
	stderr, code := service(t, 0, nil, "", "-f", fifo, dir)
	if err := <-written; err != nil || code != 0 {
		t.Fatalf("%v, code %d, %s", err, code, stderr)
	}
	if got := files(t, dir)[0]; got.Text != "ISO a\nISO b\n" {
		t.Errorf("%+v", got)
	}
}
