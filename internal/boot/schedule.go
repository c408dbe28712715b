//go:build linux

package boot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/sillelien/baseinit/internal/schedule"
	"github.com/sillelien/baseinit/internal/servicefile"
	"github.com/sillelien/baseinit/supervisor"
)

// recheck is how long a change of the clock may go unnoticed.
const recheck = time.Minute

// schedules starts services at their times. Its one goroutine runs only if there is
// something to start.
type schedules struct {
	logger *zap.Logger

	mu      sync.Mutex
	entries map[string]*scheduled
	ctx     context.Context // nil: nothing is started yet, or any more
	runner  runner
	running bool
	tasks   sync.WaitGroup
	nudges  chan struct{} // of size 1
}

// runner is the supervisor.
type runner interface {
	Status(names ...string) ([]supervisor.Status, error)
	Start(name string) error
	Restart(name string) error
}

// scheduled is one service.
type scheduled struct {
	when    *schedule.Schedule
	overlap servicefile.Overlap
	next    time.Time
	queued  bool // a run is to follow the present one
}

func newSchedules(logger *zap.Logger) *schedules {
	return &schedules{logger: logger, nudges: make(chan struct{}, 1)}
}

// NextRun tells when a scheduled service is started next, and its schedule, with its time
// zone. There is none for other services.
func (c *Container) NextRun(name string) (next time.Time, schedule string, ok bool) {
	s := c.schedules
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[name]
	if e == nil {
		return time.Time{}, "", false
	}
	return e.next, e.when.String(), true
}

// set makes a service scheduled as its file says, or no more.
func (s *schedules) set(name string, file *servicefile.Service) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if file == nil || file.Schedule == nil {
		delete(s.entries, name)
		return
	}
	when, err := schedule.Parse(file.Schedule.Cron, file.Schedule.Timezone)
	if err != nil { // servicefile has read it
		s.logger.Warn(fmt.Sprintf("service %q is not scheduled: %v", name, err))
		return
	}
	if s.entries == nil {
		s.entries = map[string]*scheduled{}
	}
	s.entries[name] = &scheduled{when: when, overlap: file.Schedule.Overlap, next: when.Next(wallClock())}
	s.ensure()
	s.wake()
}

// begin lets services be started until end.
func (s *schedules) begin(ctx context.Context, r runner) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx, s.runner = ctx, r
	s.ensure()
	return func() {
		cancel()
		s.mu.Lock()
		s.ctx = nil
		s.mu.Unlock()
		s.tasks.Wait()
	}
}

// ensure starts the goroutine if it is needed; the caller holds the lock.
func (s *schedules) ensure() {
	if s.ctx == nil || s.running || len(s.entries) == 0 {
		return
	}
	s.running = true
	ctx, r := s.ctx, s.runner
	s.tasks.Go(func() { s.run(ctx, r) })
}

// wake has the goroutine look again; it waits for nothing.
func (s *schedules) wake() {
	select {
	case s.nudges <- struct{}{}:
	default:
	}
}

// observe starts queued runs when it is their turn.
func (s *schedules) observe(e supervisor.Event) {
	switch e.Kind {
	case supervisor.Completed, supervisor.GaveUp, supervisor.Stopped, supervisor.Finished, supervisor.Exited:
		s.mu.Lock()
		entry := s.entries[e.Service]
		queued := entry != nil && entry.queued
		s.mu.Unlock()
		if queued {
			s.wake()
		}
	}
}

// wallClock is the time without Go's monotonic clock, which no schedule goes by.
func wallClock() time.Time { return time.Now().Round(0) }

// run starts what is due until ctx ends.
func (s *schedules) run(ctx context.Context, r runner) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.nudges:
		case <-timer.C:
		}
		timer.Reset(s.startDue(r))
	}
}

// startDue starts what is due now, and tells how long there is nothing more to do.
func (s *schedules) startDue(r runner) time.Duration {
	now := wallClock()
	wait := recheck
	for _, name := range s.names() {
		due, queued, overlap := s.isDue(name, now)
		if due || queued {
			s.start(r, name, due, overlap)
		}
		s.mu.Lock()
		if e := s.entries[name]; e != nil {
			wait = min(wait, e.next.Sub(now))
		}
		s.mu.Unlock()
	}
	return wait
}

func (s *schedules) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.entries))
}

// isDue tells whether a service is, and finds its next time. If the clock has been set back,
// that comes sooner than thought.
func (s *schedules) isDue(name string, now time.Time) (due, queued bool, overlap servicefile.Overlap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[name]
	if e == nil {
		return false, false, 0
	}
	due = !now.Before(e.next)
	if next := e.when.Next(now); due || next.Before(e.next) {
		e.next = next
	}
	return due, e.queued, e.overlap
}

// start starts a run, if the overlap policy lets it.
func (s *schedules) start(r runner, name string, due bool, overlap servicefile.Overlap) {
	status, err := r.Status(name)
	if err != nil {
		s.failed(name, err)
		return
	}
	busy := false
	switch status[0].State {
	case supervisor.StateDown, supervisor.StateDone, supervisor.StateFailed:
	default:
		busy = true
	}
	switch {
	case !busy:
		s.queue(name, false)
		s.failed(name, r.Start(name))
	case !due: // queued, and still to wait
	case overlap == servicefile.OverlapQueue:
		s.queue(name, true)
	case overlap == servicefile.OverlapReplace:
		s.failed(name, r.Restart(name))
	default:
		s.logger.Info(fmt.Sprintf("service %q is due and left out: the run before goes on (schedule.overlap = \"skip\")", name))
	}
}

func (s *schedules) queue(name string, queued bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[name]; e != nil {
		e.queued = queued
	}
}

// failed says that a run could not be started, unless everything ends.
func (s *schedules) failed(name string, err error) {
	if err != nil && !errors.Is(err, supervisor.ErrEnded) {
		s.logger.Warn(fmt.Sprintf("service %q is due and not started: %v", name, err))
	}
}
