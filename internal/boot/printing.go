//go:build linux

package boot

import (
	"github.com/sillelien/baseinit/internal/logring"
	"github.com/sillelien/baseinit/supervisor"
)

// printing is what each of the container's supervisors is told about output.
func (c *Container) printing() supervisor.Config {
	cfg := supervisor.Config{
		Output: c.cfg.Output, Stdout: c.cfg.Stdout, Stderr: c.cfg.Stderr,
		Prefix: c.cfg.Prefix, JoinLines: c.cfg.JoinLines,
	}
	if c.cfg.Rings != nil {
		cfg.OnLine = c.cfg.Rings.Add
	}
	return cfg
}

// commandOutput is what becomes of CMD's output, if it has no terminal. In OutputText it is
// what has no prefix, byte for byte.
func (c *Container) commandOutput() supervisor.Output {
	if c.cfg.Output == supervisor.OutputText {
		return supervisor.OutputRaw
	}
	return c.cfg.Output
}

// Rings are the last lines of services and scripts; nil if nothing is kept. A service whose
// output is not captured (supervisor.Service.Captured) has none there but those that it
// sends to syslog.
func (c *Container) Rings() *logring.Rings { return c.cfg.Rings }
