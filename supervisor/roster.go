package supervisor

import (
	"sync"
	"time"
)

// remembered is how long a process that is gone still stands for its service: what it
// said last may be looked into only now. Its number is not given anew so soon.
const remembered = 10 * time.Second

// roster knows which service each process was started for. Unlike all else that is
// known of services it may be asked from any goroutine at any time.
type roster struct {
	mu       sync.Mutex
	of       map[int]member
	gone     []int         // pids of those that have left, in that order
	starting int           // processes that may run already and are not known yet
	settled  chan struct{} // closed when there are none of these any more
}

// startsWithin bounds the wait for processes that are being started: execve(2) can hang.
const startsWithin = 20 * time.Millisecond

type member struct {
	service string
	left    time.Time // zero: it has not
}

// begin notes that a process is being started, until end is called.
func (r *roster) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.starting == 0 {
		r.settled = make(chan struct{})
	}
	r.starting++
}

func (r *roster) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.starting--; r.starting == 0 {
		close(r.settled)
		r.settled = nil
	}
}

// add notes a process, and gives what notes its end.
func (r *roster) add(pid int, service string) (leave func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[int]member{}
	}
	r.of[pid] = member{service: service}
	return func() { r.leave(pid) }
}

func (r *roster) leave(pid int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	m := r.of[pid]
	m.left = now
	r.of[pid] = m
	r.gone = append(r.gone, pid)
	r.forget(now)
}

// forget drops those that left long ago. A pid may have been given to another
// process of ours since: then that one decides.
func (r *roster) forget(now time.Time) {
	for len(r.gone) > 0 {
		pid := r.gone[0]
		m, known := r.of[pid]
		if known && !m.left.IsZero() {
			if now.Sub(m.left) < remembered {
				return
			}
			delete(r.of, pid)
		}
		r.gone = r.gone[1:]
	}
}

// serviceOf waits for processes that are being started, as a process may be heard of
// before the one who starts it knows its number.
func (r *roster) serviceOf(pid int) string {
	name, settled := r.look(pid)
	if name != "" || settled == nil {
		return name
	}
	limit := time.NewTimer(startsWithin)
	defer limit.Stop()
	select {
	case <-settled:
	case <-limit.C:
	}
	name, _ = r.look(pid)
	return name
}

// look is serviceOf now, and what to wait for; nil: for nothing.
func (r *roster) look(pid int) (name string, settled <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.of[pid]
	if !m.left.IsZero() && time.Since(m.left) > remembered {
		return "", r.settled
	}
	return m.service, r.settled
}

// ServiceOf names the service that a process was started for, as its run or finish
// program, and for 10 s after it has ended; "" for any other. Descendants are not
// known: ask for the leader of their process group (getpgid(2)), or session, or
// for their ancestors. It may be called at any time, and waits for processes that are just
// being started, 20 ms at most.
func (s *Supervisor) ServiceOf(pid int) string { return s.roster.serviceOf(pid) }
