package metrics

import (
	"time"

	"github.com/sillelien/baseinit/dnsfix"
	"github.com/sillelien/baseinit/internal/pulse"
	"github.com/sillelien/baseinit/reaper"
	"github.com/sillelien/baseinit/supervisor"
	"github.com/sillelien/baseinit/syslog"
	"github.com/sillelien/baseinit/syslog/forward"
)

// Sources are where values come from. What is nil has no metrics. All are called by
// whoever calls Collect or Write, once each time, and must not wait.
type Sources struct {
	// Build is the program.
	Build func() Build
	// Container is the container's life.
	Container func() Container
	// Services are all services: see ServicesOf.
	Services func() []Service
	// Reaper, Syslog, Forward and DNS are the Stats methods of these parts.
	Reaper  func() reaper.Stats
	Syslog  func() syslog.Stats
	Forward func() forward.Stats
	DNS     func() dnsfix.Stats
	// Log is what is written to stdout and stderr.
	Log func() []Stream
	// Process is this process: ReadProcess. Not for who has a registry of client_golang,
	// which has a collector for the same metrics.
	Process func() Process
}

// Build is the program.
type Build struct {
	Version   string
	GoVersion string
}

// Container is the container's life.
type Container struct {
	Stage string        // that it is in: see docs/api.md
	Boot  time.Duration // how long its boot took; 0: it is not over
	Ready bool          // as /readyz says
}

// Service is what is known of one service.
type Service struct {
	supervisor.Status
	Oneshot bool
}

// Stream is what became of the lines of one stream.
type Stream struct {
	Name  string // stdout or stderr
	Lines uint64 // written
	Bytes uint64 // of these lines
	// Dropped: for want of room, or as they could not be written. Waiting: neither yet.
	Dropped, Waiting uint64
}

// ServicesOf makes a source of a Supervisor. One that does not answer within a second, as it
// does not run yet, has no services.
func ServicesOf(s *supervisor.Supervisor) func() []Service {
	var p pulse.Pulse
	return func() []Service {
		if !p.Beats(s, pulse.Limit) {
			return nil
		}
		return ServicesNow(s)
	}
}

// ServicesNow are the services of a Supervisor. It waits for it to run.
func ServicesNow(s *supervisor.Supervisor) (all []Service) {
	oneshots := map[string]bool{}
	for _, def := range s.Services() {
		oneshots[def.Name] = def.Oneshot
	}
	status, _ := s.Status()
	for _, st := range status {
		all = append(all, Service{Status: st, Oneshot: oneshots[st.Name]})
	}
	return all
}
