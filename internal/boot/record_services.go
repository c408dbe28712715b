//go:build linux

package boot

import (
	"time"

	"github.com/sillelien/baseinit/supervisor"
)

// observe notes what happens to a service.
func (r *record) observe(e supervisor.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed != 0 {
		return
	}
	at := e.Time.Sub(r.began)
	if at > recordLimit {
		r.closed = at
		return
	}
	i, known := r.services[e.Service]
	if !known {
		i = r.add(span{kind: kindService, name: e.Service, plain: true})
		r.services[e.Service] = i
	}
	if i < 0 {
		return
	}
	s := &r.spans[i]
	if !s.wanted {
		s.start, s.wanted = at, true
	}
	s.note(e, at)
	if s.settles(e) && s.settled == 0 {
		s.settled = at
		if s.first {
			r.expected--
			r.conclude(at)
		}
	}
}

// note notes when the service ran, was ready, and ended.
func (s *span) note(e supervisor.Event, at time.Duration) {
	switch e.Kind {
	case supervisor.Started:
		s.began(at)
		if s.plain {
			s.ready = at
		}
	case supervisor.Ready:
		s.ready = at
	case supervisor.Exited:
		if !s.runs { // it could not be started
			s.began(at - e.Delay)
		}
		s.runs, s.end, s.failed = false, at, ""
		if !e.Exit.Success() {
			s.failed = e.Exit.String()
		}
	case supervisor.Completed:
		s.ready = s.end
	case supervisor.GaveUp:
		s.failed = e.Text
	case supervisor.Blocked:
		s.failed = "requires " + e.Text
	}
}

// began notes the start of a run, the one before it now being an earlier one.
func (s *span) began(at time.Duration) {
	if s.released == 0 {
		s.released = at
	}
	if s.tries++; s.tries > 1 && len(s.earlier) < earlierLimit {
		text := s.failed
		if text == "" {
			text = "ended"
		}
		s.earlier = append(s.earlier, apiRun(s.run, s.end, text))
	}
	s.run, s.ready, s.end, s.failed, s.runs = at, 0, 0, "", true
}

// settles tells whether nobody need wait for the service after the event.
func (s *span) settles(e supervisor.Event) bool {
	switch e.Kind {
	case supervisor.Ready, supervisor.Completed, supervisor.GaveUp, supervisor.Blocked, supervisor.Stopped:
		return true
	}
	return e.Kind == supervisor.Started && s.plain || e.Kind == supervisor.Exited && s.name == commandName
}
