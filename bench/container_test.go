//go:build linux

package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// testLab is a lab with its C programs and no inits: the tests boot the probe itself, or sh, as PID 1.
func testLab(t *testing.T) *lab {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("making PID namespaces needs root")
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("compiling the C programs needs gcc")
	}
	l := &lab{dir: t.TempDir()}
	if err := l.compileProbes(); err != nil {
		t.Fatal(err)
	}
	return l
}

// direct runs CMD as PID 1; shell runs a script as PID 1, with the tree's service directories in $1.
var direct = initProgram{name: "direct", argv: func(_, _ string, cmd []string) []string { return cmd }}

func shell(script string) initProgram {
	return initProgram{name: "shell", argv: func(_, tree string, _ []string) []string {
		return []string{"/bin/sh", "-c", script, "sh", servicesDir(tree)}
	}}
}

// An init in nine lines of sh: starts each service, reaps, and on TERM ends them all.
const shellInit = `
trap 'kill $pids; wait; exit 0' TERM
for service in "$1"/*; do
	[ -x "$service/run" ] || continue
	"$service/run" & pids="$pids $!"
done
while :; do wait; sleep 1 & wait; done`

func TestStartTime(t *testing.T) {
	t.Parallel()
	l := testLab(t)
	values, err := startTime(l, direct)
	if err != nil {
		t.Fatal(err)
	}
	if values[0] <= 0 || values[0] > 5000 {
		t.Errorf("start took %v ms", values[0])
	}
}

func TestServicesTime(t *testing.T) {
	t.Parallel()
	l := testLab(t)
	values, err := servicesTime(l, shell(shellInit), 5)
	if err != nil {
		t.Fatal(err)
	}
	if values[0] <= 0 {
		t.Errorf("5 services took %v ms", values[0])
	}
}

func TestSpawnTime(t *testing.T) {
	t.Parallel()
	l := testLab(t)
	values, err := spawnTime(l, "/bin/ls", []string{"ls", l.contenv()})
	if err != nil {
		t.Fatal(err)
	}
	if values[0] <= 0 {
		t.Errorf("a run took %v ms", values[0])
	}
	if _, err := spawnTime(l, "/bin/false", []string{"false"}); err == nil || !strings.Contains(err.Error(), "false") {
		t.Errorf("a command that fails: error %v", err)
	}
}

func TestStopTime(t *testing.T) {
	t.Parallel()
	l := testLab(t)
	c, _, err := l.bootServices(shell(shellInit), 3, "pause")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	took, err := c.stop()
	if err != nil {
		t.Fatal(err)
	}
	if took <= 0 {
		t.Errorf("the stop took %v", took)
	}
	if err := c.cmd.Process.Signal(syscall.Signal(0)); err == nil {
		t.Error("PID 1 is still there after the stop")
	}
}

func TestStubbornService(t *testing.T) {
	t.Parallel()
	l := testLab(t)
	c, _, err := l.bootServices(shell(shellInit), 1, "stubborn")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	limit, err := os.ReadFile(servicesDir(c.dir) + "/service-000/timeout-kill")
	if err != nil || string(limit) != "1000\n" {
		t.Errorf("timeout-kill holds %q, error %v", limit, err)
	}
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.gone:
		t.Error("PID 1 did not wait for the service that ignores TERM")
	case <-time.After(settle):
	}
}

func TestMemoryUse(t *testing.T) {
	t.Parallel()
	l := testLab(t)
	values, err := memoryUse(l, shell("for s in $1/*; do $s/run & done; wait"), 2)
	if err != nil {
		t.Fatal(err)
	}
	pss, processes, threads := values[0], values[1], values[2]
	if pss <= 0 || processes != 1 || threads != 1 {
		t.Errorf("got %v kB in %v processes with %v threads, want the shell alone", pss, processes, threads)
	}
}

func TestBrokenInit(t *testing.T) {
	t.Parallel()
	l := testLab(t)
	began := time.Now()
	_, err := startTime(l, shell("echo out of luck >&2; exit 3"))
	if err == nil || !strings.Contains(err.Error(), "out of luck") {
		t.Errorf("error %v, want one that shows what PID 1 printed", err)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("it took %v to notice that PID 1 had ended", took)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	t.Parallel()
	l := testLab(t)
	c, _, err := l.bootServices(shell(shellInit), 3, "stubborn")
	if err != nil {
		t.Fatal(err)
	}
	pids, err := namespacePIDs(c.cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if len(pids) < 4 {
		t.Errorf("%d processes in the namespace, want PID 1 and 3 services", len(pids))
	}
	c.close()
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); err == nil {
			t.Errorf("process %d outlived its container", pid)
		}
	}
	if _, err := os.Stat(c.dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", c.dir, err)
	}
}
