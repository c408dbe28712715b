//go:build linux

package boot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sillelien/baseinit/internal/control"
	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/supervisor"
)

// Await waits until a service is what goal says. It may be called before there are services.
func (o operator) Await(ctx context.Context, name string, goal control.Goal) error {
	sup, err := o.awaitSupervisor(ctx)
	if err != nil {
		return err
	}
	st, err := sup.Wait(ctx, name, func(st supervisor.Status) bool {
		reached, hopeless := judge(goal, &st)
		return reached || hopeless && (goal == control.Started || !o.waitsForItsTime(&st))
	})
	switch {
	case err == nil:
		if reached, _ := judge(goal, &st); !reached {
			return fmt.Errorf("%s is not %s: %s", name, goal, plight(&st))
		}
		if goal == control.Started {
			return o.survives(ctx, sup, &st)
		}
		return nil
	case errors.Is(err, supervisor.ErrUnknown), errors.Is(err, supervisor.ErrEnded):
		return o.explain(err, name, sup)
	}
	all, serr := sup.Status(name)
	if serr != nil {
		return o.explain(serr, name, sup)
	}
	how := plight(&all[0])
	if o.waitsForItsTime(&all[0]) {
		how = "it is " + stateScheduled
	}
	return &lateError{fmt.Sprintf("%s is not %s in time: %s", name, goal, how), ctx.Err()}
}

// lateError is the end of a ctx, in words that say more.
type lateError struct {
	text string
	err  error
}

func (e *lateError) Error() string { return e.text }
func (e *lateError) Unwrap() error { return e.err }

// firstMoment is how long a service must run that does not say when it is ready, before its
// start has worked.
const firstMoment = 250 * time.Millisecond

// survives waits whether a service that counts as ready since it runs does so for a moment.
func (o operator) survives(ctx context.Context, sup *supervisor.Supervisor, st *supervisor.Status) error {
	def := o.look(sup).services[st.Name]
	if st.State != supervisor.StateReady || def == nil || !isPlain(def) {
		return nil
	}
	ctx, cancel := context.WithDeadline(ctx, st.StartedAt.Add(firstMoment))
	defer cancel()
	now, err := sup.Wait(ctx, st.Name, func(now supervisor.Status) bool { return now.State != supervisor.StateReady || now.PID != st.PID })
	if err != nil { // it was not to be seen
		return nil //nolint:nilerr // which is what was hoped for
	}
	return fmt.Errorf("%s is not ready: %s", st.Name, plight(&now))
}

// isPlain tells whether a service is ready because it runs.
func isPlain(s *supervisor.Service) bool {
	r := &s.Readiness
	return !s.Oneshot && r.FD == 0 && !r.Notify && r.Probe == nil && r.Line == nil
}

// judge tells whether a service is what goal says, or cannot become it by itself.
func judge(goal control.Goal, st *supervisor.Status) (reached, hopeless bool) {
	atRest := st.State == supervisor.StateFailed || st.State == supervisor.StateDown && !st.Wanted
	switch goal {
	case control.Down:
		return st.State == supervisor.StateDown || st.State == supervisor.StateDone || st.State == supervisor.StateFailed, false
	case control.Done:
		return st.State == supervisor.StateDone, atRest
	case control.Started:
		return st.State == supervisor.StateReady || st.State == supervisor.StateDone, atRest || st.State == supervisor.StateBackingOff
	}
	return st.State == supervisor.StateReady || st.State == supervisor.StateDone, atRest
}

// plight is how a service is, in words that come after its name.
func plight(st *supervisor.Status) string {
	text := "it is " + st.State.String()
	switch {
	case st.State == supervisor.StateWaiting && len(st.WaitingFor) > 0:
		return text + " for " + strings.Join(st.WaitingFor, ", ")
	case (st.State == supervisor.StateFailed || st.State == supervisor.StateBackingOff) && st.LastExit != nil:
		return text + ", it " + st.LastExit.String()
	case st.Text != "":
		return text + " (" + st.Text + ")"
	}
	return text
}

// Healthy tells whether the boot is over, nothing is being stopped, and each service that is
// wanted is ready or done; or whether that is so of the services that are named.
func (o operator) Healthy(names []string) (api.Healthy, error) {
	var reasons []string
	if len(names) == 0 {
		switch stage := o.Stage(); stage {
		case api.StageUp:
		case api.StageStop, api.StageFinish:
			reasons = append(reasons, "the container is being stopped")
		default:
			reasons = append(reasons, "the boot is not over: it is at "+stage)
		}
	}
	sup, err := o.supervisor()
	if err != nil {
		if len(names) > 0 {
			reasons = append(reasons, err.Error())
		}
		return api.Healthy{Reasons: reasons}, nil
	}
	all, err := sup.Status(names...)
	if err != nil {
		for _, name := range names {
			if _, err := sup.Status(name); err != nil {
				return api.Healthy{}, o.explain(err, name, sup)
			}
		}
		return api.Healthy{}, err
	}
	for i := range all {
		if reason := unwell(&all[i], len(names) > 0 && !o.waitsForItsTime(&all[i])); reason != "" {
			reasons = append(reasons, all[i].Name+" "+reason)
		}
	}
	return api.Healthy{OK: len(reasons) == 0, Reasons: reasons}, nil
}

// unwell is why a service is not well, to come after its name; "" if it is. One that is down
// because nobody wants it is well, unless it was asked for.
func unwell(st *supervisor.Status, named bool) string {
	switch {
	case st.State == supervisor.StateDown && !st.Wanted && !named:
		return ""
	case st.Health == supervisor.HealthBad:
		return "is unhealthy: " + st.HealthText
	case st.State == supervisor.StateReady, st.State == supervisor.StateDone:
		return ""
	}
	return "is not ready: " + plight(st)
}
