package boot

import (
	"context"
	"iter"

	"github.com/sillelien/baseinit/internal/control/api"
)

// EventLog is the container's memory of events.
type EventLog struct{ o operator }

// NewEventLog makes one that is empty.
func NewEventLog() EventLog { return EventLog{operator{&Container{}}} }

// Add adds an event.
func (l EventLog) Add(e api.Event) { l.o.events.add(e) }

// Events gives them.
func (l EventLog) Events(ctx context.Context, follow bool) iter.Seq[api.Event] {
	return l.o.Events(ctx, follow)
}
