package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"
)

const (
	sigKill = syscall.SIGKILL
	// killLimit is how long a process may take to die of SIGKILL. One that
	// takes longer sleeps in the kernel, and nothing more can be done to it.
	killLimit = 2 * time.Second
)

// stopStep is one thing to do to a run that is to end, and how long to wait
// for the end before the next.
type stopStep struct {
	do   func(*Supervisor, *unit)
	wait time.Duration
}

// startStop begins to end a run.
func (s *Supervisor) startStop(u *unit) { s.endRun(u, s.mainSignal(u)) }

// endRun ends a run, by the signal first if that is not 0. It looks before for
// descendants, which may have left the process group, for nobody can tell whose
// they are once their parent is gone.
func (s *Supervisor) endRun(u *unit, first syscall.Signal) {
	u.quiet()
	u.patient = u.service.PatientStop && !s.stopping && !u.evicted && u.fault == nil
	u.plan = s.stopPlan(u, first)
	u.deadline = time.Now().Add(u.service.StopTimeout)
	s.enter(u, StateStopping)
	if u.instance == nil {
		return // it is being started: noteStartedLate goes on
	}
	u.looking = true
	run, pid := u.run, u.instance.pid()
	s.task(func() {
		kin := s.procs.kin(pid)
		s.post(func() {
			if u.run == run {
				u.kin, u.looking = kin, false
				s.happen(u, hasLooked)
			}
		})
	})
}

// stopPlan lists the steps that end a run, the gentlest first.
func (s *Supervisor) stopPlan(u *unit, first syscall.Signal) []stopStep {
	limit, signal := u.service.StopTimeout, u.service.StopSignal
	ask := sendSignal(signal)
	if len(u.service.StopCommand) > 0 {
		ask, signal = (*Supervisor).runStopCommand, 0
	}
	last := []stopStep{{(*Supervisor).killRun, killLimit}, {(*Supervisor).abandonRun, 0}}
	switch {
	case s.slain, limit < 0 && !u.patient:
		return last
	case u.patient:
		return append([]stopStep{{ask, 0}}, last...)
	case u.feed != nil && s.stopping:
		return append([]stopStep{{(*Supervisor).endInput, limit / 2}, {ask, limit / 2}}, last...)
	case first != 0 && first != signal:
		return append([]stopStep{{sendSignal(first), limit / 2}, {ask, limit / 2}}, last...)
	default:
		return append([]stopStep{{ask, limit}}, last...)
	}
}

// mainSignal is what the Main service is stopped with because Run was.
func (s *Supervisor) mainSignal(u *unit) syscall.Signal {
	if !u.service.Main || s.stopMain == nil || len(u.service.StopCommand) > 0 {
		return 0
	}
	sig, _ := s.stopMain.Signal.(syscall.Signal)
	return sig
}

// limitStop sets a limit to a stop that has had none.
func (s *Supervisor) limitStop(u *unit) {
	if !u.patient || !s.stopping && !u.evicted {
		return
	}
	u.patient = false
	u.deadline = time.Now().Add(u.service.StopTimeout)
	s.hurry(u)
}

// hurry begins anew with the end of a run that is being stopped already, by force if all
// is to be killed.
func (s *Supervisor) hurry(u *unit) {
	u.plan = s.stopPlan(u, 0)
	if u.instance != nil && !u.looking {
		s.stepStop(u)
	}
}

// stepStop does the next step of the plan.
func (s *Supervisor) stepStop(u *unit) {
	if len(u.plan) == 0 {
		return
	}
	step := u.plan[0]
	u.plan = u.plan[1:]
	if step.wait > 0 {
		s.arm(u, step.wait, stopDue)
	}
	step.do(s, u)
}

// endInput lets a service that reads others' output see its end.
func (s *Supervisor) endInput(u *unit) {
	s.emit(Event{Service: u.service.Name, Kind: Stopping, Text: "end of input"})
	u.feed.end()
}

func sendSignal(sig syscall.Signal) func(*Supervisor, *unit) {
	return func(s *Supervisor, u *unit) {
		s.emit(Event{Service: u.service.Name, Kind: Stopping, Text: signalName(sig)})
		_ = u.instance.signalGroup(sig) // ESRCH: it has ended, as we shall hear
		if sig != sigKill {
			_ = u.instance.signalGroup(syscall.SIGCONT)
		}
	}
}

func (s *Supervisor) killRun(u *unit) {
	if !s.slain && u.service.StopTimeout > 0 {
		s.emit(Event{
			Service: u.service.Name, Kind: Late,
			Text: fmt.Sprintf("did not end within %v: killed", u.service.StopTimeout),
		})
	}
	u.stopper.kill()
	_ = u.instance.signalGroup(sigKill)
}

var errStolen = errors.New("its exit status was taken by another wait4(2) in this program")

var errUnkillable = errors.New("cannot be killed: it is left behind")

func (s *Supervisor) abandonRun(u *unit) {
	s.emit(Event{Service: u.service.Name, Kind: Trouble, Text: errUnkillable.Error()})
	u.instance.abandon()
}

// shutdown stops everything, in order.
func (s *Supervisor) shutdown(cause error) {
	if s.stopping {
		return
	}
	s.stopping = true
	s.stopMain, _ = errors.AsType[*SignalError](cause)
	s.deadline = time.AfterFunc(s.cfg.StopTimeout, func() { s.post(s.overdue) })
	for _, u := range s.order {
		u.wanted, u.again, u.once = false, false, false
	}
	s.stopNext()
}

// stopNext stops every unit whose turn it is: the Main service, and once that
// is gone those that nothing left requires.
func (s *Supervisor) stopNext() {
	for _, u := range s.order {
		s.stopIfReleased(u)
	}
}

// stopIfReleased stops a unit that is not wanted, unless something needs it.
func (s *Supervisor) stopIfReleased(u *unit) {
	switch {
	case u.wanted:
	case s.stopping && u.atRest(): // it stays as it ended
	case s.stopping && u.service.Main, u.released(s.stopping) && (!s.stopping || !s.mainLives()):
		s.happen(u, wantedDown)
	}
}

func (s *Supervisor) mainLives() bool {
	return slices.ContainsFunc(s.order, func(u *unit) bool { return u.service.Main && !u.state.atRest() })
}

// overdue ends a stop that takes too long.
func (s *Supervisor) overdue() {
	for _, u := range s.order {
		if !u.atRest() {
			s.emit(Event{
				Service: u.service.Name, Kind: Late,
				Text: fmt.Sprintf("was still %s when the %v for the whole stop were over: killed", u.state, s.cfg.StopTimeout),
			})
		}
	}
	s.slay()
}

// killAll kills what runs. What is concluding sees s.kill by itself.
func (s *Supervisor) killAll() {
	for _, u := range s.order {
		s.happen(u, mustDie)
	}
}
