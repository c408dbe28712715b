package reaper

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"
)

// nap is the pause between two passes while orphans keep dying. It makes the
// Reaper work in batches, deaf to SIGCHLD: of 20,000 double forks each costs 25 us
// of CPU then, and 60 if each death wakes it.
const nap = 2 * time.Millisecond

// pass reaps what there is to reap. It returns how long to wait before the
// next pass, or 0 when there is nothing to do until a child dies.
type pass func() time.Duration

// run is the loop that all modes share. It makes a pass when a child has died,
// and after that passes at intervals until one has found nothing.
func (r *Reaper) run(ctx context.Context) error {
	reap := r.choose()
	if r.Mode() == MainThread {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
	}
	died := make(chan os.Signal, 1)
	defer signal.Stop(died)
	close(r.ready)
	for {
		signal.Notify(died, syscall.SIGCHLD) // before the pass, or a death between the two is lost
		wait, cost := timed(reap)
		for wait == 0 {
			select {
			case <-ctx.Done():
				return nil
			case <-died:
			}
			if cost > nap && !sleep(ctx, 4*cost) { // a pass over 20,000 children is no bargain
				return nil
			}
			wait, cost = timed(reap)
		}
		for signal.Stop(died); wait > 0; wait, cost = timed(reap) {
			if !sleep(ctx, max(wait, 4*cost)) {
				return nil
			}
		}
	}
}

// timed makes a pass and says how long it took.
func timed(reap pass) (wait, cost time.Duration) {
	start := time.Now()
	wait = reap()
	return wait, time.Since(start)
}

// sleep reports whether it slept for d, and not only until the end of ctx.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// choose picks the best mode that is possible here.
func (r *Reaper) choose() pass {
	list, err := newChildList()
	s := &scan{r: r, list: list}
	switch {
	case r.lockedMain && unix.Gettid() == os.Getpid():
		r.enter(MainThread, nil)
		return s.reapMainThread
	case r.lockedMain && err == nil:
		r.enter(Children, nil)
	default:
		r.enter(Unclaimed, err)
	}
	return s.reap
}

// enter sets the mode and says so.
func (r *Reaper) enter(m Mode, problem error) {
	r.mode.Store(int32(m))
	if problem == nil {
		r.log.Debug("reaping orphans", zap.Stringer("mode", m))
		return
	}
	r.log.Warn("reaping orphans late, by trying process IDs; mount /proc to do better",
		zap.Stringer("mode", m), zap.Duration("grace", r.grace), zap.Error(problem))
}

// reap reports whether it has reaped the child pid (-1: any child).
func (r *Reaper) reap(pid, options int) bool {
	var status unix.WaitStatus
	got, err := unix.Wait4(pid, &status, unix.WNOHANG|options, nil)
	if err != nil || got <= 0 {
		return false
	}
	r.tally.add(syscall.WaitStatus(status))
	if entry := r.log.Check(zap.DebugLevel, "reaped an orphan"); entry != nil {
		entry.Write(zap.Int("pid", got), zap.Int("exit code", status.ExitStatus()), zap.Stringer("signal", status.Signal()))
	}
	return true
}
