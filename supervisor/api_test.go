package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sillelien/baseinit/supervisor"
)

func in(state supervisor.State) func(supervisor.Status) bool {
	return func(st supervisor.Status) bool { return st.State == state }
}

func TestUnknownServices(t *testing.T) {
	t.Parallel()
	simulate(t, supervisor.Config{Services: []supervisor.Service{command("x")}}, nil, func(s *sim) {
		_, waitErr := s.Wait(s.t.Context(), "y", in(supervisor.StateReady))
		_, statusErr := s.Status("x", "y")
		for name, err := range map[string]error{
			"Start": s.Start("y"), "Stop": s.Stop("y"), "Restart": s.Restart("y"),
			"Remove": s.Remove(s.t.Context(), "y"), "Wait": waitErr, "Status": statusErr,
		} {
			if !errors.Is(err, supervisor.ErrUnknown) || err.Error() != `service "y": no such service` {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestStatus(t *testing.T) {
	t.Parallel()
	x := command("x")
	x.Backoff = calm
	y := withReadiness(command("y"))
	simulate(t, supervisor.Config{Services: []supervisor.Service{x, y, requiring("z", "y")}},
		behaviours{"x": {dies(3)}, "y": readyAfter(5)}, func(s *sim) {
			at := func(seconds float64) time.Time { return s.begun.Add(time.Duration(seconds * float64(time.Second))) }
			s.sec(2)
			all, err := s.Status()
			if err != nil {
				t.Fatal(err)
			}
			exit := failing(3)
			want := []supervisor.Status{
				{
					Name: "x", State: supervisor.StateBackingOff, Wanted: true, Restarts: 2, Since: at(1.01),
					StartedAt: at(1), ReadyAt: at(1), NextStart: at(3), LastExit: &exit,
				},
				{Name: "y", State: supervisor.StateStarting, Wanted: true, Since: at(0), StartedAt: at(0)},
				{Name: "z", State: supervisor.StateWaiting, Wanted: true, Since: at(0), WaitingFor: []string{"y"}},
			}
			if diff := cmp.Diff(want, all, cmpopts.IgnoreFields(supervisor.Status{}, "PID")); diff != "" {
				t.Errorf("Status (-want +got):\n%s", diff)
			}
			if all[0].PID != 0 || all[1].PID < supervisor.FirstFakeID || all[2].PID != 0 {
				t.Errorf("the pids are %d, %d and %d", all[0].PID, all[1].PID, all[2].PID)
			}
			s.sec(6)
			all, err = s.Status("z", "y")
			if err != nil || len(all) != 2 || all[0].Name != "z" || all[0].State != supervisor.StateReady ||
				!all[1].ReadyAt.Equal(at(5)) || !all[1].Since.Equal(at(5)) {
				t.Errorf("z and y are %+v, %v", all, err)
			}
		})
}

// TestNoPIDAfterTheProcess looks at a service whose finish program runs.
func TestNoPIDAfterTheProcess(t *testing.T) {
	t.Parallel()
	x := command("x")
	x.Finish = []string{"/finish"}
	simulate(t, supervisor.Config{Services: []supervisor.Service{x}},
		behaviours{"x": {dies(3)}, "x finish 3 0": {after(3, 0)}}, func(s *sim) {
			s.sec(1)
			st, err := s.Status("x")
			if err != nil || st[0].State != supervisor.StateEnding || st[0].PID != 0 {
				t.Errorf("x is %+v, %v", st, err)
			}
			if err := s.Signal("x", 1); err == nil || err.Error() != `cannot signal service "x": it is ending` {
				t.Errorf("Signal: %v", err)
			}
		})
}

func TestWait(t *testing.T) {
	t.Parallel()
	simulate(t, supervisor.Config{Services: []supervisor.Service{withReadiness(command("x")), command("y")}},
		behaviours{"x": readyAfter(3)}, func(s *sim) {
			st, err := s.Wait(s.t.Context(), "x", in(supervisor.StateReady))
			if err != nil || st.State != supervisor.StateReady || time.Since(s.begun) != 3*time.Second {
				t.Errorf("after %v: %v, %v", time.Since(s.begun), st.State, err)
			}
			if _, err := s.Wait(s.t.Context(), "x", in(supervisor.StateReady)); err != nil {
				t.Errorf("for what is so: %v", err)
			}

			ctx, cancel := context.WithTimeoutCause(s.t.Context(), time.Second, errors.New("no patience"))
			defer cancel()
			asked := 0
			_, err = s.Wait(ctx, "x", func(supervisor.Status) bool { asked++; return false })
			s.do(s.Restart("x"))
			s.sec(4)
			if asked != 1 {
				t.Errorf("its condition was asked %d times, want once", asked)
			}
			if err == nil || err.Error() != `cannot wait for service "x": no patience` || time.Since(s.begun) != 4*time.Second {
				t.Errorf("after the end of its context, after %v: %v", time.Since(s.begun), err)
			}

			removed := make(chan error)
			go func() {
				_, err := s.Wait(s.t.Context(), "y", in(supervisor.StateFailed))
				removed <- err
			}()
			synctest.Wait()
			s.do(s.Remove(s.t.Context(), "y"))
			if err := <-removed; !errors.Is(err, supervisor.ErrUnknown) {
				t.Errorf("for what is removed: %v", err)
			}

			ended := make(chan error)
			go func() {
				_, err := s.Wait(s.t.Context(), "x", in(supervisor.StateFailed))
				ended <- err
			}()
			stopped := make(chan error)
			go func() {
				_, err := s.Wait(s.t.Context(), "x", in(supervisor.StateDown))
				stopped <- err
			}()
			synctest.Wait()
			s.stop(nil)
			if err := <-ended; !errors.Is(err, supervisor.ErrEnded) {
				t.Errorf("for what never comes: %v", err)
			}
			if err := <-stopped; err != nil {
				t.Errorf("for what the end brings: %v", err)
			}
		})
}

func TestAdd(t *testing.T) {
	t.Parallel()
	down := command("down")
	down.Down = true
	simulate(t, supervisor.Config{Services: []supervisor.Service{command("x")}}, nil, func(s *sim) {
		s.do(s.Add(requiring("y", "x", "z"), command("z"), down))
		s.sec(1)
		for name, want := range map[string]supervisor.State{
			"x": supervisor.StateReady, "y": supervisor.StateReady, "z": supervisor.StateReady, "down": supervisor.StateDown,
		} {
			if have := s.state(name); have != want {
				t.Errorf("%s is %s, want %s", name, have, want)
			}
		}
		for want, services := range map[string][]supervisor.Service{
			`service "x": there are two of that name`:                   {command("new"), command("x")},
			`service "new": requires "nobody": no such service`:         {requiring("new", "nobody")},
			`service "new": it needs a Command or a Func, and not both`: {{Name: "new"}},
		} {
			if err := s.Add(services...); err == nil || err.Error() != want {
				t.Errorf("Add: %v, want %s", err, want)
			}
		}
		if _, err := s.Status("new"); !errors.Is(err, supervisor.ErrUnknown) {
			t.Errorf("one of the services of a failed Add is there: %v", err)
		}
	})
}

func TestRemove(t *testing.T) {
	t.Parallel()
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{command("db"), requiring("web", "db")}},
		behaviours{"web": {{DiesAfter: 2 * time.Second}}}, func(s *sim) {
			if err := s.Remove(s.t.Context(), "db"); err == nil || err.Error() != `cannot remove service "db": "web" requires it` {
				t.Errorf("what is required: %v", err)
			}
			s.do(s.Remove(s.t.Context(), "web"))
			if since := time.Since(s.begun); since != 2*time.Second {
				t.Errorf("Remove returned after %v", since)
			}
			if _, err := s.Status("web"); !errors.Is(err, supervisor.ErrUnknown) {
				t.Errorf("web is there: %v", err)
			}
			s.do(s.Add(command("web"))) // the name is free
			s.do(s.Remove(s.t.Context(), "db"))

			ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
			defer cancel()
			if err := s.Remove(ctx, "web"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("what does not end in time: %v", err)
			}
		})
	s.want(t, "db", "0 started|2 stops: SIGTERM|2 <- TERM|2 was killed by SIGTERM after 2s|2 stopped")
}

// TestRemoveLosesARace starts, or requires, the service while it is being stopped.
func TestRemoveLosesARace(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		interfere func(*sim) error
		want      string
	}{
		"somebody starts it": {
			func(s *sim) error { return s.Start("x") },
			"",
		},
		"somebody requires it": {
			func(s *sim) error {
				y := requiring("y", "x")
				y.Down = true
				return s.Add(y)
			},
			`cannot remove service "x": "y" requires it`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			simulate(t, supervisor.Config{Services: []supervisor.Service{command("x")}},
				behaviours{"x": {{DiesAfter: 2 * time.Second}}}, func(s *sim) {
					ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
					defer cancel()
					removed := make(chan error)
					go func() { removed <- s.Remove(ctx, "x") }()
					s.sec(1)
					s.do(tc.interfere(s))
					err := <-removed
					if err == nil || (tc.want != "" && err.Error() != tc.want) {
						t.Errorf("Remove: %v, want %s", err, tc.want)
					}
					if _, err := s.Status("x"); err != nil {
						t.Errorf("x: %v", err)
					}
				})
		})
	}
}

func TestSubscribe(t *testing.T) {
	t.Parallel()
	simulate(t, supervisor.Config{Services: []supervisor.Service{command("x")}}, nil, func(s *sim) {
		events, cancel := s.Subscribe(10)
		slow, cancelSlow := s.Subscribe(2)
		cancelled, cancelNow := s.Subscribe(2)
		cancelNow()
		cancelNow()
		if _, ok := <-cancelled; ok {
			t.Error("an event after cancel")
		}
		s.do(s.Stop("x")) // stopping, exited, stopped
		s.sec(1)
		s.do(s.Start("x")) // started
		s.sec(2)
		cancel()
		s.do(s.Stop("x")) // stopping, exited, stopped
		s.sec(3)
		if diff := cmp.Diff([]string{"stopping", "exited", "stopped", "started"}, kinds(events)); diff != "" {
			t.Errorf("the events (-want +got):\n%s", diff)
		}
		for range 2 {
			<-slow // stopping, exited: the other five were dropped
		}
		s.do(s.Start("x")) // started, after the note
		s.sec(4)
		s.do(s.Stop("x")) // three more are dropped
		s.sec(5)
		s.stop(nil)
		s.do(s.end())
		want := []string{
			"5 events lost: their reader was too slow", "started", "3 events lost: their reader was too slow",
		}
		if diff := cmp.Diff(want, kinds(slow)); diff != "" {
			t.Errorf("the slow reader's events (-want +got):\n%s", diff)
		}
		cancelSlow()
	})
}

// kinds reads the events that are there, until the channel is closed.
func kinds(events <-chan supervisor.Event) []string {
	var kinds []string
	for e := range events {
		if e.Kind == supervisor.Lost {
			kinds = append(kinds, e.String())
		} else {
			kinds = append(kinds, e.Kind.String())
		}
	}
	return kinds
}

// TestLostCountsAll makes sure that nothing is lost uncounted, whatever the size.
func TestLostCountsAll(t *testing.T) {
	t.Parallel()
	for size := range 8 {
		simulate(t, supervisor.Config{Services: []supervisor.Service{command("x")}}, nil, func(s *sim) {
			events, _ := s.Subscribe(size)
			for i := range 50 {
				s.sec(float64(2*i + 1))
				s.do(s.Restart("x")) // stopping, exited, started
				s.sec(float64(2*i + 2))
				s.do(s.Signal("x", 1))
			}
			s.stop(nil) // stopping, exited, stopped
			s.do(s.end())
			have := 0
			for e := range events {
				lost := 1
				if e.Kind == supervisor.Lost {
					if _, err := fmt.Sscanf(e.Text, "%d events lost", &lost); err != nil {
						t.Error(err)
					}
				}
				have += lost
			}
			if want := 50*3 + 3; have != want {
				t.Errorf("with room for %d: %d events seen or counted, want %d", size, have, want)
			}
		})
	}
}
