//go:build linux

package boot

import (
	"errors"
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
	return s6.Defaults{
		StopTimeout: nonzero(c.cfg.Settings.ServicesGracetime), PatientStop: true,
		Output: c.cfg.Output, Environ: c.run.environ,
	}
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
	c.schedules.observe(e)
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
