//go:build linux

package boot

import (
	"cmp"
	"slices"
	"time"

	"github.com/sillelien/baseinit/internal/control/api"
)

// Stage is the stage of its life that the container is in: one of package api's. "" before
// Run.
func (c *Container) Stage() string {
	c.record.mu.Lock()
	defer c.record.mu.Unlock()
	return c.record.stage
}

// Began is when the process was started.
func (c *Container) Began() time.Time { return c.record.began }

// Timeline is how the boot went, or goes.
func (c *Container) Timeline() api.Timeline { return c.record.timeline() }

// Graph are the services, CMD among them, and what they depend on. It is empty while there are none.
func (c *Container) Graph() []api.Node {
	c.mu.Lock()
	sup := c.sup
	c.mu.Unlock()
	if sup == nil {
		return nil
	}
	states := map[string]string{}
	if all, err := sup.Status(); err == nil {
		for _, st := range all {
			states[st.Name] = st.State.String()
			if c.waitsForItsTime(&st) {
				states[st.Name] = stateScheduled
			}
		}
	}
	var nodes []api.Node
	for _, v := range sup.Services() {
		nodes = append(nodes, api.Node{
			Name: v.Name, State: states[v.Name], Oneshot: v.Oneshot,
			Requires: slices.Clone(v.Requires), After: slices.Clone(v.After), LogTo: v.LogTo,
		})
	}
	return nodes
}

func (r *record) timeline() api.Timeline {
	r.mu.Lock()
	defer r.mu.Unlock()
	until := r.closed
	if until == 0 {
		until = min(time.Since(r.began), recordLimit)
	}
	r.markCritical(until)
	t := api.Timeline{Began: r.began.UTC(), Ended: seconds(r.ended), Until: seconds(until), Dropped: r.dropped}
	var told []*span
	for i := range r.spans {
		if s := &r.spans[i]; s.kind != kindService || s.wanted {
			told = append(told, s)
		}
	}
	slices.SortStableFunc(told, func(a, b *span) int { return cmp.Compare(a.start, b.start) })
	t.Spans = make([]api.Span, len(told))
	for i, s := range told {
		s.tell(&t.Spans[i])
	}
	return t
}

func (s *span) tell(to *api.Span) {
	tries := s.tries
	if tries == 1 {
		tries = 0
	}
	*to = api.Span{
		Kind: s.kind, Name: s.name,
		Start: seconds(s.start), Run: seconds(s.run), Ready: seconds(s.ready), End: seconds(s.end),
		Requires: slices.Clone(s.requires), After: slices.Clone(s.after),
		Tries: tries, Earlier: slices.Clone(s.earlier), Failed: s.failed, Critical: s.critical,
	}
}

func apiRun(start, end time.Duration, text string) api.Run {
	return api.Run{Start: seconds(start), End: seconds(end), Text: text}
}

// seconds is a duration for the API, which has no use for nanoseconds.
func seconds(d time.Duration) float64 { return d.Round(time.Microsecond).Seconds() }

// markCritical marks what the end of the boot waited for, or waits for: had it taken less
// time, the boot had. Stages and scripts come one after the other, so that each of them is;
// of the services the last one that was waited for, and what that waited for itself.
func (r *record) markCritical(until time.Duration) {
	var last *span
	for i := range r.spans {
		s := &r.spans[i]
		s.critical = s.kind == kindScript || s.kind == kindStage && s.name != api.StageRC
		if s.first && (last == nil || s.name == commandName || !r.command && s.settledBy(until) > last.settledBy(until)) {
			last = s
		}
	}
	for last != nil && !last.critical {
		last.critical = true
		last = r.waitedFor(last, until)
	}
}

// settledBy is when nobody needed to wait for the service any more, or now.
func (s *span) settledBy(until time.Duration) time.Duration {
	if s.settled == 0 {
		return until
	}
	return s.settled
}

// waitedFor is the last of what a service waited for, or nil.
func (r *record) waitedFor(s *span, until time.Duration) (last *span) {
	released := s.released
	if released == 0 {
		released = until
	}
	for _, names := range [...][]string{s.requires, s.after} {
		for _, name := range names {
			i, known := r.services[name]
			if !known || i < 0 {
				continue
			}
			d := &r.spans[i]
			settled := d.settledBy(until)
			if !d.wanted || settled <= s.start || settled > released { // it was not waited for, or not to the end
				continue
			}
			if last == nil || settled > last.settledBy(until) {
				last = d
			}
		}
	}
	return last
}
