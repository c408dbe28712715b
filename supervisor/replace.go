package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// revision is a unit that gets a new definition, and what it had before.
type revision struct {
	*unit
	oldNext               *Service
	oldRequires, oldAfter []*unit
}

// replace checks new definitions together with all else that is there, and gives all or
// none of them.
func (s *Supervisor) replace(services []Service) error {
	if s.stopping {
		return errStopping
	}
	revised, err := s.revise(services)
	if err == nil {
		err = provideFeeds(unitsOf(revised))
	}
	if err != nil {
		for _, r := range revised {
			r.next, r.requires, r.after = r.oldNext, r.oldRequires, r.oldAfter
		}
		return err
	}
	for _, r := range revised {
		r.relink()
	}
	s.renew(revised)
	return nil
}

// revise gives units their new definitions and links, and says what is wrong with them.
func (s *Supervisor) revise(services []Service) (revised []revision, err error) {
	var errs []error
	for i := range services {
		service := s.complete(&services[i])
		u := s.units[service.Name]
		if u == nil {
			errs = append(errs, fmt.Errorf("service %q: %w", service.Name, ErrUnknown))
			continue
		}
		if err := service.validate(); err != nil {
			errs = append(errs, fmt.Errorf("service %q: %w", service.Name, err))
		}
		if slices.Contains(unitsOf(revised), u) {
			errs = append(errs, fmt.Errorf("service %q: there are two of that name", service.Name))
			continue
		}
		revised = append(revised, revision{u, u.next, u.requires, u.after})
		u.next, u.requires, u.after = service, nil, nil
	}
	find := func(name string) *unit { return s.units[name] }
	for _, r := range revised {
		errs = append(errs, r.link(find)...)
		for _, w := range r.requiredBy { // as they were
			if w.latest().LogTo == r.service.Name && !r.latest().readable() && !slices.Contains(unitsOf(revised), w) {
				errs = append(errs, errUnreadable(w, r.service.Name))
			}
		}
	}
	return revised, errors.Join(append(errs, loopAmong(unitsOf(revised)))...)
}

// relink tells those that the unit requires, and comes after, of that.
func (r revision) relink() {
	for _, u := range r.oldRequires {
		u.requiredBy = without(u.requiredBy, r.unit)
	}
	for _, u := range r.oldAfter {
		u.before = without(u.before, r.unit)
	}
	r.announce()
}

// renew starts those anew that are wanted up, as their new definitions say.
func (s *Supervisor) renew(revised []revision) {
	var restart []*unit
	for _, r := range revised {
		done := r.state == StateDone && r.service.Oneshot == r.latest().Oneshot
		if r.wanted && !r.once && !done {
			restart = append(restart, r.unit)
		}
		if r.atRest() || r.state == StateWaiting || r.state == StateBackingOff {
			s.adopt(r.unit)
		}
	}
	for _, r := range revised {
		for _, u := range r.oldRequires {
			s.stopIfReleased(u)
		}
	}
	for _, u := range restart {
		_ = s.startTree(u, redefined)
	}
	s.review()
}

// adopt makes the unit's new definition, if there is one, that by which it is kept.
// Nothing that was started by the old one is left.
func (s *Supervisor) adopt(u *unit) {
	if u.next == nil {
		return
	}
	u.service, u.next = *u.next, nil
	u.failures, u.recent, u.startBy = 0, nil, time.Time{}
	if !u.service.Readiness.Notify || u.service.Func != nil {
		u.notify.close()
		u.notify = nil
	}
	if !u.service.readable() {
		u.feed.close()
		u.feed = nil
	}
	s.noteArrival(u)
}

// latest is the definition that the unit has from its next start.
func (u *unit) latest() *Service {
	if u.next != nil {
		return u.next
	}
	return &u.service
}

// outdated tells whether the unit's run is one of a definition that was replaced, and was
// left alone when it was.
func (u *unit) outdated() bool {
	return u.next != nil && (u.state == StateStarting || u.state == StateReady)
}

// readable tells whether a service can be the one that others log to.
func (v *Service) readable() bool { return v.Func == nil && v.Stdin == nil }

func unitsOf(revised []revision) []*unit {
	units := make([]*unit, len(revised))
	for i, r := range revised {
		units[i] = r.unit
	}
	return units
}
