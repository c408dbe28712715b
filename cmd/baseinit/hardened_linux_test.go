package main_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestNoProc runs without /proc, which is where the init would see whose child is
// whose: what is left behind is stopped all the same.
func TestNoProc(t *testing.T) {
	t.Parallel()
	const daemon = `(setsid sh -c "trap 'echo daemon told; exit' TERM; >/tmp/up; while :; do sleep 1000 & wait; done" &)
(setsid sh -c "trap '' TERM; sleep 1000" &)
until [ -e /tmp/up ]; do sleep 0.05; done; echo up; `
	for name, test := range map[string]struct {
		cmd    string
		signal syscall.Signal
		code   int
	}{
		"ends":  {"exit 7", 0, 7},
		"stops": {"exec sleep 1000", syscall.SIGTERM, 143},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, pid1test.Box{
				NoProc: true, Env: []string{"S6_KILL_GRACETIME=300"},
				Files: services(3, "exec sleep 1000"), Args: []string{"sh", "-c", daemon + test.cmd},
			})
			r.WaitFor("up")
			began := time.Now()
			if test.signal != 0 {
				r.Signal(test.signal)
			}
			if code := r.Wait(); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("gone after %v", took)
			}
			if !strings.Contains(r.Output(), "daemon told") {
				t.Error("a daemon was not told to end")
			}
		})
	}
}

// TestClosingFD waits, with S6_WAIT_FOR_CLOSING_FD, for the other end of a
// descriptor to be closed before it boots, or for a signal.
func TestClosingFD(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		then, want string
	}{
		"closed":  {"echo closing; exec 4>&-; wait $!; echo code $?", "closing\nCMD\ncode 3\n"},
		"stopped": {"head -c 200000 /dev/zero >&4; kill $!; wait $!; echo code $?", "code 143\n"}, // more than a pipe holds: it reads
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startUnder(t, pid1test.Box{Env: []string{"S6_WAIT_FOR_CLOSING_FD=3"}},
				"mkfifo /f; exec 4<>/f; /init sh -c 'echo CMD; exit 3' 3</f 4>&- &\n"+test.then)
			r.Wait()
			if got := r.Stdout(); got != test.want {
				t.Errorf("stdout %q, want %q", got, test.want)
			}
		})
	}
}

// TestQuickstart is README's first command: it needs no root, no Docker, no box.
func TestQuickstart(t *testing.T) {
	t.Parallel()
	const tree = "../../examples/quickstart"
	cmd := exec.Command(pid1test.Build(t), "--root", tree, "--output", "text", "--", tree+"/cmd.sh")
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	t.Logf("%v\n%s", err, out)
	if code := cmd.ProcessState.ExitCode(); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
	for _, want := range []string{
		"[10-prepare]", "[clock] hello from cont-init.d", "flaky: exited with code 3", "CMD: done", "[clock] stopping", "[90-goodbye]",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the output lacks %q", want)
		}
	}
}
