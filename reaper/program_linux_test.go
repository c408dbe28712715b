package reaper_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/oklog/run"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/pid1test"
	"github.com/sillelien/baseinit/reaper"
)

// programEnv makes the test binary a program with a Reaper: a program as JSON.
const programEnv = "REAPER_TEST_PROGRAM"

// program says what the test binary does when it is started again. What it saw
// it prints as a report.
type program struct {
	// Mode is the one that the Reaper is to run in.
	Mode string
	// Work names what happens: see works.
	Work string
	// Orphans is how many are made at most, within makingTime, and Commands how many
	// children.
	Orphans, Commands int
	// Grace and NoSubreaper are the Reaper's.
	Grace       time.Duration
	NoSubreaper bool
}

// report is what a program saw.
type report struct {
	Mode      string
	Orphans   int            // how many were made
	Claimed   map[string]int // how the children ended that were waited for
	Stats     reaper.Stats
	Childless bool
	Notes     []string
}

// Before main, which nobody else can do: see reaper.Config.LockedMain.
func init() {
	if p, ok := given(); ok && (p.Mode != "unclaimed" || p.Work == "reuse") {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	if p, ok := given(); ok {
		os.Exit(p.main())
	}
	os.Exit(pid1test.Main(m))
}

// given is the program that this process is to be, if any.
func given() (p program, ok bool) {
	text, ok := os.LookupEnv(programEnv)
	return p, ok && json.Unmarshal([]byte(text), &p) == nil
}

// env makes the test binary the program. With -race, that does not wait for a
// second at its end.
func (p program) env() []string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return []string{programEnv + "=" + string(text), "GORACE=atexit_sleep_ms=0"}
}

func (p program) main() int {
	os.Unsetenv(programEnv) // children are not this program
	if err := p.run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// run runs a Reaper the way its mode demands, and the work beside it.
func (p program) run() error {
	r, err := reaper.New(reaper.Config{LockedMain: p.Mode != "unclaimed", Grace: p.Grace, NoSubreaper: p.NoSubreaper})
	if err != nil {
		return err
	}
	w := works[p.Work]
	if w.before != nil {
		if err := elsewhere(func() error { return w.before(p, r) }); err != nil {
			return err
		}
	}
	work := func() error {
		<-r.Ready()
		rep := report{Claimed: map[string]int{}}
		err := w.beside(p, r, &rep)
		rep.Mode, rep.Stats, rep.Childless = r.Mode().String(), r.Stats(), reaper.Childless()
		return errors.Join(err, json.NewEncoder(os.Stdout).Encode(rep))
	}
	switch {
	case p.Work == "reuse": // the main goroutine works, and is locked
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx) }()
		err := work()
		cancel()
		return errors.Join(err, <-ended)
	case p.Mode == "main-thread":
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() {
			ended <- work()
			cancel()
		}()
		return errors.Join(r.Run(ctx), <-ended)
	}
	var g run.Group
	g.Add(r.Actor())
	g.Add(work, func(error) {})
	return g.Run() // which blocks the main goroutine
}

// elsewhere calls f on a goroutine that is not the main one.
func elsewhere(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return <-done
}

// burst is how many orphans were made before Run.
var burst int

// works is what goes on before Run is called, and beside it.
var works = map[string]struct {
	before func(program, *reaper.Reaper) error
	beside func(program, *reaper.Reaper, *report) error
}{
	"claims": {beside: claims},
	"later":  {beside: later},
	"burst": {
		before: func(p program, _ *reaper.Reaper) (err error) {
			burst, err = makeOrphans(p.Orphans)
			return err
		},
		beside: func(_ program, r *reaper.Reaper, rep *report) error {
			rep.Orphans = burst
			return gone(r, burst)
		},
	},
	"idle":   {beside: idle},
	"killed": {beside: killed},
	"grace":  {beside: grace},
	"reuse":  {beside: reuse},
	"leave":  {beside: leave},
	"flag": {beside: func(_ program, _ *reaper.Reaper, rep *report) error {
		var flag int32
		err := unix.Prctl(unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&flag)), 0, 0, 0)
		rep.Notes = append(rep.Notes, fmt.Sprint("subreaper ", flag))
		return err
	}},
}

// claims runs commands that exit 7, 8 at a time, while orphans are made.
func claims(p program, r *reaper.Reaper, rep *report) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	failed := make(chan error, 1)
	wg.Go(func() {
		made, err := makeOrphans(p.Orphans)
		rep.Orphans = made
		failed <- err
	})
	for range 8 {
		wg.Go(func() {
			for range p.Commands / 8 {
				state := fmt.Sprint(exec.Command("/bin/sh", "-c", "exit 7").Run())
				mu.Lock()
				rep.Claimed[state]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(<-failed, gone(r, rep.Orphans))
}

// makingTime bounds the making of orphans: machines have been seen to need 0.06 ms for
// one, and 6 ms.
const makingTime = 10 * time.Second

// makeOrphans makes n orphans that exit 3 at once, or as many as there is time for.
func makeOrphans(n int) (made int, err error) {
	const most = 400
	for end := time.Now().Add(makingTime); made < n && err == nil && (made == 0 || time.Now().Before(end)); {
		some := min(n-made, most)
		err = makeSome(some)
		made += some
	}
	return made, err
}

// makeSome makes orphans from 4 shells in parallel.
func makeSome(n int) error {
	const shells = 4
	var wg sync.WaitGroup
	errs := make([]error, shells)
	for i := range errs {
		wg.Go(func() {
			script := fmt.Sprintf("i=0; while [ $i -lt %d ]; do (exit 3 &); i=$((i+1)); done", n/shells)
			out, err := exec.Command("/bin/sh", "-c", script).CombinedOutput()
			if err != nil {
				errs[i] = fmt.Errorf("cannot make orphans: %w: %s", err, out)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// gone waits until n orphans have been reaped and no child is left.
func gone(r *reaper.Reaper, n int) error {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if r.Stats().Reaped >= uint64(n) && reaper.Childless() {
			return nil
		}
	}
	return fmt.Errorf("after a minute %d of %d orphans are reaped; no child left: %v", r.Stats().Reaped, n, reaper.Childless())
}

// leaveOrphan makes an orphan that runs script when the returned pipe is closed.
func leaveOrphan(script string) (release *os.File, err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	cmd := exec.Command("/bin/sh", "-c", "(read x; "+script+") <&3 & exec 3<&-")
	cmd.ExtraFiles = []*os.File{read}
	if err := cmd.Run(); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	return write, nil
}

// later makes an orphan that lives, and then makes it exit 5.
func later(_ program, r *reaper.Reaper, rep *report) error {
	release, err := leaveOrphan("exit 5")
	if err != nil {
		return err
	}
	rep.Notes = append(rep.Notes, fmt.Sprintf("alive: reaped %d, childless %v", r.Stats().Reaped, reaper.Childless()))
	return errors.Join(release.Close(), gone(r, 1))
}

// killed makes orphans that die from signals.
func killed(_ program, r *reaper.Reaper, _ *report) error {
	for _, script := range []string{"exit 0", "exec sh -c 'kill -TERM $$'", "exec sh -c 'kill -KILL $$'"} {
		release, err := leaveOrphan(script)
		if err := errors.Join(err, release.Close()); err != nil {
			return err
		}
	}
	return gone(r, 3)
}

// grace lets children be zombies for half of the time of grace, on any thread.
func grace(p program, r *reaper.Reaper, rep *report) error {
	cmds := make([]*exec.Cmd, 8)
	for i := range cmds {
		cmds[i] = exec.Command("/bin/sh", "-c", "exit 7")
		if err := cmds[i].Start(); err != nil {
			return err
		}
	}
	time.Sleep(p.Grace / 2)
	for _, cmd := range cmds {
		rep.Claimed[fmt.Sprint(cmd.Wait())]++
	}
	return gone(r, 0)
}

// reuse makes a zombie that is seen, waits for it, and gives its process ID to
// another that the Reaper then takes for the first, if it looks at the ID alone.
// All happens on the main thread, whose children mode Unclaimed looks at.
func reuse(p program, _ *reaper.Reaper, rep *report) error {
	runtime.LockOSThread()
	if unix.Gettid() != os.Getpid() {
		return errors.New("not on the main thread")
	}
	first := exec.Command("/bin/sh", "-c", "exit 6")
	if err := first.Start(); err != nil {
		return err
	}
	time.Sleep(p.Grace * 6 / 10)
	rep.Claimed[fmt.Sprint(first.Wait())]++
	before := strconv.Itoa(first.Process.Pid - 1)
	if err := os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(before), 0); err != nil {
		rep.Notes = append(rep.Notes, err.Error())
		return nil
	}
	second := exec.Command("/bin/sh", "-c", "exit 7")
	if err := second.Start(); err != nil {
		return err
	}
	time.Sleep(p.Grace * 9 / 10)
	rep.Claimed[fmt.Sprint(second.Wait())]++
	rep.Notes = append(rep.Notes, fmt.Sprint("same ID: ", first.Process.Pid == second.Process.Pid))
	return nil
}

// leave ends with an orphan alive.
func leave(_ program, _ *reaper.Reaper, _ *report) error {
	_, err := leaveOrphan("exit 5")
	return err
}

// idle has a live orphan, reaps another, says "idle" and does nothing until stdin ends.
func idle(_ program, r *reaper.Reaper, _ *report) error {
	release, err := leaveOrphan("exit 5")
	if err != nil {
		return err
	}
	if err := makeSome(4); err != nil {
		return err
	}
	for r.Stats().Reaped < 4 {
		time.Sleep(time.Millisecond)
	}
	if _, err := os.Stdout.WriteString("idle\n"); err != nil {
		return err
	}
	var b [1]byte
	_, _ = syscall.Read(0, b[:])
	return errors.Join(release.Close(), gone(r, 5))
}

// inBox runs the program as PID 1, or as a child of a shell that is.
func (p program) inBox(t *testing.T, box pid1test.Box) report {
	t.Helper()
	box.HostRoot, box.Timeout = true, 2*time.Minute
	box.Binary = executable(t)
	box.Env = append(box.Env, p.env()...)
	r := pid1test.Run(t, box)
	if code := r.Wait().Code; code != 0 {
		t.Fatalf("exit code %d", code)
	}
	return parse(t, r.Stdout())
}

// underShell is inBox behind a shell, which is PID 1.
func (p program) underShell(t *testing.T, box pid1test.Box) report {
	t.Helper()
	box.HostRoot, box.Timeout = true, 2*time.Minute
	box.Args = []string{"/bin/sh", "-c", `"$0"; exit $?`, executable(t)}
	box.Env = append(box.Env, p.env()...)
	r := pid1test.Run(t, box)
	if code := r.Wait().Code; code != 0 {
		t.Fatalf("exit code %d", code)
	}
	return parse(t, r.Stdout())
}

// asChild runs the program as any process, with attributes.
func (p program) asChild(t *testing.T, attr *syscall.SysProcAttr) report {
	t.Helper()
	cmd := exec.Command(executable(t))
	cmd.Env = append(os.Environ(), p.env()...)
	cmd.SysProcAttr = attr
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, problems.String())
	}
	return parse(t, string(out))
}

func executable(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func parse(t *testing.T, text string) (rep report) {
	t.Helper()
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "idle\n")), &rep); err != nil {
		t.Fatalf("no report: %v in %q", err, text)
	}
	return rep
}
