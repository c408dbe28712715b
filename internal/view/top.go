package view

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/control/api"
)

// Top is a table of services that a person looks at and steers.
type Top struct {
	Status  api.Status
	Message string // what became of the last action; "": nothing to say

	before   api.Status // the one before Status
	order    string     // what services are sorted by, see sortKeys; "": their definition
	selected string     // the name of a service
	offset   int        // of the first service shown
	page     int        // services that fit
	help     bool
}

// Update takes a newer status.
func (t *Top) Update(s api.Status) { t.before, t.Status = t.Status, s }

// sortKeys are the keys that sort, what they sort by, and the order.
var sortKeys = [...]struct {
	key, what string
	compare   func(t *Top, a, b *api.Service) int
}{
	{"o", "definition", nil},
	{"n", "name", func(_ *Top, a, b *api.Service) int { return cmp.Compare(a.Name, b.Name) }},
	{"c", "CPU", func(t *Top, a, b *api.Service) int { return cmp.Compare(t.cpu(b), t.cpu(a)) }},
	{"m", "memory", func(_ *Top, a, b *api.Service) int { return cmp.Compare(b.Memory, a.Memory) }},
	{"u", "uptime", func(_ *Top, a, b *api.Service) int { return cmp.Compare(b.Uptime, a.Uptime) }},
	{"x", "restarts", func(_ *Top, a, b *api.Service) int { return cmp.Compare(b.Restarts, a.Restarts) }},
}

// Key acts on a key, see Keys. What is to be done by the caller is the verb: restart, stop,
// start (each of service), quit, or "".
func (t *Top) Key(key string) (verb, service string) {
	if t.help {
		t.help = false
		return "", ""
	}
	t.Message = ""
	switch key {
	case "q", "ctrl-c":
		return "quit", ""
	case "r":
		return "restart", t.selection()
	case "s":
		return "stop", t.selection()
	case "t":
		return "start", t.selection()
	case "h", "?":
		t.help = true
	case "up", "k":
		t.move(-1)
	case "down", "j":
		t.move(1)
	case "pageup":
		t.move(-t.page)
	case "pagedown":
		t.move(t.page)
	case "home":
		t.move(-len(t.Status.Services))
	case "end":
		t.move(len(t.Status.Services))
	}
	for _, s := range sortKeys {
		if s.key == key {
			t.order = s.key
		}
	}
	return "", ""
}

// sequences are what terminals send after ESC for keys: console_codes(4).
var sequences = [...]struct{ typed, key string }{
	{"[A", "up"},
	{"OA", "up"},
	{"[B", "down"},
	{"OB", "down"},
	{"[H", "home"},
	{"OH", "home"},
	{"[1~", "home"},
	{"[F", "end"},
	{"OF", "end"},
	{"[4~", "end"},
	{"[5~", "pageup"},
	{"[6~", "pagedown"},
}

// Keys are the keys in what was typed on a terminal: letters, up, down, home, end, pageup,
// pagedown, ctrl-c. Others are left out.
func Keys(typed []byte) (keys []string) {
	for i := 0; i < len(typed); {
		c := typed[i]
		i++
		switch {
		case c == 3:
			keys = append(keys, "ctrl-c")
		case c > ' ' && c < 0x7f:
			keys = append(keys, string(c))
		case c == 0x1b && i < len(typed) && (typed[i] == '[' || typed[i] == 'O'):
			end := i + 1
			for end < len(typed) && (typed[end] < '@' || typed[end] > '~') { // the last of a sequence
				end++
			}
			end = min(end+1, len(typed))
			for _, s := range sequences {
				if s.typed == string(typed[i:end]) {
					keys = append(keys, s.key)
				}
			}
			i = end
		}
	}
	return keys
}

// services are those of the status, sorted.
func (t *Top) services() []*api.Service {
	all := make([]*api.Service, len(t.Status.Services))
	for i := range all {
		all[i] = &t.Status.Services[i]
	}
	for _, s := range sortKeys {
		if s.key == t.order && s.compare != nil {
			slices.SortStableFunc(all, func(a, b *api.Service) int { return s.compare(t, a, b) })
		}
	}
	return all
}

// selection is the name of the service that keys act on.
func (t *Top) selection() string {
	services := t.services()
	if i := t.index(services); i < len(services) {
		return services[i].Name
	}
	return ""
}

// index is where the selected service is, or the first.
func (t *Top) index(services []*api.Service) int {
	return max(slices.IndexFunc(services, func(s *api.Service) bool { return s.Name == t.selected }), 0)
}

func (t *Top) move(by int) {
	services := t.services()
	if len(services) > 0 {
		t.selected = services[min(max(t.index(services)+by, 0), len(services)-1)].Name
	}
}

// cpu is the share of one processor that a service has used since the status before, or
// without one in its life, in percent.
func (t *Top) cpu(s *api.Service) float64 {
	for i := range t.before.Services {
		if b := &t.before.Services[i]; b.Name == s.Name && b.PID == s.PID {
			return share(s.CPU-b.CPU, t.Status.Container.Uptime-t.before.Container.Uptime)
		}
	}
	return share(s.CPU, s.Uptime)
}

func share(used, of float64) float64 {
	if of <= 0 || used <= 0 {
		return 0
	}
	return 100 * used / of
}

// column is one column of the table. Those at the end of columns go first where there is no room.
type column struct {
	title string
	width int // negative: aligned left
	value func(t *Top, s *api.Service) string
}

func dash(is bool, text string) string {
	if is {
		return text
	}
	return "-"
}

var columns = [...]column{
	{"STATE", -11, func(_ *Top, s *api.Service) string { return state(s) }},
	{"CPU%", 6, func(t *Top, s *api.Service) string { return dash(s.PID > 0, fmt.Sprintf("%.1f", t.cpu(s))) }},
	{"MEM", 7, func(_ *Top, s *api.Service) string { return dash(s.Memory > 0, bytes(s.Memory)) }},
	{"UP", 7, func(_ *Top, s *api.Service) string { return dash(s.PID > 0, age(s.Uptime)) }},
	{"RESTARTS", 8, func(_ *Top, s *api.Service) string { return strconv.Itoa(s.Restarts) }},
	{"PID", 7, func(_ *Top, s *api.Service) string { return dash(s.PID > 0, strconv.Itoa(s.PID)) }},
	{"HEALTH", -9, func(_ *Top, s *api.Service) string { return dash(s.Health != "", s.Health) }},
	{"PROCS", 5, func(_ *Top, s *api.Service) string { return dash(s.Processes > 0, strconv.Itoa(s.Processes)) }},
}

func state(s *api.Service) string {
	if s.Health == "unhealthy" && s.State == "ready" {
		return "unhealthy"
	}
	return s.State
}

// Frame is what the terminal shows, in at most height lines; 0: as many as it takes.
func (t *Top) Frame(o Options, height int) string {
	lines := []string{t.about(o)}
	if height > 0 || t.Message != "" { // there is a keyboard
		lines = append(lines, o.cut(t.note(), o.width()))
	}
	switch services := t.services(); {
	case t.help:
		lines = append(lines, "", topHelp)
	default:
		lines = append(lines, t.table(o, services, height-len(lines)-1)...)
	}
	if height > 0 {
		lines = strings.Split(strings.Join(lines, "\n"), "\n")
		lines = lines[:min(len(lines), height)]
	}
	return strings.Join(lines, "\n")
}

const topHelp = `keys:
  up down j k     select a service        c  sort by CPU
  r               restart it              m  sort by memory
  s               stop it                 u  sort by uptime
  t               start it                x  sort by restarts
  q               quit                    n  sort by name
  h ?             this                    o  sort by definition

any key goes back`

// about is the line on top.
func (t *Top) about(o Options) string {
	c := t.Status.Container
	said := fmt.Sprintf("baseinit %s, %s for %s, %s", c.Version, c.Stage, age(c.Uptime), count(len(t.Status.Services), "service"))
	bad := 0
	for i := range t.Status.Services {
		if s := &t.Status.Services[i]; s.Wanted && !s.Ready && s.State != "done" || s.Health == "unhealthy" {
			bad++
		}
	}
	if bad > 0 {
		said += fmt.Sprintf(" (%d not ready)", bad)
	}
	if c.Memory > 0 {
		said += fmt.Sprintf(", itself %s and %.1f %% CPU", bytes(c.Memory), share(c.CPU-t.before.Container.CPU, c.Uptime-t.before.Container.Uptime))
	}
	return o.paint(bold, o.cut(said, o.width()))
}

// note is the line below it.
func (t *Top) note() string {
	if t.Message != "" {
		return t.Message
	}
	return "r restart, s stop, t start, h help, q quit"
}

// table is a line for each service that there is room for, around the selected one.
func (t *Top) table(o Options, services []*api.Service, room int) []string {
	shown, names := t.layout(o, services)
	titles := []string{pad("NAME", names, false)}
	for _, c := range shown {
		titles = append(titles, pad(c.title, max(c.width, -c.width), c.width > 0))
	}
	lines := []string{o.paint(faint, strings.TrimRight(strings.Join(titles, " "), " "))}
	selected := t.index(services)
	if room > 0 {
		t.page = max(room, 1)
		t.offset = max(min(t.offset, selected, len(services)-t.page), selected-t.page+1, 0)
		services = services[t.offset:min(t.offset+t.page, len(services))]
		selected -= t.offset
	}
	for i, s := range services {
		lines = append(lines, t.row(o, s, shown, names, i == selected && room > 0))
	}
	return lines
}

// layout chooses the columns that fit, and the width of names.
func (t *Top) layout(o Options, services []*api.Service) (shown []column, names int) {
	names = 4
	for _, s := range services {
		names = max(names, len([]rune(s.Name))+1) // and a mark
	}
	names = min(names, 24)
	left := o.width() - names
	for _, c := range columns {
		left -= max(c.width, -c.width) + 1
		if left < 0 {
			break
		}
		shown = append(shown, c)
	}
	return shown, names
}

func (t *Top) row(o Options, s *api.Service, shown []column, names int, selected bool) string {
	plain := o
	plain.Color = o.Color && !selected
	name := s.Name
	if selected && !o.Color {
		name = ">" + name
	}
	cells := []string{pad(o.fit(name, names), names, false)}
	for _, c := range shown {
		cell := pad(o.fit(c.value(t, s), max(c.width, -c.width)), max(c.width, -c.width), c.width > 0)
		if c.title == "STATE" {
			cell = plain.paint(stateColor(strings.TrimSpace(cell)), cell)
		}
		cells = append(cells, cell)
	}
	line := strings.Join(cells, " ")
	if selected {
		return o.paint("7", pad(line, o.width(), false))
	}
	return strings.TrimRight(line, " ")
}
