package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"
)

// insert checks services together with those already there, and adds them all
// or none.
func (s *Supervisor) insert(services []Service) error {
	var errs []error
	added := map[string]*unit{}
	for i := range services {
		service := s.complete(&services[i])
		if err := service.validate(); err != nil {
			errs = append(errs, fmt.Errorf("service %q: %w", service.Name, err))
		}
		if added[service.Name] != nil || s.units[service.Name] != nil {
			errs = append(errs, fmt.Errorf("service %q: there are two of that name", service.Name))
		}
		added[service.Name] = &unit{service: *service, since: time.Now()}
	}
	find := func(name string) *unit {
		if u := added[name]; u != nil {
			return u
		}
		return s.units[name]
	}
	units := make([]*unit, len(services))
	for i := range services {
		units[i] = added[services[i].Name]
		errs = append(errs, units[i].link(find)...)
	}
	if err := errors.Join(append(errs, loopAmong(units))...); err != nil {
		return err
	}
	return s.commit(units)
}

// LoopError says that services wait for each other.
type LoopError struct {
	// Names are the services along the loop, each with what it waits for after it; the
	// last is the first again.
	Names []string
}

// Error shows the loop.
func (e *LoopError) Error() string {
	return "services require each other: " + strings.Join(e.Names, " -> ")
}

// loopAmong gives the first loop that one of the units leads into: the others are most
// likely the same.
func loopAmong(units []*unit) error {
	for _, u := range units {
		if loop := findLoop(u); loop != nil {
			return &LoopError{loop}
		}
	}
	return nil
}

// commit makes checked units part of the supervisor.
func (s *Supervisor) commit(units []*unit) error {
	if err := provideFeeds(units); err != nil {
		return err
	}
	for _, u := range units {
		u.announce()
		s.units[u.service.Name] = u
		s.order = append(s.order, u)
	}
	return nil
}

// announce tells those that a unit requires, and comes after, of that.
func (u *unit) announce() {
	for _, r := range u.requires {
		r.requiredBy = append(r.requiredBy, u)
	}
	for _, a := range u.after {
		a.before = append(a.before, u)
	}
}

// link resolves the names of what a unit requires and logs to.
func (u *unit) link(find func(string) *unit) (errs []error) {
	v := u.latest()
	names := v.Requires
	if v.LogTo != "" {
		names = append(slices.Clone(names), v.LogTo)
	}
	for _, name := range names {
		r := find(name)
		if r == nil {
			errs = append(errs, fmt.Errorf("service %q: requires %q: %w", v.Name, name, ErrUnknown))
			continue
		}
		if name == v.LogTo && !r.latest().readable() {
			errs = append(errs, errUnreadable(u, name))
		}
		if !slices.Contains(u.requires, r) {
			u.requires = append(u.requires, r)
		}
	}
	for _, name := range v.After {
		a := find(name)
		switch {
		case a == nil:
			errs = append(errs, fmt.Errorf("service %q: comes after %q: %w", v.Name, name, ErrUnknown))
		case !slices.Contains(u.requires, a) && !slices.Contains(u.after, a):
			u.after = append(u.after, a)
		}
	}
	return errs
}

func errUnreadable(writer *unit, name string) error {
	return fmt.Errorf("service %q: logs to %q, which must be a Command without a Stdin", writer.service.Name, name)
}

// findLoop gives the names along a loop of Requires and After that u leads into.
func findLoop(u *unit) []string {
	done := map[*unit]bool{}
	var path []*unit
	var visit func(*unit) []string
	visit = func(u *unit) []string {
		if at := slices.Index(path, u); at >= 0 {
			return namesOf(append(path[at:], u))
		}
		if done[u] {
			return nil
		}
		path = append(path, u)
		for _, r := range append(slices.Clip(u.requires), u.after...) {
			if loop := visit(r); loop != nil {
				return loop
			}
		}
		path = path[:len(path)-1]
		done[u] = true
		return nil
	}
	return visit(u)
}

// withRequired lists a unit after all that it requires, directly or not.
func (u *unit) withRequired() []*unit {
	var list []*unit
	seen := map[*unit]bool{}
	var visit func(*unit)
	visit = func(u *unit) {
		if seen[u] {
			return
		}
		seen[u] = true
		for _, r := range u.requires {
			visit(r)
		}
		list = append(list, u)
	}
	visit(u)
	return list
}

func namesOf(units []*unit) []string {
	names := make([]string, len(units))
	for i, u := range units {
		names[i] = u.service.Name
	}
	return names
}

// complete is a copy of the service in which nothing is left open.
func (s *Supervisor) complete(service *Service) *Service {
	v := *service
	if v.Restart == RestartDefault {
		v.Restart = RestartAlways
		if v.Main || v.Critical || v.Oneshot {
			v.Restart = RestartNever
		}
	}
	v.Backoff = v.Backoff.withDefaults()
	setDefault(&v.RestartWindow, time.Minute)
	setDefault(&v.StopSignal, syscall.SIGTERM)
	setDefault(&v.StopTimeout, 3*time.Second)
	setDefault(&v.FinishTimeout, 5*time.Second)
	setDefault(&v.Output, s.cfg.Output)
	setDefault(&v.Readiness.ProbeInterval, 250*time.Millisecond)
	setDefault(&v.Readiness.ProbeTimeout, 3*time.Second)
	v.Health = slices.Clone(v.Health)
	for i := range v.Health {
		v.Health[i].setDefaults()
	}
	return &v
}

// faults are what is wrong with a service.
type faults []error

// add adds one, if it is there. It is called in many places: inlined, 8 kB of code more.
//
//go:noinline
func (f *faults) add(wrong bool, format string, args ...any) {
	if wrong {
		*f = append(*f, fmt.Errorf(format, args...))
	}
}

// validate checks what can be checked without looking at the system.
func (v *Service) validate() error {
	var f faults
	f.add(v.Name == "" || strings.ContainsAny(v.Name, "\x00\n\t"), "its name must not be empty or hold a NUL, newline or tab")
	f.add((len(v.Command) > 0) == (v.Func != nil), "it needs a Command or a Func, and not both")
	f.add(len(v.Command) > 0 && v.Command[0] == "", "its Command is empty")
	f.add(v.Readiness.FD != 0 && v.Readiness.FD < 3, "its readiness descriptor is %d, and must be 3 or above", v.Readiness.FD)
	f.add(v.Readiness.FD > 1023, "its readiness descriptor is %d, and must be below 1024", v.Readiness.FD)
	f.add(v.Readiness.kinds() > 1, "its Readiness has more than one of FD, Notify, Probe and Line")
	f.add(v.Readiness.ProbeInterval < 0 || v.Readiness.ProbeTimeout < 0, "its ProbeInterval or ProbeTimeout is negative")
	f.add(v.Watchdog != 0 && !v.Readiness.Notify, "its Watchdog needs Readiness.Notify")
	f.add(v.Watchdog < 0 || v.ReadyTimeout < 0, "its Watchdog or ReadyTimeout is negative")
	f.add(v.MaxRestarts < 0 || v.RestartWindow < 0, "its MaxRestarts or RestartWindow is negative")
	f.add(v.Oneshot && v.Restart == RestartAlways, "it is a Oneshot and cannot be restarted always")
	f.add(v.Oneshot && !v.Readiness.none(), "it is a Oneshot: it is ready when it has ended")
	f.add(v.Backoff.Factor < 1 || v.Backoff.Initial < 0, "its Backoff needs a Factor of 1 or more and an Initial that is not negative")
	f.add(v.LogTo != "" && v.LogTo == v.Name, "it logs to itself")
	f.add(v.Func != nil && (v.LogTo != "" || v.Readiness.FD != 0 || v.Readiness.Line != nil || v.Watchdog != 0),
		"it is a Func, which has no LogTo, readiness descriptor or line, or Watchdog")
	f.add(v.Func != nil && (v.Program != "" || len(v.StopCommand) > 0), "it is a Func, which has no Program or StopCommand")
	f.add(len(v.StopCommand) > 0 && v.StopCommand[0] == "", "its StopCommand is empty")
	f.add(slices.ContainsFunc(v.SuccessCodes, func(code int) bool { return code < 0 || code > 255 }), "its SuccessCodes must be from 0 to 255")
	f.add(v.Terminal && v.Stdin == nil, "it wants a terminal and has no Stdin")
	f.add(v.StopSignal < 1 || v.StopSignal > 64, "its StopSignal %d is no signal", int(v.StopSignal))
	f.add(v.Restart < RestartDefault || v.Restart > RestartNever, "its Restart %d is unknown", int(v.Restart))
	f.add(v.Undo != nil && (!v.Oneshot || len(v.Undo) == 0), "its Undo needs a Oneshot and words")
	f.add(v.StartTimeout < 0, "its StartTimeout is negative")
	f.add(v.Output < OutputDefault || v.Output > OutputJSON, "its Output %d is unknown", int(v.Output))
	f.add(v.Oneshot && len(v.Health) > 0, "it is a Oneshot, which has no Health")
	f.addChecks(v.Health)
	return errors.Join(f...)
}
