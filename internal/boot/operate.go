//go:build linux

package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/control"
	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/nearest"
	"github.com/sillelien/baseinit/supervisor"
)

// operator is what the control socket asks of a container: a control.Backend.
type operator struct{ *Container }

// errEnding is for what comes too late.
var errEnding = errors.New("the container is being stopped")

// supervisor gives the one that runs the services, or the last that did, if there has been
// one yet.
func (o operator) supervisor() (*supervisor.Supervisor, error) {
	select {
	case <-o.served:
		return o.serving.Load(), nil
	default:
	}
	if o.requests[0].Err() != nil {
		return nil, errEnding
	}
	return nil, fmt.Errorf("the services are not there yet: the container is at %s", o.Stage())
}

// awaitSupervisor is supervisor once there is one.
func (o operator) awaitSupervisor(ctx context.Context) (*supervisor.Supervisor, error) {
	select {
	case <-o.served:
		return o.serving.Load(), nil
	case <-o.requests[0].Done():
		return nil, errEnding
	case <-ctx.Done():
		return nil, &lateError{"the services are not there in time: the container is at " + o.Stage(), ctx.Err()}
	}
}

// explain says of an error of the supervisor's what a person needs to know.
func (o operator) explain(err error, name string, sup *supervisor.Supervisor) error {
	switch {
	case errors.Is(err, supervisor.ErrUnknown):
		return o.unknown(name, sup)
	case errors.Is(err, supervisor.ErrEnded):
		return errEnding
	}
	return err
}

// unknown is what is to be said of a service that the supervisor does not know.
func (o operator) unknown(name string, sup *supervisor.Supervisor) error {
	for _, s := range o.Skipped() {
		if s.Name == name {
			return fmt.Errorf("%s is skipped: %s", name, s.Reason)
		}
	}
	var names []string
	all, _ := sup.Status()
	for i := range all {
		names = append(names, all[i].Name)
	}
	return fmt.Errorf("%w: %q%s", control.ErrUnknown, name, nearest.Hint(name, names))
}

// picture is all that is known of the services at one moment.
type picture struct {
	statuses []supervisor.Status
	services map[string]*supervisor.Service // by their names
}

// look asks the supervisor, for all who want to know at the same time once.
func (o operator) look(sup *supervisor.Supervisor) picture {
	return o.pictures.Get(func() picture {
		p := picture{services: map[string]*supervisor.Service{}}
		p.statuses, _ = sup.Status()
		all := sup.Services()
		for i := range all {
			p.services[all[i].Name] = &all[i]
		}
		return p
	})
}

// Status tells of the services.
func (o operator) Status(names []string, usage bool) (api.Status, error) {
	answer := api.Status{Container: o.about()}
	sup, err := o.supervisor()
	switch {
	case err != nil && len(names) > 0:
		return answer, err
	case err == nil:
		p := o.look(sup)
		all := o.services(&p)
		if len(names) == 0 {
			answer.Services = all
		}
		for _, name := range names {
			i := slices.IndexFunc(all, func(s api.Service) bool { return s.Name == name })
			if i < 0 {
				return answer, o.unknown(name, sup)
			}
			answer.Services = append(answer.Services, all[i])
		}
	}
	if usage {
		o.addUsage(&answer)
	}
	return answer, nil
}

// services are all that there are, and those that are skipped. CMD is the last.
func (o operator) services(p *picture) (all []api.Service) {
	for i := range p.statuses {
		s := describe(&p.statuses[i], p.services)
		if next, schedule, is := o.NextRun(s.Name); is {
			s.Schedule = schedule
			if s.NextStart == nil {
				t := next.UTC()
				s.NextStart = &t
			}
			if o.waitsForItsTime(&p.statuses[i]) {
				s.State = stateScheduled
			}
		}
		all = append(all, s)
	}
	at := len(all)
	if at > 0 && all[at-1].Name == commandName {
		at--
	}
	for _, s := range o.Skipped() {
		all = slices.Insert(all, at, api.Service{Name: s.Name, State: "skipped", Reason: s.Reason, Since: s.Since.UTC()})
		at++
	}
	return all
}

// stateScheduled is the state of a service that is down and is started at its next time.
const stateScheduled = "scheduled"

// waitsForItsTime tells whether a service is in that state.
func (c *Container) waitsForItsTime(st *supervisor.Status) bool {
	_, _, is := c.NextRun(st.Name)
	return is && st.State == supervisor.StateDown && !st.Wanted
}

func (o operator) about() api.Container {
	began := o.Began()
	version := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	return api.Container{
		PID: os.Getpid(), Version: version, Stage: o.Stage(),
		Started: began.UTC(), Uptime: seconds(time.Since(began)),
	}
}

// describe is a status as the API has it.
func describe(st *supervisor.Status, services map[string]*supervisor.Service) api.Service {
	def := services[st.Name]
	if def == nil { // it was added in between
		def = &supervisor.Service{}
	}
	s := api.Service{
		Name: st.Name, State: st.State.String(), Since: st.Since.UTC(), Wanted: st.Wanted,
		Ready:   st.State == supervisor.StateReady || st.State == supervisor.StateDone && def.Oneshot,
		Oneshot: def.Oneshot, Critical: def.Critical, Health: st.Health.String(),
		Text: st.Text, PID: st.PID, WaitingFor: st.WaitingFor, Restarts: st.Restarts,
	}
	if st.Health == supervisor.HealthBad {
		s.Reason = st.HealthText
	}
	if !st.StartedAt.IsZero() {
		t := st.StartedAt.UTC()
		s.Started = &t
		if st.PID > 0 {
			s.Uptime = seconds(time.Since(t))
		}
		if !st.ReadyAt.IsZero() {
			s.ReadyAfter = seconds(st.ReadyAt.Sub(st.StartedAt))
		}
	}
	if !st.NextStart.IsZero() {
		t := st.NextStart.UTC()
		s.NextStart = &t
	}
	if st.LastExit != nil {
		s.LastExit = &api.Exit{Code: st.LastExit.Code, Reason: st.LastExit.String()}
		if st.LastExit.Signal != 0 {
			s.LastExit.Signal = signalName(st.LastExit.Signal)
		}
	}
	return s
}

// on does something with a service.
func (o operator) on(name string, do func(*supervisor.Supervisor) error) error {
	sup, err := o.supervisor()
	if err != nil {
		return err
	}
	return o.explain(do(sup), name, sup)
}

// Start wants a service up.
func (o operator) Start(name string) error {
	return o.on(name, func(sup *supervisor.Supervisor) error { return sup.Start(name) })
}

// Stop wants a service down. To stop CMD is to stop the container.
func (o operator) Stop(name string) error {
	return o.on(name, func(sup *supervisor.Supervisor) error { return sup.Stop(name) })
}

// Restart wants another run of a service.
func (o operator) Restart(name string) error {
	return o.on(name, func(sup *supervisor.Supervisor) error { return sup.Restart(name) })
}

// Signal sends a signal to the process of a service.
func (o operator) Signal(name string, sig syscall.Signal) error {
	return o.on(name, func(sup *supervisor.Supervisor) error { return sup.Signal(name, sig) })
}

// Reload is the Container's, as an event, too.
func (o operator) Reload(context.Context) (api.Reloaded, error) {
	if _, err := o.supervisor(); err != nil {
		return api.Reloaded{}, err
	}
	if o.requests[0].Err() != nil {
		return api.Reloaded{}, errEnding
	}
	done, err := o.Container.Reload()
	if err != nil {
		return done, fmt.Errorf("nothing is changed: %w", err)
	}
	text := fmt.Sprintf("the services were read again: %d added, %d removed, %d changed", len(done.Added), len(done.Removed), len(done.Replaced))
	o.events.add(api.Event{Time: time.Now().UTC(), Kind: "reloaded", Text: text})
	return done, nil
}

// Environ is the environment of a service that were started now.
func (o operator) Environ(name string) ([]string, error) {
	env := slices.Clone(o.run.environ())
	if name == "" {
		return env, nil
	}
	sup, err := o.supervisor()
	if err != nil {
		return nil, err
	}
	s, found := o.look(sup).services[name]
	if !found {
		return nil, o.unknown(name, sup)
	}
	for _, entry := range s.Env { // the last of equal names wins
		variable, _, _ := strings.Cut(entry, "=")
		env = slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, variable+"=") })
		env = append(env, entry)
	}
	return env, nil
}

// Metrics writes what is counted.
func (o operator) Metrics(w io.Writer) error {
	if o.cfg.Metrics == nil {
		return errors.New("nothing is counted")
	}
	return o.cfg.Metrics(w)
}
