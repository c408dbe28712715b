package supervisor

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Event is one thing that happened to a service. Fields that the kind does not
// name are zero.
type Event struct {
	Time    time.Time
	Service string
	Kind    EventKind
	PID     int           // Started, Exited
	Exit    Exit          // Exited, Finished, GaveUp
	Delay   time.Duration // BackingOff: until the next start; Ready, Exited: since the start
	Asked   bool          // Exited: it was told to
	Text    string        // Waiting, Blocked: on what; Stopping: how; Notified: the STATUS=; Late, GaveUp, Trouble, Unhealthy: why
}

// EventKind says what happened.
type EventKind int

// The kinds of events.
const (
	Waiting    EventKind = iota + 1 // wants to start, and waits for what it requires
	Started                         // its process runs
	Ready                           // is ready
	Notified                        // sent a STATUS= text
	Exited                          // its process ended, or could not be started
	Finished                        // its finish program ended
	BackingOff                      // will be started again after Delay
	Stopping                        // was asked to end, by a signal or the end of its input
	Late                            // exceeded a limit and is being killed
	Stopped                         // is down, as was asked for
	Completed                       // ended well, and its policy keeps it so
	GaveUp                          // failed for good
	Blocked                         // waits in vain: what it requires has failed or was stopped
	Trouble                         // something went wrong that did not change its state
	Unhealthy                       // one of its checks has failed too often
	Recovered                       // all its checks succeed again
	Lost                            // this subscriber was too slow: Text says how many events it missed
)

var eventNames = [...]string{
	Waiting: "waiting", Started: "started", Ready: "ready", Notified: "notified", Exited: "exited",
	Finished: "finished", BackingOff: "backing off", Stopping: "stopping", Late: "late", Stopped: "stopped",
	Completed: "completed", GaveUp: "gave up", Blocked: "blocked", Trouble: "trouble",
	Unhealthy: "unhealthy", Recovered: "recovered", Lost: "lost",
}

// String is the kind in lower case, as logs and APIs show it.
func (k EventKind) String() string {
	if k <= 0 || int(k) >= len(eventNames) {
		return fmt.Sprintf("event %d", int(k))
	}
	return eventNames[k]
}

// String is the event in one line, without its time.
func (e Event) String() string {
	if e.Service == "" {
		return e.detail()
	}
	return e.Service + ": " + e.detail()
}

// Log writes the event to a logger: as a warning if a person should look at it,
// as debugging if it only repeats or announces what another event says.
func (e Event) Log(logger *zap.Logger) {
	// By Late or Unhealthy, when its end began.
	told := e.Kind == Exited && e.PID > 0 && e.Exit.Err != nil && !errors.Is(e.Exit.Err, errStolen) && !errors.Is(e.Exit.Err, errUnkillable)
	switch {
	case e.Kind == Late, e.Kind == GaveUp, e.Kind == Blocked, e.Kind == Trouble, e.Kind == BackingOff, e.Kind == Unhealthy,
		e.Kind == Finished && !e.Exit.Success(),
		e.Kind == Exited && !e.Exit.Success() && !e.Asked && !told:
		logger.Warn(e.String())
	case e.Kind == Stopping, e.Kind == Stopped, e.Kind == Completed, e.Kind == Waiting, e.Kind == Finished, told:
		logger.Debug(e.String())
	default:
		logger.Info(e.String())
	}
}

func (e Event) detail() string {
	switch e.Kind {
	case Waiting:
		return "waits for " + e.Text
	case Started:
		return fmt.Sprintf("started, pid %d", e.PID)
	case Ready:
		return "ready after " + round(e.Delay)
	case Notified:
		return "says " + e.Text
	case Exited:
		if e.Exit.Err != nil {
			return e.Exit.String()
		}
		return e.Exit.String() + " after " + round(e.Delay)
	case Finished:
		return "finish " + e.Exit.String()
	case BackingOff:
		return "restarts in " + round(e.Delay)
	case Stopping:
		return "stops: " + e.Text
	case Blocked:
		return "cannot start: it requires " + e.Text
	case GaveUp:
		return "failed for good: " + e.Text
	case Unhealthy:
		return "is unhealthy: " + e.Text
	case Recovered:
		return "is healthy again"
	case Late, Trouble, Lost:
		return e.Text
	default:
		return e.Kind.String()
	}
}

// round shortens a duration to what a person reads: 3 digits.
func round(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// subscribers hands each event to everyone who asked. It never blocks: who is
// too slow misses events, and is told how many.
type subscribers struct {
	mu   sync.Mutex
	set  map[chan Event]*uint64
	done bool
}

func (s *subscribers) add(size int) (<-chan Event, func()) {
	// One more than asked for: room for a last Lost.
	events := make(chan Event, max(size, 1)+1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		close(events)
		return events, func() {}
	}
	if s.set == nil {
		s.set = map[chan Event]*uint64{}
	}
	s.set[events] = new(uint64)
	return events, func() { s.remove(events) }
}

func (s *subscribers) remove(events chan Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.set[events]; ok {
		delete(s.set, events)
		close(events)
	}
}

func (s *subscribers) send(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for events, lost := range s.set {
		if *lost > 0 && offer(events, noteLost(*lost)) {
			*lost = 0
		}
		if *lost > 0 || !offer(events, e) {
			*lost++
		}
	}
}

func noteLost(n uint64) Event {
	return Event{Time: time.Now(), Kind: Lost, Text: fmt.Sprintf("%d events lost: their reader was too slow", n)}
}

func (s *subscribers) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = true
	for events, lost := range s.set {
		if *lost > 0 {
			events <- noteLost(*lost) // into the room kept for it
		}
		close(events)
	}
	s.set = nil
}

// offer adds an event unless that takes the room for a last Lost. Nobody else
// adds any, so what is free stays free.
func offer(events chan Event, e Event) bool {
	if len(events) >= cap(events)-1 {
		return false
	}
	events <- e
	return true
}
