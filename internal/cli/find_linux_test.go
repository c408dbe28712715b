package cli_test

import (
	"math"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/cli"
)

// TestUnreachable: what is said of a socket that is not there, and of one that says nothing.
func TestUnreachable(t *testing.T) { // not parallel: it sets the environment
	const hint = "docker exec NAME baseinit status"
	path := filepath.Join(t.TempDir(), "control")
	t.Setenv("BASEINIT_CONTROL", path)
	ask := func() string {
		t.Helper()
		err := new(cli.Call).Get("status", nil, nil)
		if err == nil {
			t.Fatal("somebody answers")
		}
		return err.Error()
	}
	if got := ask(); !strings.Contains(got, path+": it is not there") || !strings.Contains(got, hint) {
		t.Error(got)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			conn.Close()
		}
	}()
	if got := ask(); strings.Contains(got, hint) {
		t.Error(got)
	}
	l.Close()
	<-done
}

// TestAge: how long a process has run.
func TestAge(t *testing.T) {
	t.Parallel()
	if got := cli.Age("/proc/self/stat"); got < -1 || got > 3600 {
		t.Errorf("we have run for %v s", got)
	}
	if got := cli.Age("/nope"); !math.IsInf(got, 1) {
		t.Errorf("of nobody: %v", got)
	}
}
