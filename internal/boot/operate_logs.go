//go:build linux

package boot

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/sillelien/baseinit/internal/control"
	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/logring"
	"github.com/sillelien/baseinit/internal/logs"
	"github.com/sillelien/baseinit/supervisor"
)

// Logs are the lines that services have written, if these go through us.
func (o operator) Logs(ctx context.Context, q control.LogQuery) (iter.Seq[api.Line], error) {
	if err := o.kept(q.Services); err != nil {
		return nil, err
	}
	wanted := logring.Query{Services: q.Services, Since: q.Since, Last: q.Last}
	if q.Last < 0 {
		wanted.Last = 0
	} else if q.Last == 0 {
		wanted.Last = -1
	}
	return func(yield func(api.Line) bool) {
		each := func(l logring.Line) bool {
			return yield(api.Line{Time: l.Time, Service: l.Service, Stream: l.Stream, PID: l.PID, Msg: l.Text})
		}
		if q.Follow {
			o.cfg.Rings.Follow(ctx, wanted, each)
			return
		}
		for _, line := range o.cfg.Rings.Read(wanted) {
			if !each(line) {
				return
			}
		}
	}, nil
}

// kept tells what is wrong with asking for the lines of services.
func (o operator) kept(names []string) error {
	if o.cfg.Rings == nil {
		return errors.New("no lines are kept: --log-ring or BASEINIT_LOG_RING says so")
	}
	sup, err := o.supervisor()
	if err != nil {
		return nil //nolint:nilerr // a script may have written something
	}
	have, p := o.cfg.Rings.Names(), o.look(sup)
	for _, name := range names {
		s, known := p.services[name]
		switch {
		case slices.Contains(have, name), name == logs.Own, name == logs.Unknown:
		case !known:
			return o.unknown(name, sup)
		case !s.Captured():
			return fmt.Errorf("there are no lines of %s: its output goes past baseinit (BASEINIT_OUTPUT=plain has it go through, and changes nothing else)", name)
		}
	}
	return nil
}

// eventLimit is how many events are kept, and how many may wait for one who follows.
const eventLimit = 256

// eventLog keeps the last events, and hands new ones to those who follow. It waits for nobody:
// who is too slow misses events, and is told how many.
type eventLog struct {
	mu        sync.Mutex
	last      []api.Event // a ring
	next      int         // where in it the next goes, once it is full
	followers map[*eventFollower]struct{}
}

type eventFollower struct {
	events chan api.Event
	lost   int
}

func (l *eventLog) add(e api.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) < eventLimit {
		l.last = append(l.last, e)
	} else {
		l.last[l.next] = e
		l.next = (l.next + 1) % eventLimit
	}
	for f := range l.followers {
		f.send(e)
	}
}

// send leaves room for the word that something is missing.
func (f *eventFollower) send(e api.Event) {
	if f.lost > 0 && len(f.events) < cap(f.events)-1 {
		f.events <- api.Event{Time: e.Time, Kind: "lost", Text: fmt.Sprintf("%d events are missing here: they came too fast", f.lost)}
		f.lost = 0
	}
	if len(f.events) == cap(f.events) || f.lost > 0 {
		f.lost++
		return
	}
	f.events <- e
}

// kept are the events that are kept. With follow it gives one who is told of new ones, too.
func (l *eventLog) kept(follow bool) (events []api.Event, f *eventFollower) {
	l.mu.Lock()
	defer l.mu.Unlock()
	events = slices.Concat(l.last[l.next:], l.last[:l.next])
	if follow {
		f = &eventFollower{events: make(chan api.Event, eventLimit)}
		if l.followers == nil {
			l.followers = map[*eventFollower]struct{}{}
		}
		l.followers[f] = struct{}{}
	}
	return events, f
}

func (l *eventLog) leave(f *eventFollower) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.followers, f)
}

// Events are the last events, and those to come.
func (o operator) Events(ctx context.Context, follow bool) iter.Seq[api.Event] {
	return func(yield func(api.Event) bool) {
		events, f := o.events.kept(follow)
		if f != nil {
			defer o.events.leave(f)
		}
		for _, e := range events {
			if !yield(e) {
				return
			}
		}
		for f != nil {
			select {
			case e := <-f.events:
				if !yield(e) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// happened is an event of a service as the API has it.
func happened(e supervisor.Event) api.Event {
	return api.Event{Time: e.Time.UTC(), Service: e.Service, Kind: e.Kind.String(), PID: e.PID, Text: e.String()}
}
