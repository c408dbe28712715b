//go:build linux

package boot

import (
	"errors"
	"fmt"
	"os"
	"strings"
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
	return s6.Defaults{StopTimeout: nonzero(c.cfg.Settings.ServicesGracetime)}
}

// supervision is the configuration of the container's supervisor.
func (c *Container) supervision(services []supervisor.Service) supervisor.Config {
	return supervisor.Config{
		Services: services, Env: c.run.environ,
		Output: c.cfg.Output, Stdout: c.cfg.Stdout, Stderr: c.cfg.Stderr,
		StopTimeout: c.limit() - stopReserve,
		OnEvent:     c.observe,
	}
}

// observe logs what happens to the services. Of CMD only what its caller cannot
// see is told, and its exit code is written where finish scripts look for it.
func (c *Container) observe(e supervisor.Event) {
	if e.Service != commandName {
		e.Log(c.cfg.Logger)
		return
	}
	c.isUp()
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

// command is CMD as a service, or nil.
func (c *Container) command() *supervisor.Service {
	argv := append(append([]string(nil), c.cfg.Settings.CmdArg0...), c.cfg.Command...)
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
	} else if c.cfg.Output == supervisor.OutputJSON {
		command.Output = supervisor.OutputJSON
	}
	return command
}

// reload reads services.d again: new services are added, and those that are
// gone are stopped and removed. The others are left alone.
func (c *Container) reload() {
	c.mu.Lock()
	sup := c.sup
	c.mu.Unlock()
	if sup == nil {
		c.cfg.Logger.Debug("SIGHUP: there are no services yet")
		return
	}
	services, notes, err := s6.Services(c.etc("services.d"), c.serviceDefaults())
	c.tell(notes)
	if err != nil {
		c.warn(fmt.Errorf("SIGHUP: nothing is changed: %w", err))
		return
	}
	added, removed, err := c.apply(sup, services)
	c.warn(err)
	c.cfg.Logger.Info(fmt.Sprintf("SIGHUP: services.d was read again: %d added, %d removed", added, removed))
}

// apply makes the supervisor's services those that are given.
func (c *Container) apply(sup *supervisor.Supervisor, services []supervisor.Service) (added, removed int, err error) {
	status, err := sup.Status()
	if err != nil {
		return 0, 0, err
	}
	wanted, present := map[string]bool{commandName: true}, map[string]bool{}
	for _, service := range services {
		wanted[service.Name] = true
	}
	var gone []string
	for _, st := range status {
		present[st.Name] = true
		if !wanted[st.Name] {
			gone = append(gone, st.Name)
		}
	}
	removed, err = c.removeAll(sup, gone)
	var fresh []supervisor.Service
	for _, service := range services {
		if !present[service.Name] {
			fresh = append(fresh, service)
		}
	}
	if addErr := sup.Add(fresh...); addErr != nil {
		return 0, removed, errors.Join(err, addErr)
	}
	return len(fresh), removed, err
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

// unready lists the services that are not ready, and why.
func unready(sup *supervisor.Supervisor) string {
	all, err := sup.Status()
	if err != nil {
		return err.Error()
	}
	var names []string
	for _, st := range all {
		if st.Wanted && st.State != supervisor.StateReady && st.State != supervisor.StateDone {
			names = append(names, fmt.Sprintf("%s (%s)", st.Name, st.State))
		}
	}
	return strings.Join(names, ", ")
}
