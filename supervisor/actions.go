package supervisor

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"
)

// This file holds what table calls: one function an action, each of which
// leaves the unit in its next state.

// enter moves a unit to its next state and tells those who wait for it.
func (s *Supervisor) enter(u *unit, next State) {
	u.timer.stop()
	u.state, u.since = next, time.Now()
	s.noteArrival(u)
	s.changed(u)
	s.answerWaiters(u)
	if u.satisfied() {
		s.unblock(u.requiredBy)
		s.unblock(u.before)
	}
	if !s.stopping && (next == StateFailed || next == StateDown || next == StateWaiting && u.obstacle() != nil) {
		s.review()
	}
	if u.atRest() {
		s.rested(u)
	}
}

// noteArrival remembers that a unit is ready, if it is.
func (s *Supervisor) noteArrival(u *unit) {
	if !u.satisfied() {
		return
	}
	u.arrived = true
	if u.initial {
		u.initial = false
		s.unready--
		s.checkReady()
	}
}

// changed tells Config.OnChange how a unit is now.
func (s *Supervisor) changed(u *unit) {
	if s.cfg.OnChange != nil {
		s.cfg.OnChange(u.status())
	}
}

func (s *Supervisor) checkReady() {
	if s.unready == 0 {
		close(s.ready)
		s.unready = -1
	}
}

// unblock starts those that wait for nothing any more.
func (s *Supervisor) unblock(units []*unit) {
	for _, d := range units {
		if d.state == StateWaiting && len(d.pending()) == 0 && !s.leaving() {
			s.happen(d, unblocked)
		}
	}
}

// review finds out anew which units wait in vain, says so once, and starts those that
// come after what is settled by that.
func (s *Supervisor) review() {
	known := map[*unit]bool{}
	for _, u := range s.order {
		known[u], u.vain = u.vain, false
	}
	for found := true; found; { // those that require one that waits in vain do so, too
		found = false
		for _, u := range s.order {
			if u.state != StateWaiting || u.vain {
				continue
			}
			if r := u.obstacle(); r != nil {
				u.vain, found = true, true
				u.why = fmt.Sprintf("it requires %s, which is %s", r.service.Name, r.standing())
				if !known[u] {
					s.emit(Event{Service: u.service.Name, Kind: Blocked, Text: strings.TrimPrefix(u.why, "it requires ")})
				}
			}
		}
	}
	s.unblock(slices.Clone(s.order))
}

// standing is the unit's state for those who wait for it.
func (u *unit) standing() string {
	if u.vain {
		return "blocked itself"
	}
	return u.state.String()
}

// rested goes on with the stop of those that u required.
func (s *Supervisor) rested(u *unit) {
	if u.service.Main || ((u.service.Critical || u.doomed()) && u.state == StateFailed) {
		s.endedForAll(u)
	}
	if u.service.Main && s.stopping {
		s.stopNext() // all others waited for it
	}
	for _, r := range u.requires {
		s.stopIfReleased(r)
	}
	if s.stopping {
		for _, a := range u.after {
			s.stopIfReleased(a)
		}
	}
}

// startAnew starts a unit that is at rest: its failures so far are forgotten.
func (s *Supervisor) startAnew(u *unit) {
	u.failures, u.recent = 0, nil
	u.arrived, u.impatient, u.startBy = false, false, time.Time{}
	s.prepare(u)
	if slices.ContainsFunc(s.order, func(u *unit) bool { return u.vain }) {
		s.review()
	}
}

// forgo leaves what a oneshot has done as it is, since all must end at once.
func (s *Supervisor) forgo(u *unit) {
	if u.service.Undo != nil {
		s.restDown(u)
	}
}

// undo takes back what a oneshot has done, unless all must end at once.
func (s *Supervisor) undo(u *unit) {
	if u.service.Undo == nil || s.slain {
		s.restDown(u)
		return
	}
	u.run++
	s.emit(Event{Service: u.service.Name, Kind: Stopping, Text: "what it did is undone"})
	s.enter(u, StateEnding)
	s.undoOn(u)
}

// startAfter starts a unit again once its present run has ended.
func (s *Supervisor) startAfter(u *unit) { u.again = true }

// restart ends a run and starts another.
func (s *Supervisor) restart(u *unit) {
	u.again = true
	s.startStop(u)
}

// prepare starts a unit, at once or when what it requires is ready.
func (s *Supervisor) prepare(u *unit) {
	u.again = false
	s.adopt(u)
	pending := u.pending()
	if len(pending) == 0 {
		s.launch(u)
		return
	}
	s.emit(Event{Service: u.service.Name, Kind: Waiting, Text: strings.Join(pending, ", ")})
	s.enter(u, StateWaiting)
}

// restDown is for a unit of which nothing runs.
func (s *Supervisor) restDown(u *unit) {
	s.emit(Event{Service: u.service.Name, Kind: Stopped})
	s.enter(u, StateDown)
}

// launch starts a run of the unit. The rest is heard of by occurrences.
func (s *Supervisor) launch(u *unit) {
	u.run++
	u.startedAt, u.readyAt, u.early = time.Now(), time.Time{}, nil
	u.evicted = false
	u.stopper, u.why = nil, ""
	u.text, u.fault, u.kin, u.looking, u.finish = "", nil, nil, false, nil
	u.patience = u.service.Watchdog
	s.beginVitals(u)
	s.enter(u, StateStarting)
	if limit := u.readyLimit(); limit > 0 {
		s.arm(u, limit, readyDue)
	}
	s.runOn(u)
}

// readyLimit is how long the run that starts now may take to be ready; 0: no limit.
func (u *unit) readyLimit() time.Duration {
	limit := u.service.ReadyTimeout
	if u.service.StartTimeout == 0 || u.arrived {
		return limit
	}
	if u.startBy.IsZero() {
		u.startBy = time.Now().Add(u.service.StartTimeout)
	}
	left := max(time.Until(u.startBy), 1)
	if limit == 0 {
		return left
	}
	return min(limit, left)
}

// tooLate tells whether StartTimeout is over.
func (u *unit) tooLate() bool {
	return !u.arrived && !u.startBy.IsZero() && !time.Now().Before(u.startBy)
}

func (s *Supervisor) noteStarted(u *unit) {
	s.tellStarted(u)
	switch {
	case u.service.Readiness.Probe != nil:
		s.probeReadiness(u)
	case u.service.Readiness.none() && !u.service.Oneshot:
		s.happen(u, saidReady)
	}
}

// noteStartedLate is for a unit that was told to stop while it was being started.
func (s *Supervisor) noteStartedLate(u *unit) {
	s.tellStarted(u)
	s.stepStop(u)
}

func (s *Supervisor) tellStarted(u *unit) {
	s.emit(Event{Service: u.service.Name, Kind: Started, PID: u.instance.pid()})
	s.changed(u)
	early := u.early
	u.early = nil
	for _, message := range early {
		message()
	}
}

// hear acts on what a process says, which may come sooner than the news that it
// runs: not before that.
func (s *Supervisor) hear(u *unit, message func()) {
	if u.state.runs() && u.instance == nil {
		u.early = append(u.early, message)
		return
	}
	message()
}

func (s *Supervisor) becomeReady(u *unit) {
	u.readyAt = time.Now()
	if !u.service.Readiness.none() {
		s.emit(Event{Service: u.service.Name, Kind: Ready, Delay: u.readyAt.Sub(u.startedAt)})
	}
	s.enter(u, StateReady)
	s.pet(u)
	s.startChecks(u)
}

func (s *Supervisor) failReady(u *unit) {
	limit := u.service.ReadyTimeout
	if u.tooLate() {
		limit = u.service.StartTimeout
	}
	why := ""
	if u.why != "" {
		why = " (" + u.why + ")"
	}
	s.failRun(u, 0, fmt.Errorf("was not ready within %v%s", limit, why))
}

func (s *Supervisor) failWatchdog(u *unit) {
	s.failRun(u, syscall.SIGABRT, fmt.Errorf("sent no WATCHDOG=1 within %v", u.patience))
}

func (s *Supervisor) failAsked(u *unit) {
	s.failRun(u, syscall.SIGABRT, errors.New("sent WATCHDOG=trigger"))
}

// failRun ends a run that broke a promise, by the signal first if that is not 0.
// Its policy decides what comes next.
func (s *Supervisor) failRun(u *unit, first syscall.Signal, fault error) {
	u.fault = fault
	s.emit(Event{Service: u.service.Name, Kind: Late, Text: fault.Error()})
	s.endRun(u, first)
}

// conclude stops what an ended run left behind and runs the finish program.
func (s *Supervisor) conclude(u *unit) {
	u.quiet()
	pid := 0
	if u.instance != nil {
		pid = u.instance.pid()
		u.instance = nil
	}
	if u.fault != nil && u.last.Err == nil {
		u.last.Err = u.fault
		u.last.Code = max(u.last.Code, 1)
	}
	if u.doomed() {
		*u.last = Exit{Code: 1, Err: u.fault}
	}
	asked := u.state == StateStopping
	s.emit(Event{
		Service: u.service.Name, Kind: Exited, PID: pid, Exit: *u.last, Delay: u.uptime,
		Asked: asked && u.fault == nil,
	})
	left := remains{group: pid, kin: u.kin}
	if u.service.KeepLeftovers && !asked {
		left = remains{}
	}
	s.enter(u, StateEnding)
	if !left.any() && u.service.Finish == nil && u.stopper == nil {
		s.happen(u, concluded)
		return
	}
	s.concludeOn(u, left, asked)
}

// settle decides what becomes of a unit whose run is over.
func (s *Supervisor) settle(u *unit) {
	s.adopt(u)
	switch {
	case !u.wanted, u.once:
		u.wanted, u.once = false, false
		s.restDown(u)
	case u.again:
		s.prepare(u)
	default:
		s.judge(u)
	}
}

// judge decides what becomes of a unit that ended although it is wanted up.
func (s *Supervisor) judge(u *unit) {
	failed := !u.last.Success()
	u.count(failed)
	switch {
	case u.doomed():
		s.giveUp(u, u.last.String())
	case u.finish != nil && u.finish.Code == 125:
		s.giveUp(u, "its finish program said so (exit code 125)")
	case u.tooLate():
		s.giveUp(u, fmt.Sprintf("it was not ready within %v (StartTimeout)", u.service.StartTimeout))
	case !u.policy(failed) && failed:
		s.giveUp(u, u.last.String())
	case !u.policy(failed):
		s.emit(Event{Service: u.service.Name, Kind: Completed})
		s.enter(u, StateDone)
	case u.exhausted():
		s.giveUp(u, fmt.Sprintf("ended %d times within %v, the last time it %s",
			len(u.recent), u.service.RestartWindow, u.last))
	default:
		s.backOff(u)
	}
}

// count remembers an end that was not asked for.
func (u *unit) count(failed bool) {
	switch {
	case !failed:
		u.failures = 0
	case u.uptime >= u.service.Backoff.StableAfter:
		u.failures = 1
	default:
		u.failures++
	}
	if u.service.MaxRestarts <= 0 {
		return
	}
	now := time.Now()
	u.recent = append(u.recent, now)
	for now.Sub(u.recent[0]) > u.service.RestartWindow {
		u.recent = u.recent[1:]
	}
}

// policy is the restart policy.
func (u *unit) policy(failed bool) bool {
	return u.service.Restart == RestartAlways || (u.service.Restart == RestartOnFailure && failed)
}

func (u *unit) exhausted() bool {
	return u.service.MaxRestarts > 0 && len(u.recent) > u.service.MaxRestarts
}

func (s *Supervisor) backOff(u *unit) {
	u.restarts++
	delay := u.service.Backoff.delay(u.failures, u.uptime, rand.Float64())
	if delay == 0 {
		s.prepare(u)
		return
	}
	if !u.last.Success() {
		s.emit(Event{Service: u.service.Name, Kind: BackingOff, Delay: delay})
	}
	u.starts = time.Now().Add(delay)
	s.enter(u, StateBackingOff)
	s.arm(u, delay, backoffDue)
}

func (s *Supervisor) giveUp(u *unit, why string) {
	u.why = why
	s.emit(Event{Service: u.service.Name, Kind: GaveUp, Exit: *u.last, Text: why})
	s.enter(u, StateFailed)
}

// endedForAll ends Run after the Main service has ended or a Critical one failed.
func (s *Supervisor) endedForAll(u *unit) {
	if s.stopping || u.last == nil {
		return
	}
	if u.state == StateFailed {
		s.failure = &FailedError{Service: u.service.Name, Exit: *u.last}
	}
	s.shutdown(errEndedForAll)
}

var errEndedForAll = errors.New("what the rest is there for has ended")
