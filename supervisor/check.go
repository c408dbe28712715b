package supervisor

import (
	"fmt"
	"strings"
	"time"
)

// vital is what one of the HealthChecks has said in the present run.
type vital struct {
	caller   caller
	pause    *alarm // until it is asked again
	passed   bool   // it has succeeded
	failures int    // in a row
	bad      bool   // too many of them
	why      string // the last of them
}

// startChecks begins with the checks of a unit that is ready.
func (s *Supervisor) startChecks(u *unit) {
	for i := range u.service.Health {
		s.check(u, i)
	}
}

func (s *Supervisor) check(u *unit, i int) {
	v, check := u.vitals, &u.service.Health[i]
	s.ask(v, &v.checks[i].caller, check.Probe, check.Timeout, func(err error) {
		v.checks[i].pause = s.later(check.Interval, func() { s.check(u, i) })
		s.checked(u, check, &v.checks[i], err)
	})
}

// checked counts the outcome of a probe.
func (s *Supervisor) checked(u *unit, check *HealthCheck, c *vital, err error) {
	before := u.health()
	starting := !c.passed && time.Since(u.readyAt) < check.StartPeriod
	switch {
	case err == nil:
		c.passed, c.bad, c.failures, c.why = true, false, 0, ""
	case !starting:
		c.failures++
		c.why = err.Error()
	}
	if !c.bad && c.failures >= check.Threshold {
		c.bad = true
		s.noteUnhealthy(u, check, c)
	}
	if u.vitals.told && u.health() == HealthOK {
		u.vitals.told = false
		s.emit(Event{Service: u.service.Name, Kind: Recovered})
	}
	if u.health() != before {
		s.changed(u)
		s.answerWaiters(u)
	}
}

// noteUnhealthy says so, and does what the check asks for then.
func (s *Supervisor) noteUnhealthy(u *unit, check *HealthCheck, c *vital) {
	u.vitals.told = true
	s.emit(Event{Service: u.service.Name, Kind: Unhealthy, Text: check.Name + ": " + c.why})
	if check.Action != HealthIgnore {
		u.vitals.fault = fmt.Errorf("was unhealthy: %s: %s", check.Name, c.why)
		u.vitals.fatal = check.Action == HealthStop
		s.happen(u, wasUnhealthy)
	}
}

// failHealth ends a run that is unhealthy. Its policy decides what comes next, unless it
// has failed for good.
func (s *Supervisor) failHealth(u *unit) {
	u.fault = u.vitals.fault
	s.endRun(u, 0)
}

// doomed tells whether the unit's last run was ended by a check that lets nothing follow.
func (u *unit) doomed() bool { return u.vitals != nil && u.vitals.fatal }

// health is what the checks say of the present run.
func (u *unit) health() Health {
	if u.state != StateReady || u.vitals == nil || len(u.vitals.checks) == 0 {
		return HealthUnknown
	}
	health := HealthOK
	for _, c := range u.vitals.checks {
		switch {
		case c.bad:
			return HealthBad
		case !c.passed:
			health = HealthUnknown
		}
	}
	return health
}

// ailments are the checks that have failed too often, and why.
func (u *unit) ailments() string {
	var all []string
	for i, c := range u.vitals.checks {
		if c.bad {
			all = append(all, u.service.Health[i].Name+": "+c.why)
		}
	}
	return strings.Join(all, "; ")
}
