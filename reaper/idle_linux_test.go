package reaper_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Nothing is polled: while an orphan lives and nothing dies, no thread of the
// program is woken. The kernel counts how often a thread has gone to sleep:
// voluntary_ctxt_switches in proc_pid_status(5).
func TestIdle(t *testing.T) {
	for _, mode := range []string{"main-thread", "children", "unclaimed"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			p := program{Mode: mode, Work: "idle"}
			cmd := exec.Command(executable(t))
			cmd.Env = append(os.Environ(), p.env()...)
			cmd.Stderr = os.Stderr
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(stdout)
			if line, err := lines.ReadString('\n'); line != "idle\n" {
				t.Fatalf("%q, %v", line, err)
			}
			before := settled(t, cmd.Process.Pid)
			time.Sleep(2 * time.Second)
			if woken := sleeps(t, cmd.Process.Pid) - before; woken != 0 {
				t.Errorf("woken %d times in 2 idle seconds", woken)
			}
			stdin.Close()
			rest, _ := io.ReadAll(lines)
			if err := cmd.Wait(); err != nil {
				t.Fatal(err)
			}
			got := parse(t, string(rest)).Stats
			if diff := cmp.Diff(map[int]uint64{3: 4, 5: 1}, got.Exited); diff != "" {
				t.Errorf("exited (-want +got):\n%s", diff)
			}
		})
	}
}

// settled waits until the Go runtime has come to rest after work, and returns
// the count then.
func settled(t *testing.T, pid int) int {
	t.Helper()
	last := sleeps(t, pid)
	for range 20 {
		time.Sleep(500 * time.Millisecond)
		now := sleeps(t, pid)
		if now == last {
			return now
		}
		last = now
	}
	t.Fatal("the program never comes to rest")
	return 0
}

// sleeps is how often the threads of a process have gone to sleep.
func sleeps(t *testing.T, pid int) (n int) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(files) == 0 {
		t.Fatalf("cannot list threads: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		_, count, _ := strings.Cut(string(text), "\nvoluntary_ctxt_switches:")
		count, _, _ = strings.Cut(count, "\n")
		switches, err := strconv.Atoi(strings.TrimSpace(count))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		n += switches
	}
	return n
}
