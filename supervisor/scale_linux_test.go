package supervisor_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/supervisor"
)

// usage is what a supervisor can leak.
type usage struct {
	descriptors, goroutines, children int
	heap                              uint64
}

func measure(t testing.TB) (u usage) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	u.descriptors, u.goroutines = len(entries), runtime.NumGoroutine()
	err = unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	if err == nil {
		tasks, _ := filepath.Glob("/proc/self/task/*/children")
		for _, task := range tasks {
			pids, _ := os.ReadFile(task)
			u.children += len(strings.Fields(string(pids)))
		}
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what finalizers let go
	runtime.ReadMemStats(&m)
	u.heap = m.HeapAlloc
	return u
}

// TestManyCrashesLeakNothing runs 1,000 services that end at once, again and
// again. It runs alone, since it counts what the whole test process has.
func TestManyCrashesLeakNothing(t *testing.T) {
	const n = 1000
	program := "/bin/true"
	if path, err := exec.LookPath("true"); err == nil {
		program = path
	}
	var services []supervisor.Service
	for i := range n {
		services = append(services, supervisor.Service{
			Name: itoa(i), Command: []string{program},
			Backoff: supervisor.Backoff{Initial: 10 * time.Millisecond, Max: 10 * time.Millisecond},
		})
	}
	before := measure(t)
	exits, rounds := 0, make(chan int, 1000)
	l := newLive(t, supervisor.Config{
		Services: services,
		OnEvent: func(e supervisor.Event) {
			if e.Kind != supervisor.Exited {
				return
			}
			if !e.Exit.Success() && e.Exit.Signal == 0 { // some are signalled in the end
				t.Errorf("%s", e)
			}
			if exits++; exits%n == 0 {
				rounds <- exits / n
			}
		},
	})
	l.run()
	var early uint64
	total := 0
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end) || total < 4; {
		total = <-rounds
		if total == 2 {
			early = measure(t).heap
		}
	}
	late := measure(t).heap
	begun := time.Now()
	l.do(l.end())
	t.Logf("the end took %v", time.Since(begun))
	after := measure(t)
	t.Logf("%d rounds; heap after two %d KB, in the end %d KB", total, early>>10, late>>10)
	if late > early+early/2+1<<20 {
		t.Errorf("the heap grew from %d to %d KB", early>>10, late>>10)
	}
	if after.descriptors > before.descriptors+2 { // the runtime's own, made when first needed
		t.Errorf("%d descriptors before, %d after", before.descriptors, after.descriptors)
	}
	if after.goroutines > before.goroutines+1 {
		t.Errorf("%d goroutines before, %d after", before.goroutines, after.goroutines)
	}
	if after.children > 0 {
		t.Errorf("%d children are left", after.children)
	}
}

// helpResources runs as many services as it is told, and says what that costs.
func helpResources(args []string) int {
	var services []supervisor.Service
	for i := range atoi(args[0]) {
		services = append(services, supervisor.Service{Name: itoa(i), Command: []string{"/bin/sleep", "1000"}, Output: supervisor.OutputTagged})
	}
	sup, err := supervisor.New(supervisor.Config{Services: services})
	if err != nil {
		return 1
	}
	execute, interrupt := sup.Actor()
	go func() {
		<-sup.Ready()
		runtime.GC()
		threads, _ := os.ReadDir("/proc/self/task")
		rollup, _ := os.ReadFile("/proc/self/smaps_rollup")
		_, pss, _ := strings.Cut(string(rollup), "\nPss:")
		fmt.Println(len(threads), strings.Fields(pss + " 0")[0])
		interrupt(nil)
	}()
	if execute() != nil {
		return 2
	}
	return 0
}

// resources gives the threads and the memory of a process that runs n services.
func resources(t testing.TB, n int) (threads, pssKB int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], itoa(n))
	cmd.Env = append(os.Environ(), helperEnv+"=resources")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(string(out), &threads, &pssKB); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	return threads, pssKB
}

func TestServicesCostNoThreads(t *testing.T) {
	t.Parallel()
	few, _ := resources(t, 10)
	many, _ := resources(t, 200)
	t.Logf("%d threads with 10 services, %d with 200", few, many)
	if many > few+10 {
		t.Errorf("%d threads with 10 services, %d with 200", few, many)
	}
}
