package reaper

import (
	"time"

	"golang.org/x/sys/unix"
)

// scan finds orphans among the children.
type scan struct {
	r    *Reaper
	list childList
	seen map[int]sighting
	top  int // see probe
}

// sighting is when a zombie was seen first, and which process with its ID it is.
type sighting struct {
	since time.Time
	birth string
}

// reapMainThread is the pass of mode MainThread, on that thread: __WNOTHREAD in
// wait4(2). The kernel walks along all living children until it meets a dead
// one, so only the first is reaped that way if there is a list: with 10,000
// that live, 20,000 double forks took 21 s without it, 5 with it.
func (s *scan) reapMainThread() time.Duration {
	if !s.r.reap(-1, unix.WNOTHREAD) {
		return 0
	}
	if pids, err := s.list.read(); err == nil {
		return s.reapAll(pids, true)
	}
	for s.r.reap(-1, unix.WNOTHREAD) {
	}
	return nap
}

// reap is the pass of modes Children and Unclaimed. It looks at each child only
// if any child is a zombie, which most often os/exec has reaped by now.
func (s *scan) reap() time.Duration {
	zombie, _ := peek()
	if zombie == 0 {
		clear(s.seen)
		return 0
	}
	pids := s.candidates(zombie)
	if s.r.Mode() == Children {
		return s.reapAll(pids, false)
	}
	return s.reapUnclaimed(pids)
}

// candidates returns the children that may be orphans: the main thread's, or
// without a list of these all zombies.
func (s *scan) candidates(zombie int) []int {
	pids, err := s.list.read()
	if err == nil {
		return pids
	}
	if s.list != "" {
		s.list = ""
		s.r.enter(Unclaimed, err)
	}
	return s.probe(zombie)
}

func (s *scan) reapAll(pids []int, found bool) time.Duration {
	for _, pid := range pids {
		if s.r.reap(pid, 0) {
			found = true
		}
	}
	if found {
		return nap
	}
	return 0
}

// reapUnclaimed reaps the zombies that it has known for the time of grace. It
// comes again while it knows some.
func (s *scan) reapUnclaimed(pids []int) time.Duration {
	now, known := time.Now(), map[int]sighting{}
	for _, pid := range pids {
		if !isZombie(pid) {
			continue
		}
		seen, ok := s.seen[pid]
		if ok && now.Sub(seen.since) < s.r.grace {
			known[pid] = seen
			continue
		}
		if born := birth(pid); !ok || seen.birth != born { // the ID may be in use again
			known[pid] = sighting{now, born}
			continue
		}
		s.r.reap(pid, 0)
	}
	s.seen = known
	if len(known) == 0 {
		return 0
	}
	return s.r.grace / 4
}

// probe finds zombies by trying every process ID up to twice the highest that
// has been met, for IDs are given in ascending order; 32,768 take 10 ms. One that
// lies higher is met at last, as the only zombie.
func (s *scan) probe(zombie int) (pids []int) {
	const lowest = 1 << 15 // the default of kernel.pid_max, proc_sys_kernel(5)
	s.top = max(s.top, lowest, 2*zombie)
	for pid := 1; pid <= s.top; pid++ {
		if isZombie(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}
