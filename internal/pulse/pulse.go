// Package pulse tells whether a Supervisor still answers, without waiting for one that does
// not.
package pulse

import (
	"sync"
	"time"

	"github.com/sillelien/baseinit/supervisor"
)

// Limit is how long an answer may take. The supervisor's own goroutine never waits for
// anything, so that it takes microseconds unless the machine is overwhelmed.
const Limit = time.Second

// Pulse asks Supervisors. The zero value is ready for use.
type Pulse struct {
	mu      sync.Mutex
	pending chan struct{} // closed by the answer that is waited for; nil if there is none
}

// Beats tells whether a Supervisor answers within limit: it runs and is not stuck, or has
// ended. However often it is called, at most one goroutine waits on for an answer
// that does not come.
func (p *Pulse) Beats(s *supervisor.Supervisor, limit time.Duration) bool {
	answered := p.ask(s)
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-answered:
		return true
	case <-timer.C:
		return false
	}
}

func (p *Pulse) ask(s *supervisor.Supervisor) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pending == nil {
		answered := make(chan struct{})
		p.pending = answered
		go func() {
			_, _ = s.Status("") // nobody is called that: this is the cheapest question
			p.mu.Lock()
			defer p.mu.Unlock()
			p.pending = nil
			close(answered)
		}()
	}
	return p.pending
}
