package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/sillelien/baseinit/supervisor"
)

func TestFunc(t *testing.T) {
	t.Parallel()
	notify := supervisor.Readiness{Notify: true}
	for _, tc := range []struct {
		name      string
		readiness supervisor.Readiness
		f         func(context.Context, supervisor.Notifier) error
		want      string
	}{
		{
			"runs until it is told to end",
			supervisor.Readiness{},
			func(ctx context.Context, _ supervisor.Notifier) error { <-ctx.Done(); return ctx.Err() },
			"0 started|10 stops: SIGTERM|10 exited with code 0 after 10s|10 stopped",
		},
		{
			"says when it is ready", notify,
			func(ctx context.Context, n supervisor.Notifier) error {
				time.Sleep(2 * time.Second)
				n.Status("about to be ready")
				n.Ready()
				n.Ready()
				<-ctx.Done()
				return nil
			},
			"0 started|2 says about to be ready|2 ready after 2s|10 stops: SIGTERM|10 exited with code 0 after 10s|10 stopped",
		},
		{
			"is ready at once", notify,
			func(ctx context.Context, n supervisor.Notifier) error { n.Ready(); <-ctx.Done(); return nil },
			"0 started|0 ready after 0s|10 stops: SIGTERM|10 exited with code 0 after 10s|10 stopped",
		},
		{
			"takes its time to end",
			supervisor.Readiness{},
			func(ctx context.Context, n supervisor.Notifier) error {
				<-ctx.Done()
				n.Status("cleaning up")
				time.Sleep(2 * time.Second)
				return fmt.Errorf("wrapped: %w", ctx.Err())
			},
			"0 started|10 stops: SIGTERM|10 says cleaning up|12 exited with code 0 after 12s|12 stopped",
		},
		{
			"returns",
			supervisor.Readiness{},
			func(context.Context, supervisor.Notifier) error { time.Sleep(time.Second); return nil },
			"0 started|1 exited with code 0 after 1s|1 completed",
		},
		{
			"fails",
			supervisor.Readiness{},
			func(context.Context, supervisor.Notifier) error { time.Sleep(time.Second); return errors.New("broken") },
			"0 started|1 broken|1 failed for good: broken",
		},
		{
			"fails by the end of a context of its own",
			supervisor.Readiness{},
			func(ctx context.Context, _ supervisor.Notifier) error {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				<-ctx.Done()
				return ctx.Err()
			},
			"0 started|1 context deadline exceeded|1 failed for good: context deadline exceeded",
		},
		{
			"fails while it ends",
			supervisor.Readiness{},
			func(ctx context.Context, _ supervisor.Notifier) error {
				<-ctx.Done()
				return errors.New("cannot clean up")
			},
			"0 started|10 stops: SIGTERM|10 cannot clean up|10 stopped",
		},
		{
			"panics",
			supervisor.Readiness{},
			func(context.Context, supervisor.Notifier) error { time.Sleep(time.Second); panic("oh dear") },
			"0 started|1 panicked: oh dear|1 failed for good: panicked: oh dear",
		},
		{
			"ends its goroutine",
			supervisor.Readiness{},
			func(context.Context, supervisor.Notifier) error {
				time.Sleep(time.Second)
				runtime.Goexit()
				return nil
			},
			"0 started|1 ended its goroutine|1 failed for good: ended its goroutine",
		},
		{
			"ignores its context",
			supervisor.Readiness{},
			func(_ context.Context, n supervisor.Notifier) error {
				time.Sleep(30 * time.Second)
				n.Ready()
				n.Status("nobody listens")
				return nil
			},
			"0 started|10 stops: SIGTERM|13 did not end within 3s: killed|15 cannot be killed: it is left behind|" +
				"15 did not return when its context ended|15 stopped",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			x := supervisor.Service{Name: "x", Func: tc.f, Readiness: tc.readiness, Restart: supervisor.RestartNever}
			s := simulate(t, supervisor.Config{Services: []supervisor.Service{x}}, nil, func(s *sim) {
				s.sec(10)
				s.stop(nil)
				s.do(s.end())
				s.sec(40)
			})
			s.want(t, "x", tc.want)
		})
	}
}

// TestFuncHasNoProcess asks for what only processes have.
func TestFuncHasNoProcess(t *testing.T) {
	t.Parallel()
	x := supervisor.Service{Name: "x", Func: func(ctx context.Context, n supervisor.Notifier) error {
		n.Status("busy")
		<-ctx.Done()
		return nil
	}}
	simulate(t, supervisor.Config{Services: []supervisor.Service{x}}, nil, func(s *sim) {
		s.sec(1)
		st, err := s.Status("x")
		if err != nil || st[0].PID != 0 || st[0].Text != "busy" || st[0].State != supervisor.StateReady {
			t.Errorf("x is %+v, %v", st, err)
		}
		if err := s.Signal("x", syscall.SIGHUP); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Signal: %v", err)
		}
		s.do(s.SignalGroup("x", syscall.SIGCONT)) // which ends nothing
		s.sec(2)
		if have := s.state("x"); have != supervisor.StateReady {
			t.Errorf("x is %s", have)
		}
		s.do(s.Restart("x"))
		s.sec(3)
		if diff := len(s.times("x", "started")); diff != 2 {
			t.Errorf("x was started %d times", diff)
		}
	})
}

// TestFuncHasAFinishProgram runs it with 0 for the process group.
func TestFuncHasAFinishProgram(t *testing.T) {
	t.Parallel()
	x := supervisor.Service{
		Name: "x", Finish: []string{"/finish"}, Restart: supervisor.RestartNever,
		Func: func(context.Context, supervisor.Notifier) error { return errors.New("broken") },
	}
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{x}}, behaviours{"x finish 1 0": {after(2, 0)}},
		func(s *sim) { s.sec(5) })
	s.want(t, "x", "0 started|0 broken|2 finish exited with code 0|2 failed for good: broken")
}
