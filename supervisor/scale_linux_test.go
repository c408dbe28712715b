package supervisor_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
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

// grown says what there is more of than before. Two descriptors and a goroutine
// are the runtime's own, made when they are first needed.
func (u usage) grown(before usage) string {
	switch {
	case u.descriptors > before.descriptors+2:
		return fmt.Sprintf("%d descriptors, %d before", u.descriptors, before.descriptors)
	case u.goroutines > before.goroutines+1:
		return fmt.Sprintf("%d goroutines, %d before", u.goroutines, before.goroutines)
	case u.children > 0:
		return fmt.Sprintf("%d children", u.children)
	case u.heap > before.heap+1<<20:
		return fmt.Sprintf("%d KB of heap, %d before", u.heap>>10, before.heap>>10)
	}
	return ""
}

// many are services that end at once.
func many(t *testing.T, n int, change func(*supervisor.Service)) []supervisor.Service {
	t.Helper()
	program, err := exec.LookPath("true")
	if err != nil {
		t.Skip(err)
	}
	services := make([]supervisor.Service, n)
	for i := range services {
		services[i] = supervisor.Service{Name: itoa(i), Command: []string{program}, Output: supervisor.OutputText}
		change(&services[i])
	}
	return services
}

// makeGoroutines makes so many at once and lets them end. The runtime keeps what it has
// allocated for a goroutine (0.4 KB of heap) for later ones, so that without this
// the round with the most at a time would seem to leak.
func makeGoroutines(n int) {
	var all sync.WaitGroup
	end := make(chan struct{})
	for range n {
		all.Go(func() { <-end })
	}
	close(end)
	all.Wait()
}

// TestManyRunsLeakNothing starts 1,000 services that end at once, again and again,
// and looks after each round, when nothing runs. It is not parallel, since it
// counts what the whole test process has.
func TestManyRunsLeakNothing(t *testing.T) {
	services := many(t, 1000, func(x *supervisor.Service) { x.Restart, x.Down = supervisor.RestartNever, true })
	ends := make(chan supervisor.Exit, len(services))
	sup, err := supervisor.New(supervisor.Config{Services: services, OnEvent: func(e supervisor.Event) {
		if e.Kind == supervisor.Completed || e.Kind == supervisor.GaveUp {
			ends <- e.Exit
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	makeGoroutines(8 * len(services))
	before := measure(t)
	execute, interrupt := sup.Actor()
	ended := make(chan error)
	go func() { ended <- execute() }()
	round := func() usage {
		for _, service := range services {
			if err := sup.Start(service.Name); err != nil {
				t.Fatal(err)
			}
		}
		for range services {
			if exit := <-ends; exit.Err != nil {
				t.Fatal(exit)
			}
		}
		if _, err := sup.Status(); err != nil { // behind the last end in the event loop
			t.Fatal(err)
		}
		return measure(t)
	}
	first, rounds := round(), 1
	for begun := time.Now(); rounds < 3 || time.Since(begun) < 3*time.Second; rounds++ {
		last := round()
		until(t, fmt.Sprintf("after round %d as much as after the first: %s", rounds, last.grown(first)), func() bool {
			return last.grown(first) == "" || measure(t).grown(first) == "" // pipes of the last runs may still be closing
		})
	}
	interrupt(nil)
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	t.Logf("%d rounds", rounds)
	before.heap = first.heap
	until(t, "after the end as much as before: "+measure(t).grown(before), func() bool { return measure(t).grown(before) == "" })
}

// TestManyCrashesLeakNothing stops 200 services that end, and are started again,
// all the time. It is not parallel, either.
func TestManyCrashesLeakNothing(t *testing.T) {
	services := many(t, 200, func(x *supervisor.Service) { x.Backoff = supervisor.Backoff{Initial: 1, Max: 1} })
	before := measure(t)
	exits := 0
	enough := make(chan struct{})
	sup, err := supervisor.New(supervisor.Config{Services: services, OnEvent: func(e supervisor.Event) {
		if e.Kind == supervisor.Exited {
			if exits++; exits == 1500 {
				close(enough)
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	execute, interrupt := sup.Actor()
	ended := make(chan error)
	go func() { ended <- execute() }()
	<-enough
	begun := time.Now()
	interrupt(nil)
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	t.Logf("the end took %v", time.Since(begun))
	if what := measure(t).grown(before); what != "" {
		t.Errorf("after the end: %s", what)
	}
}

// helpResources runs as many services as it is told, and says what that costs.
func helpResources(args []string) int {
	var services []supervisor.Service
	for i := range atoi(args[0]) {
		services = append(services, supervisor.Service{Name: itoa(i), Command: []string{"/bin/sleep", "1000"}, Output: supervisor.OutputText})
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
