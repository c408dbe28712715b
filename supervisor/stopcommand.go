package supervisor

import (
	"context"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// stopper is the StopCommand of a run that is being stopped.
type stopper struct {
	ctx    context.Context // its end kills it
	cancel context.CancelFunc
	done   chan struct{} // closed when it has ended
}

// runStopCommand starts the stop command, once a stop. If it fails, stopBySignal goes on.
func (s *Supervisor) runStopCommand(u *unit) {
	if u.stopper != nil {
		return // it runs, or has done what it can
	}
	s.emit(Event{Service: u.service.Name, Kind: Stopping, Text: "its stop command is run"})
	_ = u.instance.signalGroup(syscall.SIGCONT)
	ctx, cancel := context.WithCancel(s.kill)
	u.stopper = &stopper{ctx, cancel, make(chan struct{})}
	run, done, j := u.run, u.stopper.done, u.stopJob()
	s.task(func() {
		defer close(done)
		exit := s.runUntil(ctx, j)
		if exit.Success() {
			return
		}
		s.post(func() {
			if u.run == run && ctx.Err() == nil { // else its time was over
				s.emit(Event{Service: j.service.Name, Kind: Trouble, Text: "its stop command " + exit.String()})
				s.happen(u, stopFailed)
			}
		})
	})
}

// stopJob is the stop command of the unit's present run.
func (u *unit) stopJob() *job {
	j := &job{service: u.service, command: u.service.StopCommand, aside: true}
	j.service.Env = append(slices.Clip(u.service.Env), "MAINPID="+strconv.Itoa(u.instance.pid()))
	return j
}

// stopBySignal is for a run whose stop command failed. The time for the stop goes on.
func (s *Supervisor) stopBySignal(u *unit) { sendSignal(u.service.StopSignal)(s, u) }

// kill ends the stop command, if there is one.
func (c *stopper) kill() {
	if c != nil {
		c.cancel()
	}
}

// await waits for the end of the stop command, if there is one, for what comes next may
// undo what it does. At the deadline it is killed.
func (c *stopper) await(deadline time.Time) (overdue bool) {
	if c == nil {
		return false
	}
	defer c.cancel()
	limit := time.NewTimer(time.Until(deadline))
	defer limit.Stop()
	select {
	case <-c.done:
		return false
	case <-limit.C:
	}
	select {
	case <-c.done: // at the same time
		return false
	default:
	}
	overdue = c.ctx.Err() == nil // else it was killed with the process
	c.cancel()
	<-c.done
	return overdue
}
