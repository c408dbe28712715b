package boot

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/sillelien/baseinit/internal/servicefile"
	"github.com/sillelien/baseinit/supervisor"
)

// Unmet says why a service is skipped.
func Unmet(file *servicefile.Service, dir string, env []string) string { return unmet(file, dir, env) }

// Schedules are those of a container without one.
type Schedules struct{ *schedules }

// Runner is what schedules start services with.
type Runner = runner

// NewSchedules gives schedules of nothing.
func NewSchedules() Schedules { return Schedules{newSchedules(zap.NewNop())} }

// Set schedules a service.
func (s Schedules) Set(name string, file *servicefile.Service) { s.set(name, file) }

// Begin starts services until the function that it gives is called.
func (s Schedules) Begin(ctx context.Context, r Runner) (end func()) { return s.begin(ctx, r) }

// Observe tells of an event.
func (s Schedules) Observe(e supervisor.Event) { s.observe(e) }

// Due tells whether a service is due at a time, and when it will be next.
func (s Schedules) Due(name string, now time.Time) (due bool, next time.Time) {
	due, _, _ = s.isDue(name, now)
	return due, s.entries[name].next
}
