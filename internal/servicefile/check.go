package servicefile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sillelien/baseinit/internal/probe"
	"github.com/sillelien/baseinit/internal/schedule"
	"github.com/sillelien/baseinit/supervisor"
)

// check looks for keys that are right each and wrong together.
func (d *decoder) check(s *Service) {
	if s.Has("schedule") {
		d.checkSchedule(s)
	}
	if s.Oneshot {
		for _, name := range []string{"ready", "health"} {
			if s.Has(name) {
				d.clash(s, name, "a oneshot is ready when it has ended; only a longrun has this")
			}
		}
		if s.Restart == supervisor.RestartAlways {
			d.clash(s, "restart", `a oneshot ends; it can be "on-failure" or "never"`)
		}
	} else if s.Has("undo") {
		d.clash(s, "undo", `only a oneshot has this: type = "oneshot"`)
	}
	if s.Restart == supervisor.RestartNever && s.Has("max_restarts") {
		d.clash(s, "max_restarts", `there is none: restart is "never"`)
	}
	if s.Has("restart_window") && !s.Has("max_restarts") {
		d.clash(s, "restart_window", "it needs max_restarts")
	}
	least, most := s.BackoffMin, s.BackoffMax
	if least > 0 && most > 0 && least > most {
		d.clash(s, "backoff_max", "it is less than backoff_min")
	}
	if s.Has("group") && strings.Contains(s.User, ":") {
		d.clash(s, "group", "user names a group, too")
	}
	d.checkReady(s)
	d.checkLog(s)
	d.checkHealth(s)
	d.checkConditions(s)
}

// clash notes that a key goes not with another one; lacks, that a table needs a key.
//
//go:noinline
func (d *decoder) clash(s *Service, key, text string) {
	d.problems = append(d.problems, Problem{Place: s.At(key), Key: key, Text: text})
}

func (d *decoder) lacks(s *Service, key, text string) { d.clash(s, key, text) }

// isWrong tells whether a problem with the value of a key is known.
func (d *decoder) isWrong(key string) bool {
	return slices.ContainsFunc(d.problems, func(p Problem) bool { return p.Key == key })
}

func (d *decoder) checkReady(s *Service) {
	if !s.Has("ready") || d.isWrong("ready") {
		return
	}
	kinds := []string{"notify_fd", "sd_notify", "tcp", "http", "exec", "file", "log"}
	d.exactlyOne(s, "ready", kinds)
	d.checkProbe(s, "ready", s.Ready.Probe)
	probed := s.Ready.Kind() != ""
	for _, name := range []string{"interval", "probe_timeout"} {
		if s.Has("ready."+name) && !probed {
			d.clash(s, "ready."+name, "only tcp, http, exec and file are asked again and again")
		}
	}
	if s.Has("ready.watchdog") && !s.Ready.SDNotify {
		d.clash(s, "ready.watchdog", "it needs sd_notify = true")
	}
	if s.Ready.Log != nil && s.Log.Format == supervisor.OutputRaw {
		d.clash(s, "log.format", `with ready.log lines are read; it can be "plain", "text" or "json"`)
	}
}

func (d *decoder) checkLog(s *Service) {
	if s.Log.Join && s.Log.Format == supervisor.OutputRaw {
		d.clash(s, "log.format", `with log.join lines are read; it can be "plain", "text" or "json"`)
	}
}

func (d *decoder) checkHealth(s *Service) {
	for i := range s.Health {
		path := fmt.Sprintf("health[%d]", i)
		d.exactlyOne(s, path, []string{"tcp", "http", "exec", "file"})
		d.checkProbe(s, path, s.Health[i].Probe)
	}
}

// exactlyOne notes that a table has none, or several, of some keys.
func (d *decoder) exactlyOne(s *Service, path string, names []string) {
	var found []string
	for _, name := range names {
		if s.Has(join(path, name)) {
			found = append(found, name)
		}
	}
	switch {
	case len(found) == 0:
		d.lacks(s, path, "it needs one of "+orList(names))
	case len(found) > 1:
		d.clash(s, join(path, found[1]), "there is "+found[0]+" already; it can be one of "+orList(names))
	}
}

// Kind is what is asked: tcp, http, file, exec, or "" for nothing.
func (p Probe) Kind() string {
	switch {
	case p.TCP != "":
		return "tcp"
	case p.HTTP != "":
		return "http"
	case p.File != "":
		return "file"
	case len(p.Exec) > 0:
		return "exec"
	}
	return ""
}

// checkProbe asks those who probe, each kind for itself.
func (d *decoder) checkProbe(s *Service, path string, p Probe) {
	if p.TCP != "" {
		d.judge(path+".tcp", probe.Spec{TCP: p.TCP})
	}
	if p.HTTP != "" {
		d.judge(path+".http", probe.Spec{HTTP: p.HTTP, Status: p.Status, Headers: p.Headers})
	}
	for _, name := range []string{"status", "headers"} {
		if s.Has(join(path, name)) && p.HTTP == "" {
			d.clash(s, join(path, name), "it needs http")
		}
	}
}

func (d *decoder) judge(path string, spec probe.Spec) {
	if _, err := probe.New(spec); err != nil {
		d.wrong(path, err.Error())
	}
}

func (d *decoder) checkSchedule(s *Service) {
	if s.Has("type") && !s.Oneshot {
		d.clash(s, "type", `a longrun has no schedule; it can be "oneshot"`)
	}
	s.Oneshot = true
	if s.Schedule == nil {
		return
	}
	if !s.Has("schedule.cron") {
		d.lacks(s, "schedule", "it needs cron")
	}
	if _, err := schedule.Zone(s.Schedule.Timezone); err != nil {
		key := "schedule.timezone"
		if !s.Has(key) {
			key = "schedule"
		}
		d.wrong(key, err.Error())
	}
	if s.Schedule.Cron != "" {
		if _, err := schedule.Parse(s.Schedule.Cron, "UTC"); err != nil {
			d.wrong("schedule.cron", err.Error())
		}
	}
}

func (d *decoder) checkConditions(s *Service) {
	for _, c := range s.Condition.Env {
		name, _, _ := strings.Cut(strings.TrimPrefix(c, "!"), "=")
		if name == "" {
			d.wrong("condition.env", "it is "+show(c)+`; it can be "NAME", "NAME=VALUE", "!NAME" or "!NAME=VALUE"`)
		}
	}
	for _, c := range s.Condition.File {
		if strings.TrimPrefix(c, "!") == "" {
			d.wrong("condition.file", "it is "+show(c)+"; it can be a path, or ! and a path")
		}
	}
}
