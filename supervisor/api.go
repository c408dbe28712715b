package supervisor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"
)

// Status is what is known of a service at one moment.
type Status struct {
	Name       string
	State      State
	Since      time.Time // when it entered State
	Wanted     bool      // up
	PID        int       // 0 while there is no process
	StartedAt  time.Time // of the last run; zero before the first
	ReadyAt    time.Time // of the last run; zero until it is ready
	NextStart  time.Time // while backing off
	Restarts   int       // since it was added
	LastExit   *Exit     // how the last run that ended did; nil before that
	Text       string    // the last STATUS= of this run
	WaitingFor []string  // while waiting: what it requires and is not ready
	Health     Health    // what Service.Health says of this run
	HealthText string    // while unhealthy: which checks fail, and why
	// Why it is not up, in words: while failed, what it failed of; while waiting in vain, for
	// what; while starting, what Readiness.Probe returned last.
	Why string
}

// Start wants a service up, with all that it requires. It does not wait: see
// Wait. A service that backs off is started at once, one that is ending as soon
// as it has ended; for one that failed for good or is done its failures so far
// count no more.
//
// Start and the calls below wait for Run to begin, and fail with ErrEnded once
// it has ended, and with ErrUnknown for a service that does not exist.
func (s *Supervisor) Start(name string) error {
	return s.onUnit(name, func(u *unit) error {
		return s.startTree(u, wantedUp)
	})
}

var errStopping = errors.New("everything is being stopped")

// startTree wants a unit up, or anew, and all that it requires up before it.
func (s *Supervisor) startTree(u *unit, how occurrence) error {
	if s.stopping {
		return errStopping
	}
	for _, r := range u.withRequired() {
		r.wanted, r.once = true, false
		switch {
		case r == u && (how != wantedUp || !u.outdated()):
			s.happen(u, how) // it is the last
		case r.outdated():
			s.happen(r, redefined)
		case !r.satisfied():
			s.happen(r, wantedUp)
		}
	}
	s.changed(u)
	return nil
}

// Stop wants a service down, and those that require it before it. It does not
// wait: see Wait.
func (s *Supervisor) Stop(name string) error {
	return s.onUnit(name, func(u *unit) error {
		s.stopTree(u)
		return nil
	})
}

func (s *Supervisor) stopTree(u *unit) {
	u.wanted, u.again, u.once = false, false, false
	for _, d := range u.requiredBy {
		if d.wanted && !d.atRest() {
			s.stopTree(d)
		}
	}
	s.changed(u)
	s.stopIfReleased(u)
}

// StopAlone is Stop for those who know that what requires the service can do without it
// for a while: it is left alone, as s6-svc(8) leaves it.
func (s *Supervisor) StopAlone(name string) error {
	return s.onUnit(name, func(u *unit) error {
		u.wanted, u.again, u.once = false, false, false
		s.changed(u)
		s.happen(u, wantedDown)
		return nil
	})
}

// Once makes the present run of a service its last, whatever its Restart says; one
// that does not run, but would, is not started.
func (s *Supervisor) Once(name string) error {
	return s.onUnit(name, func(u *unit) error {
		u.again = false
		switch u.state {
		case StateWaiting, StateBackingOff:
			u.wanted = false
			s.happen(u, wantedDown)
		case StateStarting, StateReady, StateStopping, StateEnding:
			u.once = true
		}
		s.changed(u)
		return nil
	})
}

// StartNow lets a service that waits start without those that it comes After. What it
// requires it still waits for.
func (s *Supervisor) StartNow(name string) error {
	return s.onUnit(name, func(u *unit) error {
		u.impatient = true
		s.unblock([]*unit{u})
		return nil
	})
}

// Restart ends the current run of a service and starts another; those that
// require it are left alone. A service that does not run is started.
func (s *Supervisor) Restart(name string) error {
	return s.onUnit(name, func(u *unit) error {
		return s.startTree(u, wantedAnew)
	})
}

// Signal sends a signal to the process of a service, not to its group.
func (s *Supervisor) Signal(name string, sig syscall.Signal) error {
	return s.onUnit(name, func(u *unit) error {
		if u.instance == nil {
			return fmt.Errorf("cannot signal service %q: it is %s", name, u.state)
		}
		return u.instance.signal(sig)
	})
}

// SignalGroup sends a signal to the process group of a service.
func (s *Supervisor) SignalGroup(name string, sig syscall.Signal) error {
	return s.onUnit(name, func(u *unit) error {
		if u.instance == nil {
			return fmt.Errorf("cannot signal service %q: it is %s", name, u.state)
		}
		return u.instance.signalGroup(sig)
	})
}

// Add adds services, and starts those that are not Down. It adds all or none.
func (s *Supervisor) Add(services ...Service) error {
	return s.do(func() error {
		if s.stopping {
			return errStopping
		}
		first := len(s.order)
		if err := s.insert(services); err != nil {
			return err
		}
		s.startAll(slices.DeleteFunc(slices.Clone(s.order[first:]), func(u *unit) bool { return u.service.Down }))
		return nil
	})
}

// Remove stops a service, waits until nothing is left of it, and forgets it. It
// fails if another one requires it.
func (s *Supervisor) Remove(ctx context.Context, name string) error {
	unrequired := func(u *unit) error {
		if len(u.requiredBy) > 0 {
			return fmt.Errorf("cannot remove service %q: %q requires it", name, u.requiredBy[0].service.Name)
		}
		return nil
	}
	if err := s.onUnit(name, func(u *unit) error {
		if err := unrequired(u); err != nil {
			return err
		}
		u.evicted = true
		s.stopTree(u)
		return nil
	}); err != nil {
		return err
	}
	if _, err := s.Wait(ctx, name, func(st Status) bool { return st.State.atRest() }); err != nil {
		return err
	}
	return s.onUnit(name, func(u *unit) error {
		if !u.state.atRest() {
			return fmt.Errorf("cannot remove service %q: somebody started it again", name)
		}
		if err := unrequired(u); err != nil {
			return err
		}
		s.forget(u)
		return nil
	})
}

func (s *Supervisor) forget(u *unit) {
	s.dispose(u)
	delete(s.units, u.service.Name)
	s.order = without(s.order, u)
	for _, r := range u.requires {
		r.requiredBy = without(r.requiredBy, u)
	}
	for _, a := range u.after {
		a.before = without(a.before, u)
	}
	for _, b := range u.before {
		b.after = without(b.after, u)
	}
	for _, w := range u.waiters {
		close(w.reply)
	}
}

// Status tells of the services named, or of all, in the order in which they
// were added. It works after Run has ended, too.
func (s *Supervisor) Status(names ...string) ([]Status, error) {
	var all []Status
	collect := func() error {
		if len(names) == 0 {
			for _, u := range s.order {
				all = append(all, u.status())
			}
		}
		for _, name := range names {
			u := s.units[name]
			if u == nil {
				return fmt.Errorf("service %q: %w", name, ErrUnknown)
			}
			all = append(all, u.status())
		}
		return nil
	}
	err := s.do(collect)
	if errors.Is(err, ErrEnded) {
		err = collect() // nobody changes anything any more
	}
	return all, err
}

// Wait waits until a service's Status satisfies until, which is called on Run's
// goroutine for the present one and at each change of state. Its error wraps the
// cause of ctx's end, ErrUnknown if the service is removed, or is ErrEnded.
func (s *Supervisor) Wait(ctx context.Context, name string, until func(Status) bool) (Status, error) {
	w := waiter{until: until, reply: make(chan Status, 1)}
	if err := s.onUnit(name, func(u *unit) error {
		u.waiters = append(u.waiters, w)
		s.answerWaiters(u)
		return nil
	}); err != nil {
		return Status{}, err
	}
	select {
	case st, ok := <-w.reply:
		if !ok {
			return Status{}, fmt.Errorf("service %q was removed: %w", name, ErrUnknown)
		}
		return st, nil
	case <-s.ended:
		return w.lastWord()
	case <-ctx.Done():
		s.post(func() { s.unwait(name, w) })
		return Status{}, fmt.Errorf("cannot wait for service %q: %w", name, context.Cause(ctx))
	}
}

// lastWord is the answer that came with the end of Run.
func (w waiter) lastWord() (Status, error) {
	select {
	case st := <-w.reply:
		return st, nil
	default:
		return Status{}, ErrEnded
	}
}

func (s *Supervisor) answerWaiters(u *unit) {
	if len(u.waiters) == 0 {
		return
	}
	st, rest := u.status(), u.waiters[:0]
	for _, w := range u.waiters {
		if w.until(st) {
			w.reply <- st
		} else {
			rest = append(rest, w)
		}
	}
	u.waiters = rest
}

func (s *Supervisor) unwait(name string, w waiter) {
	u := s.units[name]
	if u == nil {
		return
	}
	for i, other := range u.waiters {
		if other.reply == w.reply {
			u.waiters = append(u.waiters[:i], u.waiters[i+1:]...)
			return
		}
	}
}

// Services gives the definitions of all services, in the order in which they were added:
// of those that were replaced, the new ones, and with defaults filled in. What they point
// to is the supervisor's. It works after Run has ended, too.
func (s *Supervisor) Services() []Service {
	var all []Service
	collect := func() error {
		for _, u := range s.order {
			all = append(all, *u.latest())
		}
		return nil
	}
	if err := s.do(collect); errors.Is(err, ErrEnded) {
		_ = collect() // nobody changes anything any more
	}
	return all
}

// Replace gives services that exist new definitions, all or none, and does not wait. One
// that runs is stopped as its old definition says and started as the new one does, with all
// that this requires; those that require it are left alone. One that waits, backs off or
// has failed is started anew. The others have the new definition from their next start:
// what is down, whatever the new Down says, what is done (unless it is a Oneshot no more, or
// was none before), and what still runs and was told to stop or runs for the last time (see
// Once): Start restarts that. What only the old definition
// requires or logs to should be removed after the old run has ended.
func (s *Supervisor) Replace(services ...Service) error {
	return s.do(func() error { return s.replace(services) })
}

// Subscribe gives the events from now on. At most size of them wait to be read;
// further ones are dropped, and an event of the kind Lost says how many. cancel
// ends it and closes the channel, as does the end of Run.
func (s *Supervisor) Subscribe(size int) (events <-chan Event, cancel func()) {
	return s.subs.add(size)
}

// do runs f on Run's goroutine and gives its error.
func (s *Supervisor) do(f func() error) error {
	reply := make(chan error, 1)
	if !s.post(func() { reply <- f() }) {
		return ErrEnded
	}
	select {
	case err := <-reply:
		return err
	case <-s.ended:
		select {
		case err := <-reply:
			return err
		default:
			return ErrEnded
		}
	}
}

func (s *Supervisor) onUnit(name string, f func(*unit) error) error {
	return s.do(func() error {
		u := s.units[name]
		if u == nil {
			return fmt.Errorf("service %q: %w", name, ErrUnknown)
		}
		return f(u)
	})
}

func without(units []*unit, gone *unit) []*unit {
	for i, u := range units {
		if u == gone {
			return append(units[:i:i], units[i+1:]...)
		}
	}
	return units
}
