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
	pause  *alarm  // until the readiness probe is asked again
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
func (s *Supervisor) ask(v *vitals, probe func(context.Context) error, limit time.Duration, answer func(error)) {
	s.task(func() {
		err := callProbe(v.ctx, probe, limit)
		s.post(func() {
			if v.ctx.Err() == nil {
				answer(err)
			}
		})
	})
}

func callProbe(ctx context.Context, probe func(context.Context) error, limit time.Duration) (err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panicked: %v", p)
		}
	}()
	err = probe(ctx)
	late := errors.Is(ctx.Err(), context.DeadlineExceeded)
	if late && (err == nil || errors.Is(err, context.DeadlineExceeded)) {
		err = fmt.Errorf("no answer within %v", limit)
	}
	return err
}

// probeReadiness asks a run whether it is ready, until it is.
func (s *Supervisor) probeReadiness(u *unit) {
	v, r := u.vitals, &u.service.Readiness
	s.ask(v, r.Probe, r.ProbeTimeout, func(err error) {
		if err == nil {
			s.happen(u, saidReady)
			return
		}
		u.why = err.Error()
		v.pause = s.later(r.ProbeInterval, func() { s.probeReadiness(u) })
	})
}
