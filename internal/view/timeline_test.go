package view_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/view"
)

// TestTimeline: the chart as it was looked at and found good.
func TestTimeline(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]view.Options{
		"timeline.txt":       {Width: 110, Unicode: true},
		"timeline-ascii.txt": {},
		"timeline-color.txt": {Width: 100, Unicode: true, Color: true},
	} {
		golden(t, name, view.Timeline(shop(), o))
	}
	golden(t, "timeline-booting.txt", view.Timeline(booting(), view.Options{Unicode: true}))
}

// TestTimelineFits: no line is wider than the terminal, whatever there is in it, and no
// control character of a name reaches it.
func TestTimelineFits(t *testing.T) {
	t.Parallel()
	for width := 40; width <= 200; width += 7 {
		for name, timeline := range boots() {
			text := view.Timeline(timeline, view.Options{Width: width, Unicode: true})
			for line := range strings.Lines(text) {
				line = strings.TrimSuffix(line, "\n")
				if n := utf8.RuneCountInString(line); n > width && !isProse(line) {
					t.Errorf("%s, width %d: %d columns: %q", name, width, n, line)
				}
			}
			if strings.ContainsAny(text, "\x1b\x07\r") {
				t.Errorf("%s: control characters in %q", name, text)
			}
		}
	}
}

// isProse tells whether a line is of the foot, where one word may be as long as it is.
func isProse(line string) bool {
	return !strings.ContainsAny(line, "━─▔×│") || strings.Contains(line, "waits")
}

// TestTimelineMarks: what is critical is marked, and nothing else.
func TestTimelineMarks(t *testing.T) {
	t.Parallel()
	marked := map[string]bool{}
	for line := range strings.Lines(view.Timeline(shop(), view.Options{})) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "*" {
			marked[fields[1]] = true
		}
	}
	for _, s := range shop().Spans {
		if s.Kind == "stage" {
			continue
		}
		label := s.Name[strings.LastIndex(s.Name, "/")+1:]
		if marked[label] != s.Critical {
			t.Errorf("%s is marked: %v, critical: %v", s.Name, marked[label], s.Critical)
		}
	}
}

// TestTimelineScale: where a bar is and how long is what the scale says.
func TestTimelineScale(t *testing.T) {
	t.Parallel()
	boot := api.Timeline{Began: began, Ended: 1, Until: 1, Spans: []api.Span{
		{Kind: "stage", Name: "services", Start: 0, End: 1},
		{Kind: "service", Name: "half", Start: 0, Run: 0.25, Ready: 0.75},
		{Kind: "service", Name: "CMD", Start: 0, Run: 1, Ready: 1},
	}}
	text := view.Timeline(boot, view.Options{Width: 140})
	var bar string
	for line := range strings.Lines(text) {
		if strings.Contains(line, "half") {
			bar = line
		}
	}
	waits, starts := strings.Count(bar, "."), strings.Count(bar, "=")
	// Waiting a quarter, starting half of the time; two columns more or less.
	if waits < starts/2-2 || waits > starts/2+2 || starts < 40 {
		t.Errorf("%d columns of waiting, %d of starting in %q", waits, starts, bar)
	}
}

// TestTimelineStories: what bars cannot show is told below them.
func TestTimelineStories(t *testing.T) {
	t.Parallel()
	text := view.Timeline(shop(), view.Options{})
	for _, want := range []string{
		"booted in 1.20 s", "cache: started 3 times, the first exited with code 1\n", "mail: exited with code 78\n",
		"newsletter: requires mail, which is failed\n", "critical path: 10-config 64.1 ms > 20-certificates 247 ms",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	dropped := shop()
	dropped.Dropped = 3
	if text := view.Timeline(dropped, view.Options{}); !strings.Contains(text, "3 spans more were not recorded") {
		t.Errorf("dropped spans are not told in\n%s", text)
	}
}

// booting is a boot that still goes on, and waits for a service that keeps failing.
func booting() api.Timeline {
	boot := shop()
	boot.Ended, boot.Until = 0, 0.7
	boot.Spans = boot.Spans[:12]
	boot.Spans[7].End, boot.Spans[8].Ready, boot.Spans[9].Run, boot.Spans[9].Ready, boot.Spans[9].End = 0, 0, 0, 0, 0
	boot.Spans[10].Run, boot.Spans[10].Ready = 0, 0
	boot.Spans[11] = api.Span{
		Kind: "service", Name: "cache", Start: 0.3142, Run: 0.5513, End: 0.6001, Failed: "exited with code 1", Tries: 2,
		Earlier: []api.Run{{Start: 0.3172, End: 0.4011, Text: "exited with code 1"}},
	}
	return boot
}

// boots are charts that are hard to draw.
func boots() map[string]api.Timeline {
	many := api.Timeline{Began: began, Ended: 70, Until: 70}
	for i := range 300 {
		many.Spans = append(many.Spans, api.Span{Kind: "service", Name: fmt.Sprintf("service-number-%d", i), Run: float64(i) / 5, Ready: float64(i)/5 + 0.1, Critical: i%2 == 0})
	}
	return map[string]api.Timeline{
		"shop": shop(), "booting": booting(), "empty": {Began: began}, "many": many,
		"odd": {Began: began, Ended: 0.00001, Until: 300, Spans: []api.Span{
			{Kind: "stage", Name: "prepare", End: 0.000004},
			{Kind: "script", Name: "cont-init.d/" + strings.Repeat("long", 40), Start: 0.000004, Run: 0.000004, End: 0.000009, Failed: "exited with code 1", Critical: true},
			{Kind: "service", Name: "<b>&\x1b[31m\"bold\"\r\x07]]>\xff", Start: 0.000009, Failed: "requires </svg>\x00, which is failed"},
			{Kind: "service", Name: "CMD", Start: 0.000009, Run: 0.00001, End: 0.00001, Failed: "cannot run \"x\": no such file", Critical: true},
		}},
	}
}
