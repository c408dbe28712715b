package s6_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/supervisor"
)

// withoutProbes takes out what cannot be compared, and tells how many there were.
func withoutProbes(s *supervisor.Service) (probes int) {
	if s.Readiness.Probe != nil {
		probes++
	}
	s.Readiness.Probe, s.Readiness.Line = nil, nil
	s.Health = slices.Clone(s.Health)
	for i := range s.Health {
		if s.Health[i].Probe != nil {
			probes++
		}
		s.Health[i].Probe = nil
	}
	return probes
}

// TestServiceTOML: a service.toml, and what it makes of a service.
func TestServiceTOML(t *testing.T) {
	t.Parallel()
	plain := supervisor.Service{Name: "a", Dir: "a", Command: []string{"web"}, StopTimeout: 9 * time.Second, PatientStop: true}
	for name, test := range map[string]struct {
		text   string
		tree   files // besides
		want   func(*supervisor.Service)
		probes int
	}{
		"a command": {`command = ["web"]`, nil, func(*supervisor.Service) {}, 0},
		"beside run": {
			"critical = true",
			files{"a/run": shell},
			func(s *supervisor.Service) { s.Command, s.Critical = []string{"./run", "a"}, true }, 0,
		},
		"run elsewhere": {
			"workdir = \"/srv\"",
			files{"a/run": shell, "a/finish": shell},
			func(s *supervisor.Service) {
				s.Command, s.Finish = []string{"DIR/a/run", "a"}, []string{"DIR/a/finish"}
			}, 0,
		},
		"as somebody": {
			"command = [\"web\"]\nuser = \"u:g\"\numask = \"077\"\nstop.command = [\"stop\"]", nil,
			func(s *supervisor.Service) {
				become := []string{"baseinit-become", "-u", "u", "-g", "g", "-m", "77", "--"}
				s.Program, s.Command = "/proc/self/exe", slices.Concat(become, []string{"web"})
				s.StopCommand = slices.Concat(become, []string{"stop"})
			}, 0,
		},
		"clean": {
			"command = [\"web\"]\nclean_env = true\nenv.A = 1", nil,
			func(s *supervisor.Service) {
				s.Program, s.Env = "/proc/self/exe", []string{"A=1"}
				s.Command = []string{"baseinit-become", "-E", "PATH,NOTIFY_SOCKET,WATCHDOG_USEC,WATCHDOG_PID,MAINPID,A", "--", "web"}
			}, 0,
		},
		"a oneshot": {
			"command = [\"web\"]\ntype = \"oneshot\"\nundo = [\"off\"]\nfinish_timeout = \"0s\"", nil,
			func(s *supervisor.Service) { s.Oneshot, s.Undo, s.FinishTimeout = true, []string{"off"}, -1 }, 0,
		},
		"a schedule":  {"command = [\"web\"]\nschedule.cron = \"@daily\"", nil, func(s *supervisor.Service) { s.Oneshot, s.Down = true, true }, 0},
		"and at once": {"command = [\"web\"]\nschedule = { cron = \"@daily\", run_at_start = true }", nil, func(s *supervisor.Service) { s.Oneshot = true }, 0},
		"no time":     {"command = [\"web\"]\nstop.timeout = \"0s\"", nil, func(s *supervisor.Service) { s.StopTimeout, s.PatientStop = -1, false }, 0},
		"a signal":    {"command = [\"web\"]\nstop.signal = \"INT\"", nil, func(s *supervisor.Service) { s.StopSignal = syscall.SIGINT }, 0},
		"a short pause": {"command = [\"web\"]\nbackoff_max = \"1ms\"", nil, func(s *supervisor.Service) {
			s.Backoff = supervisor.Backoff{Initial: time.Millisecond, Max: time.Millisecond}
		}, 0},
		"a long pause": {"command = [\"web\"]\nbackoff_max = \"1m\"", nil, func(s *supervisor.Service) { s.Backoff = supervisor.Backoff{Initial: time.Second, Max: time.Minute} }, 0},
		"critical, thrice": {
			"command = [\"web\"]\ncritical = true\nmax_restarts = 3", nil,
			func(s *supervisor.Service) { s.Critical, s.MaxRestarts, s.Restart = true, 3, supervisor.RestartAlways }, 0,
		},
		"critical and modest": {
			"command = [\"web\"]\ncritical = true\nmax_restarts = 3\nrestart = \"on-failure\"", nil,
			func(s *supervisor.Service) {
				s.Critical, s.MaxRestarts, s.Restart = true, 3, supervisor.RestartOnFailure
			}, 0,
		},
		"ready by probe": {
			"command = [\"web\"]\n[ready]\ntcp = \"h:1\"\ninterval = \"1s\"\nprobe_timeout = \"2s\"\ntimeout = \"3s\"", nil,
			func(s *supervisor.Service) {
				s.Readiness.ProbeInterval, s.Readiness.ProbeTimeout, s.ReadyTimeout = time.Second, 2*time.Second, 3*time.Second
			}, 1,
		},
		"joined lines":  {"command = [\"web\"]\nlog.join = true", nil, func(s *supervisor.Service) { s.Output, s.JoinLines = supervisor.OutputPlain, true }, 0},
		"joined, json":  {"command = [\"web\"]\nlog = { join = true, format = \"json\" }", nil, func(s *supervisor.Service) { s.Output, s.JoinLines = supervisor.OutputJSON, true }, 0},
		"ready by line": {"command = [\"web\"]\nready.log = \"x\"", nil, func(s *supervisor.Service) { s.Output = supervisor.OutputPlain }, 0},
		"health": {
			"command = [\"web\"]\n[[health]]\nhttp = \"http://h/x\"\naction = \"stop\"\n[[health]]\nname = \"n\"\nexec = [\"ask\", \"it\"]\n[[health]]\nexec = [\"ask\", \"it\"]", nil,
			func(s *supervisor.Service) {
				s.Health = []supervisor.HealthCheck{{Name: "http h/x", Action: supervisor.HealthStop}, {Name: "n"}, {Name: "exec ask it"}}
			}, 3,
		},
		"requires": {"command = [\"web\"]\nrequires = [\"b\", \"base\"]\nafter = \"c\"", files{"b/run": shell}, func(s *supervisor.Service) {
			s.Requires, s.After = []string{"b"}, []string{"c"}
		}, 0},
		"a log": {"command = [\"web\"]", files{"a/log/service.toml": "command = [\"log\"]"}, func(s *supervisor.Service) { s.LogTo = "a/log" }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := maps.Clone(test.tree)
			if tree == nil {
				tree = files{}
			}
			tree["a/service.toml"] = test.text
			stamps := map[string]s6.Definition{}
			dir, services, _, err := read(t, tree, s6.Defaults{
				StopTimeout: 9 * time.Second, PatientStop: true, Output: supervisor.OutputRaw,
				Found: func(name string, d s6.Definition) { stamps[name] = d },
			})
			ok(t, err)
			want := plain
			test.want(&want)
			for _, words := range [][]string{want.Command, want.Finish} {
				for i, w := range words {
					if filepath.Dir(w) == "DIR/a" {
						words[i] = filepath.Join(dir, w[len("DIR/"):])
					}
				}
			}
			if probes := withoutProbes(&services[0]); probes != test.probes {
				t.Errorf("%d probes, want %d", probes, test.probes)
			}
			if d := cmp.Diff(want, services[0], cmpopts.EquateEmpty()); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if d := stamps["a"]; d.File == nil || d.Stamp == "" {
				t.Errorf("its definition is %+v", d)
			}
		})
	}
}

func TestServiceTOMLWrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tree files
		want []string
	}{
		"a mistake":       {files{"a/service.toml": "nice = 99"}, []string{"a/service.toml:1:8: nice: it is 99"}},
		"two":             {files{"a/service.toml": "nice = 99\nnise = 9"}, []string{":1:8: nice", ":2:1: nise"}},
		"no command":      {files{"a/service.toml": "nice = 9"}, []string{"a/service.toml: it has no command, and there is no run file beside it"}},
		"two commands":    {files{"a/service.toml": "command = [\"x\"]", "a/run": shell}, []string{"a/service.toml:1:1: command: the file run beside it says that, too"}},
		"two finishes":    {files{"a/service.toml": "finish = [\"x\"]", "a/run": shell, "a/finish": shell}, []string{":1:1: finish: the file finish beside"}},
		"two downs":       {files{"a/service.toml": "down = false", "a/run": shell, "a/down": ""}, []string{":1:1: down: the file down beside"}},
		"ready twice":     {files{"a/service.toml": "[ready]\nfile = \"x\"", "a/run": shell, "a/notification-fd": "3"}, []string{":1:2: ready: the file notification-fd beside"}},
		"two limits":      {files{"a/service.toml": "stop.timeout = \"1s\"", "a/run": shell, "a/timeout-kill": "3"}, []string{"stop.timeout: the file timeout-kill"}},
		"two more":        {files{"a/service.toml": "finish_timeout = \"1s\"", "a/run": shell, "a/timeout-finish": "3"}, []string{"finish_timeout: the file timeout-finish"}},
		"two signals":     {files{"a/service.toml": "stop.signal = 1", "a/run": shell, "a/down-signal": "3"}, []string{"stop.signal: the file down-signal"}},
		"two counts":      {files{"a/service.toml": "max_restarts = 1", "a/run": shell, "a/max-restarts": "3"}, []string{"max_restarts: the file max-restarts"}},
		"two lists":       {files{"a/service.toml": "requires = []", "a/run": shell, "a/dependencies.d/base": ""}, []string{"requires: the file dependencies.d"}},
		"on nothing":      {files{"a/service.toml": "\nrequires = \"no\"", "a/run": shell}, []string{`a/service.toml:2:1: there is no service "no" to depend on`}},
		"no environment":  {files{"a/service.toml": "env_file = \"no\"", "a/run": shell}, []string{"a/service.toml: cannot read ", "a/no: no such file"}},
		"is a directory":  {files{"a/service.toml": "dir:", "a/run": shell}, []string{"a/service.toml: it is a directory, not a file"}},
		"is a pipe":       {files{"a/service.toml": "fifo:", "a/run": shell}, []string{"a/service.toml: it is a FIFO, not a file"}},
		"what leads away": {files{"a/service.toml": "link:nowhere", "a/run": shell}, []string{"a/service.toml: no such file"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, services, _, err := read(t, test.tree, s6.Defaults{})
			wantError(t, err, test.want...)
			if len(services) > 0 {
				t.Errorf("services %+v, want none", services)
			}
		})
	}
}

// TestRCServiceTOML is about longruns of s6-rc.d.
func TestRCServiceTOML(t *testing.T) {
	t.Parallel()
	_, rc, _, err := plan(t, rcTree(map[string]string{"a": "longrun", "b": "longrun"}, files{"s6-rc.d/a/service.toml": "requires = \"b\"\nstop.signal = \"INT\""}))
	ok(t, err)
	i := slices.IndexFunc(rc.Services, func(s supervisor.Service) bool { return s.Name == "a" })
	if a := rc.Services[i]; a.StopSignal != syscall.SIGINT || !slices.Equal(a.Requires, []string{"b"}) || rc.Files["a"] == nil {
		t.Errorf("%+v, files %v", a, rc.Files)
	}
	_, _, _, err = plan(t, rcTree(map[string]string{"a": "longrun"}, files{"s6-rc.d/a/service.toml": "schedule.cron = \"@daily\""}))
	wantError(t, err, "a/service.toml: a oneshot or a schedule is for services.d")
}

// TestExecProbe asks as the service would.
func TestExecProbe(t *testing.T) {
	t.Parallel()
	_, services, _, err := read(t, files{
		"a/service.toml": "command = [\"x\"]\nenv.B = 2\nworkdir = \"/\"\nready.exec = 'test \"$A $B $(pwd)\" = \"1 2 /\"'",
	}, s6.Defaults{Environ: func() []string { return []string{"A=1", "B=1", "PATH=/bin:/usr/bin"} }})
	ok(t, err)
	ok(t, services[0].Readiness.Probe(context.Background()))
}

// TestStamp: another definition has another stamp, and only that.
func TestStamp(t *testing.T) {
	t.Parallel()
	dir := files{
		"a/run": shell, "a/service.toml": "env_file = [\"-more\", \"env\"]", "a/env": "A=1", "a/data/x": "", "a/dependencies.d/base": "",
	}.write(t, t.TempDir())
	stamp := func() (text string) {
		_, _, err := s6.Services(dir, s6.Defaults{Found: func(name string, d s6.Definition) {
			if name == "a" {
				text = d.Stamp
			}
		}})
		ok(t, err)
		return text
	}
	write := func(name, text string) func() {
		return func() { files{name: text}.write(t, dir) }
	}
	for _, step := range []struct {
		name    string
		do      func()
		changes bool
	}{
		{"nothing", func() {}, false},
		{"run", write("a/run", "exec:#!/bin/sh\n:\n"), true},
		{"its data", write("a/data/x", "x"), false},
		{"down", write("a/down", ""), false},
		{"a file of its own", write("a/other", ""), false},
		{"environment", write("a/env", "A=12"), true},
		{"more of it", write("a/more", "A=12"), true},
		{"a limit", write("a/timeout-kill", "1"), true},
		{"a dependency", write("a/dependencies.d/user", ""), true},
		{"a log", write("a/log/run", shell), true},
		{"the same, put there anew", func() {
			ok(t, os.WriteFile(filepath.Join(dir, "new"), []byte("#!/bin/sh\n:\n"), 0o755))
			ok(t, os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "a/run")))
		}, true},
	} {
		before := stamp()
		step.do()
		if changed := stamp() != before; changed != step.changes {
			t.Errorf("%s: changed %v, want %v", step.name, changed, step.changes)
		}
	}
}
