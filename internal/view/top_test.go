package view_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/view"
)

// stats are two statuses, two seconds apart.
func stats() (before, now api.Status) {
	status := func(uptime, cpu float64) api.Status {
		return api.Status{
			Container: api.Container{PID: 1, Version: "v0.5.0", Stage: "up", Uptime: uptime, Memory: 9_700_000, CPU: cpu / 100},
			Services: []api.Service{
				{Name: "database", State: "ready", Wanted: true, Ready: true, PID: 7, Uptime: uptime - 1, Processes: 4, Memory: 49_200_000, CPU: cpu, Health: "healthy"},
				{Name: "cache", State: "backing off", Wanted: true, Restarts: 12},
				{Name: "api-with-a-name-that-is-too-long-for-it", State: "ready", Wanted: true, Ready: true, PID: 4194304, Uptime: 3, Processes: 1, Memory: 1_520_000_000, CPU: 3, Health: "unhealthy", Restarts: 3},
				{Name: "migrate", State: "done", Wanted: true},
				{Name: "CMD", State: "ready", Wanted: true, Ready: true, PID: 30, Uptime: uptime - 2, Processes: 2, Memory: 812_000, CPU: 0.2},
			},
		}
	}
	return status(7324, 1), status(7326, 2.5)
}

func TestTop(t *testing.T) {
	t.Parallel()
	before, now := stats()
	var top view.Top
	top.Update(before)
	top.Update(now)
	golden(t, "top.txt", top.Frame(view.Options{Width: 100, Unicode: true}, 0))
	top.Key("down")
	golden(t, "top-color.txt", top.Frame(view.Options{Width: 70, Unicode: true, Color: true}, 24))
	top.Key("h")
	golden(t, "top-help.txt", top.Frame(view.Options{}, 24))
}

// TestTopFits: a frame is never larger than the terminal, and always shows the selected
// service.
func TestTopFits(t *testing.T) {
	t.Parallel()
	var many api.Status
	for i := range 60 {
		many.Services = append(many.Services, api.Service{Name: fmt.Sprintf("service-%02d", i), State: "ready", PID: i + 1})
	}
	for width := 40; width < 160; width += 13 {
		for height := 4; height < 40; height += 5 {
			var top view.Top
			top.Update(many)
			selected := 0
			for _, step := range []struct {
				key string
				by  int
			}{{"end", 60}, {"up", -1}, {"pageup", 0}, {"home", -60}, {"j", 1}, {"j", 1}, {"pagedown", 0}, {"k", -1}} {
				frame := top.Frame(view.Options{Width: width, Color: height%2 == 0}, height)
				lines := strings.Split(frame, "\n")
				if len(lines) > height {
					t.Fatalf("%d lines in a height of %d", len(lines), height)
				}
				marked := 0
				for _, line := range lines {
					if strings.HasPrefix(line, "\x1b[7m") || strings.HasPrefix(line, ">") {
						marked++
					}
					if n := utf8.RuneCountInString(strip(line)); n > width {
						t.Fatalf("%d columns in a width of %d: %q", n, width, line)
					}
				}
				if marked != 1 {
					t.Fatalf("%d selected lines in\n%s", marked, frame)
				}
				top.Key(step.key)
				if step.by != 0 {
					selected = min(max(selected+step.by, 0), 59)
					if _, got := top.Key("r"); got != fmt.Sprintf("service-%02d", selected) {
						t.Fatalf("%s selects %s, want service-%02d", step.key, got, selected)
					}
				} else {
					_, name := top.Key("r")
					_, _ = fmt.Sscanf(name, "service-%d", &selected)
				}
			}
		}
	}
}

// strip takes ANSI's attributes out.
func strip(line string) string {
	for {
		before, after, found := strings.Cut(line, "\x1b[")
		if !found {
			return line
		}
		_, rest, _ := strings.Cut(after, "m")
		line = before + rest
	}
}

// TestTopKeys: what a key asks for.
func TestTopKeys(t *testing.T) {
	t.Parallel()
	before, now := stats()
	for keys, want := range map[string]string{
		"r": "restart database", "down s": "stop cache", "down down up t": "start cache", "q": "quit ", "ctrl-c": "quit ",
		"h r": " ", "h x r": "restart database", "up s": "stop database", "end s": "stop CMD", "z": " ", "end j j s": "stop CMD",
		"n s": "stop CMD", "n home s": "stop CMD", "m s": "stop api-with-a-name-that-is-too-long-for-it",
		"c s": "stop database", "x s": "stop cache", "u s": "stop database", "x o s": "stop database",
		"down n s": "stop cache", // what is selected stays so
	} {
		var top view.Top
		top.Update(before)
		top.Update(now)
		var verb, service string
		for key := range strings.FieldsSeq(keys) {
			verb, service = top.Key(key)
		}
		if got := verb + " " + service; got != want {
			t.Errorf("%q: %q, want %q", keys, got, want)
		}
	}
}

// TestTopNothing: without services there is nothing to select, nor to fail at.
func TestTopNothing(t *testing.T) {
	t.Parallel()
	var top view.Top
	for _, key := range []string{"down", "end", "pageup", "r", "c"} {
		if _, service := top.Key(key); service != "" {
			t.Errorf("%s acts on %q", key, service)
		}
		_ = top.Frame(view.Options{}, 3)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string][]string{
		"q":              {"q"},
		"jjk":            {"j", "j", "k"},
		"\x1b[A\x1b[Bq":  {"up", "down", "q"},
		"\x1bOA\x1bOB":   {"up", "down"},
		"\x1b[5~\x1b[6~": {"pageup", "pagedown"},
		"\x1b[H\x1b[4~":  {"home", "end"},
		"\x03":           {"ctrl-c"},
		"\x1b":           nil, "\x1b[": nil, "\x1b[99": nil, "\x1b[1;5Ar": {"r"}, "\x1b[200~": nil,
		"é\x00\r\n\x7f": nil,
	} {
		if diff := cmp.Diff(want, view.Keys([]byte(typed))); diff != "" {
			t.Errorf("%q:\n%s", typed, diff)
		}
	}
}
