//go:build linux

package boot

import (
	"time"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/supervisor"
)

// Supervisor is the one that runs the services, or did; nil before there is one.
func (c *Container) Supervisor() *supervisor.Supervisor { return c.serving.Load() }

// BootTook is how long the boot took; 0 until it is over.
func (c *Container) BootTook() time.Duration {
	c.record.mu.Lock()
	defer c.record.mu.Unlock()
	return c.record.ended
}

// Healthy tells what GET /v1/healthy does.
func (c *Container) Healthy() api.Healthy {
	h, err := operator{c}.Healthy(nil)
	if err != nil {
		h.Reasons = append(h.Reasons, err.Error())
	}
	return h
}
