package supervisor_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sillelien/baseinit/supervisor"
)

func TestActor(t *testing.T) {
	t.Parallel()
	interrupted := &supervisor.SignalError{Signal: syscall.SIGINT}
	for _, tc := range []struct {
		name string
		at   []float64 // when interrupt is called; execute is called in second 5
		want string
	}{
		{"before", []float64{4}, ""},
		{"before, twice", []float64{1, 4}, ""},
		{"during", []float64{9}, "5 started|9 stops: SIGINT|9 <- INT|10 was killed by SIGINT after 5s|10 stopped"},
		{"during, and during the stop", []float64{9, 9.5}, "5 started|9 stops: SIGINT|9 <- INT|10 was killed by SIGINT after 5s|10 stopped"},
		{"during, and after", []float64{9, 12}, "5 started|9 stops: SIGINT|9 <- INT|10 was killed by SIGINT after 5s|10 stopped"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				x := command("x")
				x.Main = true
				s := newSim(t, supervisor.Config{Services: []supervisor.Service{x}}, behaviours{"x": {{DiesAfter: time.Second}}})
				execute, interrupt := s.Actor()
				time.AfterFunc(5*time.Second, func() { s.result <- execute() })
				for i, at := range tc.at {
					s.sec(at)
					if i > 0 {
						interrupt(errors.New("the first one counts"))
					} else {
						interrupt(interrupted)
					}
					if since := time.Since(s.begun).Seconds(); since != at {
						t.Errorf("the interrupt in second %g returned in second %g", at, since)
					}
				}
				if err := s.end(); err != nil {
					t.Errorf("execute: %v", err)
				}
				s.want(t, "x", tc.want)
			})
		})
	}
}

// TestNothingIsStartedAfterTheEnd is about ends that come before Run.
func TestNothingIsStartedAfterTheEnd(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*sim, context.CancelFunc){
		"the context has ended": func(_ *sim, cancel context.CancelFunc) { cancel() },
		"it was interrupted":    func(s *sim, _ context.CancelFunc) { _, interrupt := s.Actor(); interrupt(nil) },
		"it was killed":         func(s *sim, _ context.CancelFunc) { s.Kill() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSim(t, supervisor.Config{Services: []supervisor.Service{command("x")}}, nil)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				prepare(s, cancel)
				if err := s.Run(ctx); err != nil {
					t.Errorf("Run: %v", err)
				}
				s.want(t, "x", "")
				select {
				case <-s.Ready():
					t.Error("it is ready, and has started nothing")
				default:
				}
			})
		})
	}
}

func TestRunTwice(t *testing.T) {
	t.Parallel()
	simulate(t, supervisor.Config{}, nil, func(s *sim) {
		if err := s.Run(s.t.Context()); err == nil || err.Error() != "cannot run a supervisor twice" {
			t.Errorf("the second Run: %v", err)
		}
	})
}

func TestWithoutServicesItRunsUntilItIsToldToStop(t *testing.T) {
	t.Parallel()
	simulate(t, supervisor.Config{}, nil, func(s *sim) {
		s.sec(100)
		select {
		case <-s.Ready():
		default:
			t.Error("it is not ready")
		}
		select {
		case err := <-s.result:
			t.Errorf("Run ended: %v", err)
		default:
		}
	})
}

func TestReadyStaysOpenIfAServiceIsNotReady(t *testing.T) {
	t.Parallel()
	broken := command("broken")
	broken.Restart = supervisor.RestartNever
	down := command("down")
	down.Down = true
	simulate(t, supervisor.Config{Services: []supervisor.Service{withReadiness(broken), down}},
		behaviours{"broken": {after(1, 1), {ReadyAfter: time.Second}}}, func(s *sim) {
			s.sec(10)
			select {
			case <-s.Ready():
				t.Error("it is ready although a service failed")
			default:
			}
			s.do(s.Start("broken"))
			s.sec(20)
			select {
			case <-s.Ready():
			default:
				t.Error("it is not ready although the last service is")
			}
		})
}

func TestCallsAfterTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, supervisor.Config{Services: []supervisor.Service{command("x")}}, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
		_, waitErr := s.Wait(t.Context(), "x", func(supervisor.Status) bool { return true })
		for name, err := range map[string]error{
			"Start": s.Start("x"), "Stop": s.Stop("x"), "Restart": s.Restart("x"), "Add": s.Add(command("y")),
			"Remove": s.Remove(t.Context(), "x"), "Wait": waitErr,
			"Signal": s.Signal("x", syscall.SIGHUP), "SignalGroup": s.SignalGroup("x", syscall.SIGHUP),
		} {
			if !errors.Is(err, supervisor.ErrEnded) {
				t.Errorf("%s: %v, want ErrEnded", name, err)
			}
		}
		s.Kill()
		if have := s.state("x"); have != supervisor.StateDown {
			t.Errorf("Status says that x is %s", have)
		}
		if _, err := s.Status("y"); !errors.Is(err, supervisor.ErrUnknown) {
			t.Errorf("Status of y: %v, want ErrUnknown", err)
		}
		events, cancelEvents := s.Subscribe(1)
		cancelEvents()
		if e, ok := <-events; ok {
			t.Errorf("an event after the end: %v", e)
		}
	})
}

func TestCallsDuringTheStop(t *testing.T) {
	t.Parallel()
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{command("x"), requiring("y", "x")}},
		behaviours{"x": {{DiesAfter: 2 * time.Second}}, "y": {{DiesAfter: 2 * time.Second}}}, func(s *sim) {
			s.sec(1)
			s.stop(nil)
			s.sec(2)
			for name, err := range map[string]error{
				"Start": s.Start("x"), "Restart": s.Restart("x"), "Add": s.Add(command("z")),
			} {
				if err == nil || err.Error() != "everything is being stopped" {
					t.Errorf("%s: %v", name, err)
				}
			}
			s.do(s.Stop("y"))
		})
	s.want(t, "x", "0 started|3 stops: SIGTERM|3 <- TERM|5 was killed by SIGTERM after 5s|5 stopped")
}
