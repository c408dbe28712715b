package s6

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sillelien/baseinit/envdir"
	"github.com/sillelien/baseinit/internal/credential"
	"github.com/sillelien/baseinit/internal/probe"
	"github.com/sillelien/baseinit/internal/servicefile"
	"github.com/sillelien/baseinit/supervisor"
)

// self is what is executed to become something else first: see credential.Spec.Wrap.
const self = "/proc/self/exe"

// saidTwice are the files of a service directory, each with the key that says the same.
func saidTwice(file string) []string {
	switch file {
	case "run":
		return []string{"command"}
	case "finish", "down", "critical":
		return []string{file}
	case "notification-fd":
		return []string{"ready"}
	case "timeout-finish":
		return []string{"finish_timeout"}
	case "timeout-kill":
		return []string{"stop.timeout"}
	case "down-signal":
		return []string{"stop.signal"}
	case "max-restarts":
		return []string{"max_restarts", "restart_window"}
	case "dependencies", "dependencies.d":
		return []string{"requires"}
	}
	return nil
}

// tomlFile is a service.toml on its way into a service.
type tomlFile struct {
	*servicefile.Service
	path     string
	defaults *Defaults
	env      []string // of the service alone
	dir      string   // where its commands run
	who      credential.Spec
}

// toml adds what service.toml says, and gives it. If anything is wrong with it, all that is
// said and nothing is added.
func (t *tree) toml(s *supervisor.Service, files []fs.DirEntry) *servicefile.Service {
	path := filepath.Join(s.Dir, servicefile.Name)
	said, problems, err := servicefile.Read(path)
	if err != nil {
		t.fail(s.Name, path, err)
		return nil
	}
	for _, f := range files {
		for _, key := range saidTwice(f.Name()) {
			if said.Has(key) {
				problems = append(problems, servicefile.Problem{
					File: path, Place: said.At(key), Key: key, Text: "the file " + f.Name() + " beside it says that, too; keep one of them",
				})
			}
		}
	}
	for _, p := range problems {
		t.fail(s.Name, path, p)
	}
	f := tomlFile{Service: &said, path: path, defaults: &t.defaults}
	f.dir = cmp.Or(f.Workdir, s.Dir)
	f.dir = servicefile.Path(s.Dir, f.dir)
	if f.env, err = f.Environ(s.Dir); err != nil {
		t.lack(s.Name, path, fmt.Errorf("cannot use %s: %w", path, err))
	}
	if s.Command == nil && !f.Has("command") && len(problems) == 0 {
		t.lack(s.Name, path, fmt.Errorf("cannot use %s: it has no command, and there is no run file beside it", path))
	}
	if t.broken[s.Name] {
		return nil
	}
	f.who = f.credential()
	f.commands(s)
	f.policy(s)
	f.stopping(s)
	if err := f.readiness(s); err != nil {
		t.fail(s.Name, path, fmt.Errorf("cannot use %s: %w", path, err))
		return nil
	}
	if t.files == nil {
		t.files = map[string]*servicefile.Service{}
	}
	t.files[s.Name] = f.Service
	return f.Service
}

// credential is who all commands of the service run as.
func (f *tomlFile) credential() credential.Spec {
	user, group, _ := strings.Cut(f.User, ":")
	who := credential.Spec{
		User: user, Group: cmp.Or(f.Group, group), Nice: f.Nice, OOMScoreAdj: f.OOMScoreAdj, Explicit: f.env, Rlimits: f.Limits,
	}
	if f.Has("groups") {
		who.Groups = append([]string{}, f.Groups...)
	}
	if f.Umask != nil {
		who.Umask = new(uint32(*f.Umask))
	}
	if f.Has("capabilities") {
		who.Capabilities = new(append([]string{}, f.Capabilities...))
	}
	if f.NoNewPrivs {
		who.NoNewPrivs = new(true)
	}
	if f.CleanEnv {
		who.Variables = new(f.variables())
	}
	return who
}

// variables are the names of all that a clean environment holds.
func (f *tomlFile) variables() []string {
	names := []string{"PATH", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "MAINPID"}
	for _, entry := range f.env {
		name, _, _ := strings.Cut(entry, "=")
		names = append(names, name)
	}
	return names
}

// commands are what is run, as whom, where, with which environment. Scripts of the
// directory are found from any working directory.
func (f *tomlFile) commands(s *supervisor.Service) {
	if f.Workdir != "" {
		for _, words := range [][]string{s.Command, s.Finish} {
			for i, w := range words {
				if w == "./run" || w == "./finish" {
					words[i] = filepath.Join(s.Dir, w)
				}
			}
		}
	}
	if f.Command != nil {
		s.Command = f.Command
	}
	if f.Finish != nil {
		s.Finish = f.Finish
	}
	s.Undo, s.StopCommand = f.Undo, f.Stop.Command
	for _, words := range []*[]string{&s.Command, &s.Finish, &s.Undo, &s.StopCommand} {
		if *words != nil {
			s.Program, *words = f.who.Wrap(self, *words)
		}
	}
	s.Env = f.env
}

func (f *tomlFile) policy(s *supervisor.Service) {
	s.Oneshot = f.Oneshot
	s.Down = s.Down || f.Down || f.Schedule != nil && !f.Schedule.RunAtStart
	s.Critical = s.Critical || f.Critical
	if f.Restart != supervisor.RestartDefault {
		s.Restart = f.Restart
	}
	if f.MaxRestarts > 0 {
		s.MaxRestarts, s.RestartWindow = f.MaxRestarts, f.RestartWindow
	}
	s.Backoff.Initial, s.Backoff.Max = f.BackoffMin, f.BackoffMax
	if f.BackoffMax > 0 && f.BackoffMin == 0 {
		s.Backoff.Initial = min(defaultBackoff, f.BackoffMax)
	}
	s.SuccessCodes, s.StartTimeout = f.SuccessCodes, f.StartTimeout
	s.Requires = append(s.Requires, f.Requires...)
	s.After = append(s.After, f.After...)
}

func (f *tomlFile) stopping(s *supervisor.Service) {
	if f.Stop.Signal != 0 {
		s.StopSignal = f.Stop.Signal
	}
	if f.Has("stop.timeout") {
		s.StopTimeout, s.PatientStop = cmp.Or(f.Stop.Timeout, -1), false
	}
	if f.Has("finish_timeout") {
		s.FinishTimeout = cmp.Or(f.FinishTimeout, noLimit)
	}
	s.KeepLeftovers = f.Stop.KeepLeftovers
}

// readiness is that, and health, and what both read of the output.
func (f *tomlFile) readiness(s *supervisor.Service) error {
	r := &s.Readiness
	if f.Ready.NotifyFD != 0 {
		r.FD = f.Ready.NotifyFD
	}
	r.Notify, r.ProbeInterval, r.ProbeTimeout = f.Ready.SDNotify, f.Ready.Interval, f.Ready.ProbeTimeout
	s.ReadyTimeout, s.Watchdog = f.Ready.Timeout, f.Ready.Watchdog
	s.Output, s.JoinLines = f.Log.Format, f.Log.Join
	if f.Ready.Log != nil {
		r.Line = f.Ready.Log.Match
	}
	if (r.Line != nil || s.JoinLines) && s.Output == supervisor.OutputDefault && f.defaults.Output == supervisor.OutputRaw {
		s.Output = supervisor.OutputPlain
	}
	var err error
	if f.Ready.Kind() != "" {
		if r.Probe, _, err = f.probe(f.Ready.Probe); err != nil {
			return err
		}
	}
	for _, c := range f.Health {
		h := supervisor.HealthCheck{
			Name: c.Name, Interval: c.Interval, Timeout: c.Timeout,
			Threshold: c.Threshold, StartPeriod: c.StartPeriod, Action: c.Action,
		}
		name := ""
		if h.Probe, name, err = f.probe(c.Probe); err != nil {
			return err
		}
		h.Name = cmp.Or(c.Name, name)
		s.Health = append(s.Health, h)
	}
	return nil
}

// probe makes a question of what the file says, and gives its name. A command has the
// environment that the service would have if it were started now.
func (f *tomlFile) probe(p servicefile.Probe) (ask func(context.Context) error, name string, err error) {
	spec := probe.Spec{
		TCP: p.TCP, HTTP: p.HTTP, Status: p.Status, Headers: p.Headers, File: p.File, Exec: p.Exec, Dir: f.dir,
	}
	asked, err := probe.New(spec)
	if err != nil {
		return nil, "", err
	}
	if p.Exec == nil {
		return asked.Run, asked.Name(), nil
	}
	spec.Program, spec.Exec = f.who.Wrap(self, p.Exec)
	environ := f.defaults.Environ
	return func(ctx context.Context) error {
		spec := spec
		if environ != nil {
			spec.Env = environ()
		}
		spec.Env = overlay(spec.Env, f.env)
		asked, err := probe.New(spec)
		if err != nil {
			return err
		}
		return asked.Run(ctx)
	}, asked.Name(), nil
}

// overlay is an environment with other variables, those that win last.
func overlay(base, over []string) []string {
	vars := make(envdir.Env, 0, len(over))
	for _, entry := range over {
		name, value, _ := strings.Cut(entry, "=")
		vars = append(vars, envdir.Var{Name: name, Value: value})
	}
	return envdir.Overlay(base, vars)
}

// requirer is what makes a service depend on name: a file, or a place in service.toml.
func (t *tree) requirer(s *supervisor.Service, name string) string {
	if f := t.files[s.Name]; f != nil && slices.Contains(f.Requires, name) {
		return filepath.Join(s.Dir, servicefile.Name) + ":" + f.At("requires").String()
	}
	return DependencyFile(s.Dir, name)
}
