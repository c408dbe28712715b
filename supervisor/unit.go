package supervisor

import (
	"slices"
	"time"
)

// unit is a service and all that is known of it. Only the goroutine of Run
// touches it.
type unit struct {
	service    Service
	next       *Service // takes its place once nothing of it is left, or nil
	requires   []*unit
	requiredBy []*unit
	after      []*unit
	before     []*unit

	state   State
	since   time.Time
	wanted  bool // up
	initial bool // Ready waits for it
	again   bool // a restart was asked for: start once it has ended
	once    bool // its present run is the last
	vain    bool // it waits for what has failed

	impatient bool // it does not wait for those it comes after
	patient   bool // its stop has no limit
	evicted   bool // Remove is called for it

	arrived bool      // was ready since it was started anew
	startBy time.Time // when StartTimeout is over

	run       int      // counts starts; what an earlier one reports is ignored
	instance  instance // the current run, nil while there is none
	startedAt time.Time
	readyAt   time.Time
	early     []func() // what it said before it was known to run
	text      string   // the last STATUS=
	why       string   // it is not ready, or failed, or waits in vain
	timer     *alarm
	watchdog  *alarm
	patience  time.Duration // of the watchdog; 0: none

	looking  bool       // for descendants
	stopper  *stopper   // its StopCommand, once it was run
	plan     []stopStep // what is left to do to stop the run
	deadline time.Time  // of the stop: SIGKILL comes then
	kin      []process  // its descendants, as of the stop
	vitals   *vitals    // what its run is asked, or nil
	fault    error      // why it is being stopped although nobody wanted it down

	last     *Exit // how the last run ended
	uptime   time.Duration
	finish   *Exit // how its finish program ended
	failures int   // in a row
	restarts int
	recent   []time.Time // ends within RestartWindow that were not asked for
	starts   time.Time   // when a unit that backs off is started

	feed    *feed    // the pipe that others write to for it, or nil
	notify  *mailbox // its NOTIFY_SOCKET, or nil
	waiters []waiter
}

// waiter is a caller of Wait.
type waiter struct {
	until func(Status) bool
	reply chan Status
}

// satisfied tells whether those that require the unit may start.
func (u *unit) satisfied() bool {
	if u.service.Oneshot {
		return u.state == StateDone
	}
	return u.state == StateReady
}

// settled tells whether those that come after the unit need not wait for it.
func (u *unit) settled() bool {
	return !u.wanted || u.arrived || u.vain || u.state == StateDone || u.state == StateFailed
}

// pending lists what the unit still waits for.
func (u *unit) pending() []string {
	var names []string
	for _, r := range u.requires {
		if !r.satisfied() {
			names = append(names, r.service.Name)
		}
	}
	for _, a := range u.after {
		if !u.impatient && !a.settled() {
			names = append(names, a.service.Name)
		}
	}
	return names
}

// obstacle is what the unit requires and will not come up by itself, or nil.
func (u *unit) obstacle() *unit {
	for _, r := range u.requires {
		if !r.satisfied() && (r.vain || r.state.atRest() && (r.state != StateDown || !r.wanted)) {
			return r
		}
	}
	return nil
}

// atRest tells whether nothing of the unit is left, neither a process nor what is to be
// undone, and nothing will change by itself.
func (u *unit) atRest() bool {
	return u.state.atRest() && (u.state != StateDone || u.service.Undo == nil)
}

// released tells whether nothing that requires the unit is left; when all is stopped,
// nothing that comes after it either.
func (u *unit) released(stopping bool) bool {
	left := func(d *unit) bool { return !d.atRest() }
	return !slices.ContainsFunc(u.requiredBy, left) && (!stopping || !slices.ContainsFunc(u.before, left))
}

func (u *unit) status() Status {
	st := Status{
		Name: u.service.Name, State: u.state, Since: u.since, Wanted: u.wanted && !u.once,
		Restarts: u.restarts, Text: u.text, StartedAt: u.startedAt, ReadyAt: u.readyAt,
		Health: u.health(),
	}
	if st.Health == HealthBad {
		st.HealthText = u.ailments()
	}
	if u.instance != nil {
		st.PID = u.instance.pid()
	}
	if u.last != nil {
		exit := *u.last
		st.LastExit = &exit
	}
	switch u.state {
	case StateStarting, StateFailed:
		st.Why = u.why
	case StateWaiting:
		st.WaitingFor = u.pending()
		if u.vain {
			st.Why = u.why
		}
	case StateBackingOff:
		st.NextStart = u.starts
	}
	return st
}
