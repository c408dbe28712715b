//go:build linux

package pid1test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// dirEnv names the directory that Main makes for this test process.
const dirEnv = "PID1TEST_DIR"

// Main runs the tests, or what the test binary is started for again by Run.
// TestMain calls it: os.Exit(pid1test.Main(m)).
func Main(m interface{ Run() int }) int {
	if os.Getenv(stageEnv) != "" {
		return runStage()
	}
	dir, err := os.MkdirTemp("", "pid1test-")
	if err == nil {
		err = os.Setenv(dirEnv, dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pid1test:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	return m.Run()
}

// Need skips the test, with the reason, where no box can be made. With CI=true
// or BASEINIT_TEST_STRICT=1 in the environment it fails it.
func Need(t testing.TB) {
	t.Helper()
	if os.Getenv(dirEnv) == "" {
		t.Fatal("pid1test: TestMain must call pid1test.Main")
	}
	if err := probe(); err != nil {
		unable(t, fmt.Sprintf("needs root or user namespaces, and busybox-static: %v", err))
	}
}

// NeedProgram skips the test, or fails it as [Need] does, on a machine without
// the program at path. It says which package of Debian has it.
func NeedProgram(t testing.TB, path, pkg string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		unable(t, fmt.Sprintf("needs %s: install %s", path, pkg))
	}
}

// NeedRoot skips the test, or fails it as [Need] does, unless it runs as root. What
// runs as several users in a box needs that, and so do capabilities outside of it.
func NeedRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		unable(t, "needs root: a user namespace of an ordinary user knows uid 0 alone")
	}
}

// unable ends a test for which the machine lacks something.
func unable(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("CI") == "true" || os.Getenv("BASEINIT_TEST_STRICT") == "1" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// probe makes a box and runs nothing in it, once in a test process.
var probe = sync.OnceValue(func() error {
	b := &Box{Args: []string{"/bin/true"}}
	root, err := newRoot(b)
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	r, err := start(b, root)
	if err != nil {
		return err
	}
	<-r.Ended()
	r.timer.Stop()
	if r.result.Code != 0 {
		return fmt.Errorf("/bin/true in a box ended with code %d: %s", r.result.Code, r.Output())
	}
	return nil
})

// Build returns the path of ./cmd/baseinit, built static once for this test
// process. It needs no box.
func Build(t testing.TB) string {
	t.Helper()
	if os.Getenv(dirEnv) == "" {
		t.Fatal("pid1test: TestMain must call pid1test.Main")
	}
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(os.Getenv(dirEnv), "baseinit")
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, "github.com/sillelien/baseinit/cmd/baseinit")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build cmd/baseinit: %w\n%s", err, out)
	}
	return path, nil
})
