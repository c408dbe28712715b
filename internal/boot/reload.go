//go:build linux

package boot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/servicefile"
	"github.com/sillelien/baseinit/supervisor"
)

// What reload does.
const (
	rescan  = 1 << iota // add what is new
	prune               // remove what is gone
	afresh              // add what scripts have taken out of the scan directory, too
	replace             // restart what is defined otherwise now
)

var errNoServices = errors.New("there are no services yet, or no more")

// Reload reads services.d and the scan directory again. What is new is added, what is gone
// or skipped now is removed, and what is defined otherwise is restarted as its new
// definition says. All else is left alone: it keeps its processes. If anything in the directories is
// wrong, nothing is changed, and the error says what. Services of s6-rc are left alone.
//
// It waits for what it removes.
func (c *Container) Reload() (api.Reloaded, error) {
	return c.reload("reload", rescan|prune|afresh|replace)
}

// reloadLater is reload beside whoever asks, for one who must not wait. Nobody is heard once
// the container is to stop.
func (c *Container) reloadLater(why string, what int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.level == 0 {
		c.reloads.Go(func() { _, _ = c.reload(why, what) })
	}
}

// change is what a reload will do.
type change struct {
	add, replace []supervisor.Service
	gone         []string
}

// reload does it, and logs what came of it.
func (c *Container) reload(why string, what int) (done api.Reloaded, err error) {
	c.reloading.Lock()
	defer c.reloading.Unlock()
	c.mu.Lock()
	sup := c.sup
	c.mu.Unlock()
	if sup == nil {
		c.cfg.Logger.Debug(fmt.Sprintf("%s: %v", why, errNoServices))
		return done, errNoServices
	}
	if what&afresh != 0 {
		c.live.taken = nil
	}
	f, p, err := c.plan(sup, what)
	if err != nil {
		c.warn(fmt.Errorf("%s: nothing is changed: %w", why, err))
		return done, err
	}
	done, err = c.apply(sup, p, f)
	if err != nil {
		c.warn(err)
		for _, e := range Unjoin(err) {
			done.Problems = append(done.Problems, e.Error())
		}
	}
	text := fmt.Sprintf("%s: services were read again: %d added, %d removed", why, len(done.Added), len(done.Removed))
	if what&replace != 0 {
		text += fmt.Sprintf(", %d changed", len(done.Replaced))
	}
	c.cfg.Logger.Info(text)
	return done, nil
}

// plan reads the services and finds out what has changed. Its error says what is wrong with
// them, or, if they are replaced, with all together.
func (c *Container) plan(sup *supervisor.Supervisor, what int) (*found, change, error) {
	f, err := c.readServices(what)
	if err != nil {
		return nil, change{}, err
	}
	skipped := append(c.skip(&f), c.skippedRC...)
	others := c.names()
	if what&replace != 0 { // those read may be gone
		others = slices.DeleteFunc(others, func(name string) bool { _, known := c.definitions[name]; return known })
	}
	c.orderAfter(&f, others, skipped)
	p := c.compare(&f, what)
	if what&replace != 0 {
		if err := p.check(sup.Services()); err != nil {
			return nil, p, err
		}
		c.noteSkipped(skipped)
	}
	return &f, p, nil
}

// compare finds out what is otherwise than it was.
func (c *Container) compare(f *found, what int) (p change) {
	known := c.names()
	for i := range f.services {
		s := f.services[i]
		before, isKnown := c.definitions[s.Name]
		switch {
		case !slices.Contains(known, s.Name):
			if what&rescan != 0 && !slices.Contains(c.live.taken, s.Name) {
				p.add = append(p.add, s)
			}
		case what&replace != 0 && isKnown && before != f.stamps[s.Name]:
			p.replace = append(p.replace, s)
		}
	}
	if what&prune != 0 {
		p.gone = c.live.gone()
	}
	if what&replace != 0 {
		left := nameSet(f.services)
		for name := range c.definitions {
			if !left[name] {
				p.gone = append(p.gone, name)
			}
		}
		slices.Sort(p.gone)
		p.gone = slices.Compact(p.gone)
		p.replace = slices.DeleteFunc(p.replace, func(s supervisor.Service) bool { return slices.Contains(p.gone, s.Name) })
	}
	return p
}

// names lists all services that there are but CMD.
func (c *Container) names() []string {
	names := c.live.names()
	for name := range c.definitions { // without a directory for state the first are none
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// check holds all services as they would be against each other. What reads the output of
// others is taken for what they require, so that no pipe is made.
func (p *change) check(services []supervisor.Service) error {
	services = slices.DeleteFunc(services, func(s supervisor.Service) bool {
		return slices.Contains(p.gone, s.Name) || slices.ContainsFunc(p.replace, func(r supervisor.Service) bool { return r.Name == s.Name })
	})
	services = slices.Concat(services, p.replace, p.add)
	for i := range services {
		s := &services[i]
		s.After = slices.DeleteFunc(slices.Clone(s.After), func(name string) bool { return slices.Contains(p.gone, name) })
		if s.LogTo != "" {
			s.Requires = append(slices.Clip(s.Requires), s.LogTo)
			s.LogTo = ""
		}
	}
	_, err := supervisor.New(supervisor.Config{Services: services})
	return err
}

// apply changes what is to be changed. What is gone is removed first, but what others require
// still, which may cease to with their new definitions.
func (c *Container) apply(sup *supervisor.Supervisor, p change, f *found) (done api.Reloaded, err error) {
	var errs []error
	later := p.required(sup.Services())
	done.Removed, err = c.remove(sup, p.gone)
	errs = append(errs, err)
	if done.Added, err = c.add(sup, p.add, f); err != nil {
		errs = append(errs, err)
	}
	if done.Replaced, err = c.replace(sup, p.replace, f); err != nil {
		errs = append(errs, err)
	}
	if len(later) > 0 {
		c.settleDown(sup, done.Replaced)
		removed, err := c.remove(sup, later)
		done.Removed, errs = append(done.Removed, removed...), append(errs, err)
	}
	return done, errors.Join(errs...)
}

// required takes those out of gone that services which stay require now, and gives them.
func (p *change) required(services []supervisor.Service) (later []string) {
	for size := -1; size != len(later); {
		size = len(later)
		for i := range services {
			s := &services[i]
			if slices.Contains(p.gone, s.Name) {
				continue
			}
			p.gone = slices.DeleteFunc(p.gone, func(name string) bool {
				needed := s.LogTo == name || slices.Contains(s.Requires, name)
				if needed {
					later = append(later, name)
				}
				return needed
			})
		}
	}
	return later
}

// add adds services, all or none.
func (c *Container) add(sup *supervisor.Supervisor, services []supervisor.Service, f *found) ([]string, error) {
	if len(services) == 0 {
		return nil, nil
	}
	read := slices.Clone(services)
	c.warn(c.live.adopt(services, liveLegacy))
	f.place(services, read)
	if err := sup.Add(services...); err != nil {
		for i := range services {
			c.live.drop(services[i].Name)
		}
		return nil, err
	}
	return c.remember(services, f), nil
}

// replace gives services new definitions, all or none.
func (c *Container) replace(sup *supervisor.Supervisor, services []supervisor.Service, f *found) ([]string, error) {
	if len(services) == 0 {
		return nil, nil
	}
	read := slices.Clone(services)
	for i := range services {
		c.warn(c.live.renew(&services[i]))
	}
	f.place(services, read)
	if err := sup.Replace(services...); err != nil {
		return nil, err
	}
	return c.remember(services, f), nil
}

// remember notes how services were defined, and gives their names.
func (c *Container) remember(services []supervisor.Service, f *found) (names []string) {
	for i := range services {
		name := services[i].Name
		c.definitions[name] = f.stamps[name]
		c.schedules.set(name, f.files[name])
		names = append(names, name)
	}
	return names
}

// remove removes services whose directory, or link in the scan directory, is gone, or that
// are skipped now.
func (c *Container) remove(sup *supervisor.Supervisor, gone []string) (removed []string, err error) {
	for _, name := range gone {
		c.schedules.set(name, nil)
	}
	err = c.removeAll(sup, gone)
	skipped := c.Skipped()
	for _, name := range gone {
		if _, serr := sup.Status(name); errors.Is(serr, supervisor.ErrUnknown) {
			c.live.drop(name)
			delete(c.definitions, name)
			if c.cfg.Rings != nil {
				c.cfg.Rings.Drop(name)
			}
			removed = append(removed, name)
			if !slices.ContainsFunc(skipped, func(s Skipped) bool { return s.Name == name }) {
				c.live.taken = append(c.live.taken, name)
			}
		}
	}
	return removed, err
}

// removeAll removes services, those that others of them require last.
func (c *Container) removeAll(sup *supervisor.Supervisor, names []string) error {
	for len(names) > 0 {
		var kept []string
		var errs []error
		for _, name := range names {
			if err := sup.Remove(c.requests[0], name); err != nil && !errors.Is(err, supervisor.ErrUnknown) {
				kept, errs = append(kept, name), append(errs, err)
			}
		}
		if len(kept) == len(names) {
			return errors.Join(errs...)
		}
		names = kept
	}
	return nil
}

// settleLimit bounds the wait for the old runs of what was replaced.
const settleLimit = 10 * time.Second

// settleDown waits until the old runs of services have ended: they may need what is gone.
func (c *Container) settleDown(sup *supervisor.Supervisor, names []string) {
	limit, cancel := context.WithTimeout(c.requests[0], settleLimit)
	defer cancel()
	for _, name := range names {
		_, _ = sup.Wait(limit, name, func(st supervisor.Status) bool {
			return st.State != supervisor.StateStopping && st.State != supervisor.StateEnding
		})
	}
}

// readServices reads the services of services.d, and those of the scan directory that scripts
// have put there: all of them with replace, else the new ones.
func (c *Container) readServices(what int) (found, error) {
	var f found
	defaults := c.serviceDefaults()
	defaults.Found = f.hear
	known := c.live.names()
	defaults.Known = known
	services, notes, err := s6.Services(c.etc("services.d"), defaults)
	f.services = services
	if err != nil {
		c.tell(notes)
		return f, err
	}
	ours := c.live.linked()
	if what&replace == 0 {
		ours = known
	}
	for i := range services {
		ours = append(ours, services[i].Name)
	}
	if dir := c.live.scanDir(); dir != "" {
		defaults.Known = append(slices.Clip(ours), known...)
		defaults.Skip = func(name string) bool { return slices.Contains(ours, name) }
		dropped, more, derr := s6.Services(dir, defaults)
		f.services, notes, err = append(f.services, dropped...), append(notes, more...), derr
	}
	c.tell(notes)
	return f, err
}

// place sets where services run that are not to run in their directory. read are the same
// services, in the directories that they come from.
func (f *found) place(services, read []supervisor.Service) {
	for i := range services {
		if file := f.files[services[i].Name]; file != nil && file.Workdir != "" {
			services[i].Dir = servicefile.Path(read[i].Dir, file.Workdir)
		}
	}
}
