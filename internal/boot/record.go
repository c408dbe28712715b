//go:build linux

package boot

import (
	"slices"
	"sync"
	"time"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/supervisor"
)

// record is what is noted of the boot: which stage it is in, and when each stage, script
// and service began and ended. Nothing is added once the boot is over and its first services
// are ready or will not be, nor after recordLimit.
type record struct {
	began   time.Time
	onStage func(stage string, at time.Time)

	mu       sync.Mutex
	stage    string
	spans    []span
	services map[string]int // where the span of each is
	expected int            // first services that are not settled
	command  bool           // there is a CMD
	ended    time.Duration  // when the boot was over
	closed   time.Duration  // when recording was
	dropped  int
}

const (
	recordLimit  = 5 * time.Minute
	spanLimit    = 4096
	earlierLimit = 8 // runs of one service
)

// The kinds of spans.
const (
	kindStage   = "stage"
	kindScript  = "script"
	kindService = "service"
)

// span is an api.Span in the making. Times are those since began, 0: not yet.
type span struct {
	kind, name      string
	start, run, end time.Duration
	ready           time.Duration // of the present run
	released        time.Duration // when it first waited for nobody any more
	settled         time.Duration // when it first was ready, or it was clear that it will not be
	wanted, first   bool          // somebody wants it up; with the supervisor
	plain           bool          // is ready when it runs
	runs            bool          // has a process
	tries           int
	requires, after []string
	earlier         []api.Run
	failed          string
	critical        bool
}

func newRecord(began time.Time, onStage func(string, time.Time)) *record {
	if began.IsZero() {
		began = time.Now()
	}
	return &record{began: began, onStage: onStage, spans: make([]span, 0, 16)}
}

// stageOrder tells how far in a container's life a stage is.
func stageOrder(stage string) int {
	for i, name := range [...]string{
		api.StagePrepare, api.StageDNS, api.StageHook, api.StageBase, api.StageAttrs, api.StageInit,
		api.StageRC, api.StageUp, api.StageStop, api.StageFinish,
	} {
		if name == stage {
			return i + 1
		}
	}
	return 0
}

// enter notes that the container is in a stage, unless it is in a later one: a stop may
// have come in the middle.
func (r *record) enter(stage string) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if stageOrder(stage) <= stageOrder(r.stage) {
		return
	}
	r.stage = stage
	if r.onStage != nil {
		r.onStage(stage, now)
	}
	switch at := now.Sub(r.began); {
	case r.closed != 0:
	case stage == api.StagePrepare:
		r.add(span{kind: kindStage, name: stage}) // what was before it is a part of it
	case stage == api.StageUp:
		r.conclude(at)
	case stage == api.StageStop:
		r.closeStage(at)
		r.closed = at
	default:
		r.closeStage(at)
		r.add(span{kind: kindStage, name: stage, start: at})
	}
}

// closeStage ends the present stage's span.
func (r *record) closeStage(at time.Duration) {
	for i := len(r.spans) - 1; i >= 0; i-- {
		if s := &r.spans[i]; s.kind == kindStage {
			if s.end == 0 {
				s.end = at
			}
			return
		}
	}
}

// add adds a span and tells where it is; -1: there is no room.
func (r *record) add(s span) int {
	if len(r.spans) >= spanLimit {
		r.dropped++
		return -1
	}
	r.spans = append(r.spans, s)
	return len(r.spans) - 1
}

// script notes that a script is run, and gives what notes its end.
func (r *record) script(name string) (done func(supervisor.Exit)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := time.Since(r.began)
	i := -1
	if r.closed == 0 {
		i = r.add(span{kind: kindScript, name: name, start: at, run: at})
	}
	return func(exit supervisor.Exit) { r.scriptEnded(i, exit) }
}

func (r *record) scriptEnded(i int, exit supervisor.Exit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i < 0 || r.closed != 0 {
		return
	}
	s := &r.spans[i]
	s.end = time.Since(r.began)
	if exit.Success() {
		s.ready = s.end
	} else {
		s.failed = exit.String()
	}
}

// expect notes the services that the supervisor will have.
func (r *record) expect(services []supervisor.Service) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed != 0 {
		return
	}
	at := time.Since(r.began)
	r.services = make(map[string]int, len(services))
	r.spans = slices.Grow(r.spans, min(len(services), spanLimit-len(r.spans)))
	for i := range services {
		v := &services[i]
		s := span{
			kind: kindService, name: v.Name, start: at, wanted: !v.Down, first: !v.Down,
			plain:    !v.Oneshot && v.Readiness.FD == 0 && !v.Readiness.Notify && v.Readiness.Probe == nil && v.Readiness.Line == nil,
			requires: v.Requires, after: v.After,
		}
		if v.LogTo != "" {
			s.requires = append(slices.Clip(s.requires), v.LogTo)
		}
		r.command = r.command || v.Name == commandName
		r.services[v.Name] = r.add(s)
		if s.first && r.services[v.Name] >= 0 {
			r.expected++
		}
	}
}

// conclude ends the boot if it is over, and the recording if there is nothing to come.
func (r *record) conclude(at time.Duration) {
	if stageOrder(r.stage) < stageOrder(api.StageUp) {
		return
	}
	if r.ended == 0 && (r.command || r.expected == 0) {
		r.ended = at
		r.closeStage(at)
	}
	if r.expected == 0 {
		r.closed = at
	}
}
