package reaper

import (
	"maps"
	"sync"
	"syscall"
)

// Stats counts the orphans that a Reaper has reaped.
type Stats struct {
	// Reaped is the number of all; it is the sum of the others.
	Reaped uint64
	// Exited counts those that exited, by exit code.
	Exited map[int]uint64
	// Killed counts those that a signal killed, by signal.
	Killed map[syscall.Signal]uint64
}

// Stats returns the counts of one moment. The maps are the caller's.
func (r *Reaper) Stats() Stats {
	r.tally.mu.Lock()
	defer r.tally.mu.Unlock()
	s := r.tally.Stats
	s.Exited, s.Killed = maps.Clone(s.Exited), maps.Clone(s.Killed)
	return s
}

// tally is Stats as it grows.
type tally struct {
	mu sync.Mutex
	Stats
}

func (t *tally) add(status syscall.WaitStatus) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Exited == nil {
		t.Exited, t.Killed = map[int]uint64{}, map[syscall.Signal]uint64{}
	}
	t.Reaped++
	if status.Signaled() {
		t.Killed[status.Signal()]++
	} else {
		t.Exited[status.ExitStatus()]++
	}
}
