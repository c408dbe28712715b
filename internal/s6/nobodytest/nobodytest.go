// Package nobodytest runs a package's tests a second time without root's rights,
// so that a run as root shows what happens to other users too.
package nobodytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Again runs all tests of the package but the calling one as nobody, and fails
// unless they pass and the one called witness was among them. It skips when the
// tests run without root's rights anyway.
func Again(t *testing.T, witness string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root: the tests run without its rights anyway")
	}
	out, err := runAsNobody(t, "-test.skip=^"+t.Name()+"$")
	if err != nil || !strings.Contains(out, "--- PASS: "+witness) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

// Instead runs the calling test, which means nothing for root, as nobody in a
// process of its own, and tells whether it has: the caller then returns.
func Instead(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return false
	}
	out, err := runAsNobody(t, "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$")
	if err != nil || !strings.Contains(out, "--- PASS: "+t.Name()) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
	return true
}

// runAsNobody runs the test binary again, from a directory that nobody may read.
func runAsNobody(t *testing.T, flag string) (output string, err error) {
	t.Helper()
	const nobody = 65534
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o777); err != nil { // testing makes them 0700
			t.Fatal(err)
		}
	}
	binary := filepath.Join(dir, "again.test")
	self, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(binary, self, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-test.v", flag)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
