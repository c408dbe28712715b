package supervisor

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// vitals are what is asked during a run whether it is ready, and whether it is well. A
// service that is not asked anything has none.
type vitals struct {
	ctx    context.Context // ends with the questions
	cancel context.CancelFunc
	caller caller  // of the readiness probe
	pause  *alarm  // until that is asked again
	checks []vital // one for each of Service.Health
	told   bool    // that the service is unhealthy, in this run or before
	fault  error   // why the run is ended
	fatal  bool    // it is a failure for good
}

// beginVitals makes the vitals of a run that starts now.
func (s *Supervisor) beginVitals(u *unit) {
	last := u.vitals
	u.vitals = nil
	if u.service.Readiness.Probe == nil && len(u.service.Health) == 0 {
		return
	}
	v := &vitals{checks: make([]vital, len(u.service.Health)), told: last != nil && last.told}
	v.ctx, v.cancel = context.WithCancel(s.kill)
	u.vitals = v
}

// end ends the questions: what is answered from now on does not count.
func (v *vitals) end() {
	if v == nil {
		return
	}
	v.cancel()
	v.pause.stop()
	for i := range v.checks {
		v.checks[i].pause.stop()
	}
}

// quiet ends what goes on beside a run.
func (u *unit) quiet() {
	u.watchdog.stop()
	u.vitals.end()
}

// ask calls a probe, and answer, on Run's goroutine, with what it returned, unless the
// questions are over by then. Between two probes there is a timer and no goroutine.
func (s *Supervisor) ask(v *vitals, c *caller, probe func(context.Context) error, limit time.Duration, answer func(error)) {
	s.task(func() {
		err := c.call(v.ctx, probe, limit)
		s.post(func() {
			if v.ctx.Err() == nil {
				answer(err)
			}
		})
	})
}

// caller calls a probe. One that does not return when its ctx ends (a stat(2) can hang) is
// left behind, so that Run can end, and not called anew before it has returned.
type caller struct {
	late chan error // of the one that was left behind, or nil
}

func (c *caller) call(ctx context.Context, probe func(context.Context) error, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	silent := fmt.Errorf("no answer within %v", limit)
	if c.late != nil {
		select {
		case <-c.late:
			c.late = nil // what it says is of the past
		case <-ctx.Done():
			return silent
		}
	}
	answer := make(chan error, 1)
	go func() { answer <- guarded(ctx, probe) }()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
	}
	c.late = answer
	grace := time.NewTimer(killLimit)
	defer grace.Stop()
	select {
	case err := <-answer:
		c.late = nil
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err // it knows better what took so long
		}
	case <-grace.C:
	}
	return silent
}

// guarded is probe, whose panic is an error.
func guarded(ctx context.Context, probe func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panicked: %v", p)
		}
	}()
	return probe(ctx)
}

// probeReadiness asks a run whether it is ready, until it is.
func (s *Supervisor) probeReadiness(u *unit) {
	v, r := u.vitals, &u.service.Readiness
	s.ask(v, &v.caller, r.Probe, r.ProbeTimeout, func(err error) {
		if err == nil {
			s.happen(u, saidReady)
			return
		}
		u.why = err.Error()
		v.pause = s.later(r.ProbeInterval, func() { s.probeReadiness(u) })
	})
}
