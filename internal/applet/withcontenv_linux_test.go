package applet_test

import (
	"os"
	"path/filepath"
	"testing"
)

// contenv makes a container's environment and gives the variable that tells where.
func contenv(t *testing.T, vars map[string]string) string {
	t.Helper()
	run := t.TempDir()
	dir := filepath.Join(run, "s6", "container_environment")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, value := range vars {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return "BASEINIT_RUN=" + run
}

func TestContenv(t *testing.T) {
	t.Parallel()
	at := contenv(t, map[string]string{"GREETING": "hi\n", "PATH": "/usr/bin:/bin", "TWO": "a\nb", "NONE": ""})
	check(t, []example{
		{argv: []string{"with-contenv", "sh", "-c", "echo $GREETING $OWN"}, env: []string{"OWN=x"}, stdout: "hi\n"},
		{argv: []string{"/usr/bin/with-contenv", "sh", "-c", "echo $GREETING"}, stdout: "hi\n"},
		{argv: []string{"with-contenv-legacy", "sh", "-c", "echo $GREETING"}, stdout: "hi\n"},
		{argv: []string{"with-contenv", "sh", "-c", "echo $GREETING $OWN"}, env: []string{"OWN=x", "S6_KEEP_ENV=1"}, stdout: "x\n"},
		{argv: []string{"with-contenv", "importas", "-D", "none", "G", "GREETING", "echo", "$G", "again"}, stdout: "hi again\n"},
		{argv: []string{"with-contenv", "with-contenv", "printcontenv", "TWO"}, stdout: "a\nb\n"},
		{argv: []string{"with-contenv"}, code: 100, says: "usage: with-contenv PROGRAM"},
		{argv: []string{"with-contenv", "nosuch"}, code: 127, says: "with-contenv: cannot run nosuch"},
		{argv: []string{"with-contenv", "/etc/passwd"}, code: 126, says: "with-contenv: cannot run /etc/passwd: permission denied"},
		{argv: []string{"with-contenv", "true"}, env: []string{"BASEINIT_RUN=/nope"}, code: 111, says: "/nope/s6/container_environment"},
		{argv: []string{"with-contenv", "--help"}, stdout: "usage: with-contenv PROGRAM [ARGUMENT...]\nRuns a program in the container's environment as it now is.\n"},
		{argv: []string{"printcontenv", "GREETING"}, stdout: "hi\n"},
		{argv: []string{"printcontenv", "NOPE"}, code: 1},
		{argv: []string{"printcontenv", "NONE"}, code: 1},
		{argv: []string{"printcontenv"}, code: 100, says: "usage: printcontenv NAME"},
		{argv: []string{"printcontenv", "A=B"}, code: 100, says: "usage"},
	}, at)
}
