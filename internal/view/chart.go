package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sillelien/baseinit/internal/control/api"
)

// The kinds of spans.
const (
	kindStage   = "stage"
	kindScript  = "script"
	kindService = "service"
)

// command is the name of CMD among the services.
const command = "CMD"

// brief is the time in seconds that a stage must have taken to be shown if there is nothing in it.
const brief = 0.0001

// chart is a timeline made ready to be drawn.
type chart struct {
	api.Timeline
	to     float64      // where its scale ends
	stages []*stageRows // those worth showing
	path   []*row       // the scripts and services on the critical path, in their order
}

// stageRows are a stage and what took place in it.
type stageRows struct {
	row
	parts []*row
}

// row is a span in a chart.
type row struct {
	*api.Span
	label string
	begin float64 // when it waited for nobody any more; 0: it still waits
	done  float64 // when it first was ready or had failed; 0: not yet
	stop  float64 // where what is drawn of it ends
}

func newChart(t api.Timeline) *chart {
	c := &chart{Timeline: t, to: t.Until}
	if t.Ended > 0 {
		c.to = t.Ended
		for i := range t.Spans {
			c.to = max(c.to, t.Spans[i].Ready)
		}
		c.to *= 1.03 // what is ready at the end is to be seen
	}
	c.to = max(c.to, 0.0001)
	var all []*stageRows
	for i := range t.Spans {
		r := c.row(&t.Spans[i])
		if r.Kind == kindStage {
			all = append(all, &stageRows{row: *r})
			continue
		}
		if len(all) == 0 {
			all = append(all, &stageRows{row: row{Span: &api.Span{}, label: "boot"}})
		}
		stage := all[len(all)-1]
		stage.parts = append(stage.parts, r)
	}
	for _, s := range all {
		if len(s.parts) == 0 && s.stop-s.Start < brief {
			continue
		}
		c.stages = append(c.stages, s)
		slices.SortStableFunc(s.parts, inOrder)
		for _, r := range s.parts {
			if r.Critical {
				c.path = append(c.path, r)
			}
		}
	}
	return c
}

// inOrder sorts by the time of the start; what waits is last, but for CMD.
func inOrder(a, b *row) int {
	late := func(r *row) float64 {
		switch {
		case r.Name == command && r.Kind == kindService:
			return 2e9
		case r.begin == 0:
			return 1e9
		}
		return r.begin
	}
	return cmp.Compare(late(a), late(b))
}

func (c *chart) row(s *api.Span) *row {
	r := &row{Span: s, label: s.Name, begin: s.Run, stop: c.to}
	if s.Kind == kindStage {
		r.begin, r.done = s.Start, s.End
	} else {
		r.label = s.Name[strings.LastIndexByte(s.Name, '/')+1:]
	}
	if s.Kind == kindService {
		r.label = s.Name
	}
	if len(s.Earlier) > 0 {
		r.begin = s.Earlier[0].Start
	}
	if s.End > 0 {
		r.stop = min(s.End, c.to)
	}
	switch {
	case s.Ready > 0:
		r.done = s.Ready
	case s.Failed != "" && s.End > 0:
		r.done = s.End
	}
	return r
}

const atOnce = "at once"

// took is how long it took, once it waited for nobody any more, in words.
func (r *row) took() string {
	switch {
	case r.Kind == kindStage && r.done == 0, r.done == 0 && r.begin > 0:
		return "runs"
	case r.done == 0 && r.Failed != "":
		return "blocked"
	case r.done == 0:
		return "waits"
	case r.Failed != "":
		return "failed"
	case r.done-r.begin < 0.000005:
		return atOnce
	}
	return duration(r.done - r.begin)
}

// story is what there is to tell of a row beyond its bar, or "".
func (r *row) story() string {
	var said []string
	if r.Tries > 1 {
		first := ""
		if len(r.Earlier) > 0 {
			first = ", the first " + r.Earlier[0].Text
		}
		said = append(said, fmt.Sprintf("started %d times%s", r.Tries, first))
	}
	if r.Failed != "" {
		said = append(said, r.Failed)
	}
	return strings.Join(said, "; ")
}

// title says how the boot went.
func (c *chart) title() string {
	switch {
	case c.Ended > 0:
		return "booted in " + duration(c.Ended)
	default:
		return "not up after " + duration(c.Until)
	}
}

// ending says what the end of the boot was.
func (c *chart) ending() string {
	for i := range c.Spans {
		switch s := &c.Spans[i]; {
		case s.Kind != kindService || s.Name != command:
		case s.Failed != "":
			return "CMD failed"
		default:
			return "CMD runs"
		}
	}
	return "up"
}

// criticalPath is the critical path in words.
func (c *chart) criticalPath() (parts []string) {
	for _, r := range c.path {
		if r.Kind == kindService && r.Name == command && r.Failed == "" {
			continue // its start is the end
		}
		parts = append(parts, r.label+" "+r.took())
	}
	return parts
}
