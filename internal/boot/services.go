//go:build linux

package boot

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/supervisor"
)

var errNotRun = errors.New("was not run")

const (
	// stopLimit is the whole stop's by default: the engines kill after 10 s.
	stopLimit = 9 * time.Second
	// stopReserve is what of it is kept for cont-finish.d and the leftovers.
	stopReserve = 2 * time.Second
)

// limit is how long the whole stop may take: longer than usual if somebody gave
// a part of it more.
func (c *Container) limit() time.Duration {
	s := c.cfg.Settings
	return max(stopLimit, s.KillGracetime+s.ServicesGracetime+stopReserve)
}

// remaining is what is left of the time for the stop.
func (c *Container) remaining() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limit() - time.Since(c.stopAt)
}

func (c *Container) serviceDefaults() s6.Defaults {
	return s6.Defaults{StopTimeout: nonzero(c.cfg.Settings.ServicesGracetime), PatientStop: true}
}

// supervision is the configuration of the container's supervisor.
func (c *Container) supervision(services []supervisor.Service) supervisor.Config {
	cfg := c.printing()
	cfg.Services, cfg.Env = services, c.serviceEnviron
	cfg.StopTimeout = c.limit() - stopReserve
	cfg.OnEvent, cfg.OnChange = c.observe, c.live.note
	return cfg
}

// serviceEnviron is the environment of a service that is started now. What scripts can see
// of the services, their own among them, is true by then.
func (c *Container) serviceEnviron() []string {
	c.live.flush()
	return c.run.environ()
}

// observe logs what happens to the services. Of CMD only what its caller cannot
// see is told, and its exit code is written where finish scripts look for it.
func (c *Container) observe(e supervisor.Event) {
	c.record.observe(e)
	c.events.add(happened(e))
	if e.Service != commandName {
		e.Log(c.cfg.Logger)
		c.bringUp.watch(c, e)
		return
	}
	if e.Kind == supervisor.Started || e.Kind == supervisor.Exited {
		c.isUp()
	}
	if e.Kind == supervisor.Exited {
		c.warn(c.run.results.Record(e.Exit.Code))
	}
	switch {
	case e.Kind == supervisor.Exited && e.Exit.Err != nil:
		c.cfg.Logger.Error(e.String())
	case e.Kind == supervisor.Exited && e.Exit.Signal != 0 && !e.Asked, e.Kind == supervisor.Late, e.Kind == supervisor.Trouble:
		c.cfg.Logger.Warn(e.String())
	default:
		c.cfg.Logger.Debug(e.String())
	}
}

// words are those of CMD.
func (c *Container) words() []string { return slices.Concat(c.cfg.Settings.CmdArg0, c.cfg.Command) }

// command is CMD as a service, or nil.
func (c *Container) command() *supervisor.Service {
	argv := c.words()
	if len(argv) == 0 {
		return nil
	}
	command := &supervisor.Service{
		Name: commandName, Command: argv, Main: true, Stdin: os.Stdin,
		StopTimeout: nonzero(c.cfg.Settings.KillGracetime),
		Output:      supervisor.OutputRaw,
	}
	if isTerminal(os.Stdin) {
		c.giveUpTerminal()
		command.Terminal = true
	} else {
		command.Output = c.commandOutput()
	}
	return command
}

// What reload does.
const (
	rescan = 1 << iota // add what is new
	prune              // remove what is gone
	afresh             // add what scripts have taken out of the scan directory, too
)

// reload reads services.d and the scan directory again, where scripts may have put more
// services. Those that are there and known are left alone.
func (c *Container) reload(why string, what int) {
	c.reloading.Lock()
	defer c.reloading.Unlock()
	c.mu.Lock()
	sup := c.sup
	c.mu.Unlock()
	if sup == nil {
		c.cfg.Logger.Debug(why + ": there are no services yet")
		return
	}
	if what&afresh != 0 {
		c.live.taken = nil
	}
	services, err := c.newServices()
	if err != nil {
		c.warn(fmt.Errorf("%s: nothing is changed: %w", why, err))
		return
	}
	removed, added := 0, 0
	if what&prune != 0 {
		removed, err = c.prune(sup)
		c.warn(err)
	}
	if what&rescan != 0 {
		added, err = c.add(sup, services)
		c.warn(err)
	}
	c.cfg.Logger.Info(fmt.Sprintf("%s: services were read again: %d added, %d removed", why, added, removed))
}

// prune removes services whose directory, or link in the scan directory, is gone.
func (c *Container) prune(sup *supervisor.Supervisor) (removed int, err error) {
	gone := c.live.gone()
	removed, err = c.removeAll(sup, gone)
	for _, name := range gone {
		if _, serr := sup.Status(name); errors.Is(serr, supervisor.ErrUnknown) {
			c.live.drop(name)
			c.live.taken = append(c.live.taken, name)
		}
	}
	return removed, err
}

// add adds services, all or none.
func (c *Container) add(sup *supervisor.Supervisor, services []supervisor.Service) (added int, err error) {
	c.warn(c.live.adopt(services, liveLegacy))
	if err := sup.Add(services...); err != nil {
		for i := range services {
			c.live.drop(services[i].Name)
		}
		return 0, err
	}
	return len(services), nil
}

// newServices reads the services of services.d, and of the scan directory, that are not
// known yet.
func (c *Container) newServices() ([]supervisor.Service, error) {
	defaults := c.serviceDefaults()
	known := c.live.names()
	defaults.Known = known
	services, notes, err := s6.Services(c.etc("services.d"), defaults)
	if err != nil {
		c.tell(notes)
		return nil, err
	}
	services = slices.DeleteFunc(services, func(s supervisor.Service) bool {
		return slices.Contains(known, s.Name) || slices.Contains(c.live.taken, s.Name)
	})
	for i := range services {
		defaults.Known = append(defaults.Known, services[i].Name)
	}
	if dir := c.live.scanDir(); dir != "" {
		defaults.Skip = func(name string) bool { return slices.Contains(defaults.Known, name) }
		dropped, more, derr := s6.Services(dir, defaults)
		services, notes, err = append(services, dropped...), append(notes, more...), derr
	}
	c.tell(notes)
	return services, err
}

// removeAll removes services, those that others of them require last.
func (c *Container) removeAll(sup *supervisor.Supervisor, names []string) (removed int, err error) {
	for len(names) > 0 {
		var kept []string
		var errs []error
		for _, name := range names {
			if err := sup.Remove(c.requests[0], name); err != nil {
				kept, errs = append(kept, name), append(errs, err)
			}
		}
		removed += len(names) - len(kept)
		if len(kept) == len(names) {
			return removed, errors.Join(errs...)
		}
		names = kept
	}
	return removed, nil
}
