package boot

import (
	"time"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/supervisor"
)

// Record is the record of a boot that began when it says.
type Record struct{ *record }

// NewRecord gives one.
func NewRecord(began time.Time, onStage func(string, time.Time)) Record {
	return Record{newRecord(began, onStage)}
}

func (r Record) Enter(stage string)                       { r.enter(stage) }
func (r Record) Stage() string                            { return r.stage }
func (r Record) Script(name string) func(supervisor.Exit) { return r.script(name) }
func (r Record) Expect(services ...supervisor.Service)    { r.expect(services) }
func (r Record) Observe(e supervisor.Event)               { r.observe(e) }
func (r Record) Timeline() api.Timeline                   { return r.timeline() }
func (r Record) Spans() int                               { return len(r.spans) }
