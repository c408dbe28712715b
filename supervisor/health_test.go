package supervisor_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/supervisor"
)

// answers is a probe that gives one answer after the other, and the last for ever: "ok",
// "hang" until its ctx ends, "panic", or an error.
func (s *sim) answers(name, answers string) func(context.Context) error {
	all, asked := strings.Fields(answers), 0
	return func(ctx context.Context) error {
		answer := all[min(asked, len(all)-1)]
		asked++
		s.note(name, answer)
		switch answer {
		case "ok":
			return nil
		case "hang":
			<-ctx.Done()
			s.note(name, "cancelled")
			return ctx.Err()
		case "late":
			time.Sleep(time.Second)
			return nil
		case "panic":
			panic("at the disco")
		}
		return errors.New(answer)
	}
}

// probed simulates services whose probes need the sim.
func probed(t *testing.T, fakes behaviours, services func(*sim) []supervisor.Service, script func(*sim)) *sim {
	t.Helper()
	return simulate(t, supervisor.Config{}, fakes, func(s *sim) {
		s.do(s.Add(services(s)...))
		script(s)
	})
}

func TestReadinessProbe(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, answers string
		change        func(*supervisor.Service)
		runs          []supervisor.Behaviour
		want, asked   string
		why           string // in second 1.1
	}{
		{
			name: "at once", answers: "ok",
			want:  "0 started|0 ready after 0s|5 stops: SIGTERM|5 <- TERM|5 was killed by SIGTERM after 5s|5 stopped",
			asked: "0 ok",
		},
		{
			name: "after a while", answers: "refused refused ok",
			want:  "0 started|0.5 ready after 500ms|5 stops: SIGTERM|5 <- TERM|5 was killed by SIGTERM after 5s|5 stopped",
			asked: "0 refused|0.25 refused|0.5 ok",
		},
		{
			name: "as slowly as it is told", answers: "refused hang late ok",
			change: func(x *supervisor.Service) {
				x.Readiness.ProbeInterval, x.Readiness.ProbeTimeout = time.Second, 500*time.Millisecond
			},
			want:  "0 started|4.5 ready after 4.5s|5 stops: SIGTERM|5 <- TERM|5 was killed by SIGTERM after 5s|5 stopped",
			asked: "0 refused|1 hang|1.5 cancelled|2.5 late|4.5 ok", why: "refused",
		},
		{
			name: "what is late is no answer", answers: "late late",
			change: func(x *supervisor.Service) {
				x.Readiness.ProbeInterval, x.Readiness.ProbeTimeout = 2*time.Second, 500*time.Millisecond
			},
			want:  "0 started|5 stops: SIGTERM|5 <- TERM|5 was killed by SIGTERM after 5s|5 stopped",
			asked: "0 late|3 late", why: "no answer within 500ms",
		},
		{
			name: "a panic is no answer", answers: "panic ok",
			want:  "0 started|0.25 ready after 250ms|5 stops: SIGTERM|5 <- TERM|5 was killed by SIGTERM after 5s|5 stopped",
			asked: "0 panic|0.25 ok",
		},
		{
			name: "is cancelled when the run ends", answers: "hang refused",
			runs: []supervisor.Behaviour{after(1, 1), {}}, change: func(x *supervisor.Service) { x.Readiness.ProbeInterval = 20 * time.Second },
			want: "0 started|1 exited with code 1 after 1s|1 started|" +
				"5 stops: SIGTERM|5 <- TERM|5 was killed by SIGTERM after 4s|5 stopped",
			asked: "0 hang|1 refused|1 cancelled", why: "refused",
		},
		{
			name: "ReadyTimeout says why", answers: "refused",
			change: func(x *supervisor.Service) {
				x.ReadyTimeout, x.Restart, x.Readiness.ProbeInterval = time.Second, supervisor.RestartNever, 600*time.Millisecond
			},
			want: `0 started|1 was not ready within 1s (refused)|1 stops: SIGTERM|1 <- TERM|
				1 was not ready within 1s (refused)|
				1 failed for good: was not ready within 1s (refused)`,
			asked: "0 refused|0.6 refused", why: "was not ready within 1s (refused)",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := probed(t, behaviours{"x": tc.runs}, func(s *sim) []supervisor.Service {
				x := command("x")
				x.Backoff, x.Readiness.Probe = calm, s.answers("probe", tc.answers)
				if tc.change != nil {
					tc.change(&x)
				}
				return []supervisor.Service{x}
			}, func(s *sim) {
				s.sec(1.1)
				if st, err := s.Status("x"); err != nil || st[0].Why != tc.why {
					t.Errorf("Why is %q, want %q (%v)", st[0].Why, tc.why, err)
				}
				s.sec(5)
			})
			s.want(t, "x", tc.want)
			asked := append([]string(nil), s.trace["probe"]...)
			if tc.name == "is cancelled when the run ends" { // in either order
				asked = []string{asked[0], max(asked[1], asked[2]), min(asked[1], asked[2])}
			}
			if diff := cmp.Diff(tc.asked, strings.Join(asked, "|")); diff != "" {
				t.Errorf("when it was asked (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFuncsAreProbed: and what a Func says of itself does not count then.
func TestFuncsAreProbed(t *testing.T) {
	t.Parallel()
	s := probed(t, nil, func(s *sim) []supervisor.Service {
		x := supervisor.Service{Name: "x", Func: func(ctx context.Context, n supervisor.Notifier) error {
			n.Ready()
			<-ctx.Done()
			return nil
		}}
		x.Readiness.Probe = s.answers("probe", "no no ok")
		x.Health = []supervisor.HealthCheck{{Name: "check", Probe: s.answers("check", "no"), Interval: time.Second, Threshold: 2}}
		x.Restart = supervisor.RestartNever
		return []supervisor.Service{x}
	}, func(s *sim) { s.sec(5) })
	s.want(t, "x", `0 started|0.5 ready after 500ms|1.5 is unhealthy: check: no|1.5 stops: SIGTERM|
		1.5 was unhealthy: check: no|1.5 failed for good: was unhealthy: check: no`)
}

func TestHealthChecks(t *testing.T) {
	t.Parallel()
	const end = "|51 stops: SIGTERM|51 <- TERM|51 was killed by SIGTERM after 51s|51 stopped"
	for _, tc := range []struct {
		name, answers string
		check         supervisor.HealthCheck
		change        func(*supervisor.Service)
		runs          []supervisor.Behaviour
		want          string
		asked         string // the first of them
	}{
		{
			name: "all is well", answers: "ok",
			want: "0 started" + end, asked: "0 ok|10 ok|20 ok|30 ok|40 ok|50 ok",
		},
		{
			name: "not often enough", answers: "a b ok a b ok",
			want: "0 started" + end, asked: "0 a|10 b|20 ok|30 a|40 b|50 ok",
		},
		{
			name: "too often", answers: "a b c ok",
			want: "0 started|20 is unhealthy: check: c|20 stops: SIGTERM|20 <- TERM|20 was unhealthy: check: c|20 started|20 is healthy again" +
				strings.ReplaceAll(end, "after 51s", "after 31s"),
			asked: "0 a|10 b|20 c|20 ok|30 ok|40 ok|50 ok",
		},
		{
			name: "a restart is a failure like others", answers: "a", check: supervisor.HealthCheck{Threshold: 1},
			change: func(x *supervisor.Service) { x.MaxRestarts = 2 },
			want: `0 started|0 is unhealthy: check: a|0 stops: SIGTERM|0 <- TERM|0 was unhealthy: check: a|0 restarts in 1s|
				1 started|1 is unhealthy: check: a|1 stops: SIGTERM|1 <- TERM|1 was unhealthy: check: a|1 restarts in 2s|
				3 started|3 is unhealthy: check: a|3 stops: SIGTERM|3 <- TERM|3 was unhealthy: check: a|
				3 failed for good: ended 3 times within 1m0s, the last time it was unhealthy: check: a`,
			asked: "0 a|1 a|3 a",
		},
		{
			name: "it is left alone", answers: "a a b ok c ok ok", check: supervisor.HealthCheck{Action: supervisor.HealthIgnore, Interval: 5 * time.Second},
			want:  "0 started|10 is unhealthy: check: b|15 is healthy again" + end,
			asked: "0 a|5 a|10 b|15 ok|20 c|25 ok|30 ok|35 ok|40 ok|45 ok|50 ok",
		},
		{
			name: "failures at the start do not count", answers: "a",
			check: supervisor.HealthCheck{StartPeriod: 15 * time.Second, Interval: 7 * time.Second, Threshold: 2, Action: supervisor.HealthIgnore},
			want:  "0 started|28 is unhealthy: check: a" + end,
			asked: "0 a|7 a|14 a|21 a|28 a|35 a|42 a|49 a",
		},
		{
			name: "but after a success", answers: "ok a",
			check: supervisor.HealthCheck{StartPeriod: 15 * time.Second, Interval: 7 * time.Second, Threshold: 2, Action: supervisor.HealthIgnore},
			want:  "0 started|14 is unhealthy: check: a" + end,
			asked: "0 ok|7 a|14 a|21 a|28 a|35 a|42 a|49 a",
		},
		{
			name: "the interval begins at the end of a probe", answers: "hang",
			check: supervisor.HealthCheck{Timeout: 20 * time.Second, Threshold: 2, Action: supervisor.HealthIgnore},
			want:  "0 started|50 is unhealthy: check: no answer within 20s" + end,
			asked: "0 hang|20 cancelled|30 hang|50 cancelled",
		},
		{
			name: "a probe is cancelled at the stop", answers: "ok hang",
			check: supervisor.HealthCheck{Timeout: time.Hour, Interval: 45 * time.Second},
			want:  "0 started" + end, asked: "0 ok|45 hang|51 cancelled",
		},
		{
			name: "a check is asked anew in each run", answers: "hang", runs: []supervisor.Behaviour{after(2, 1), {}},
			check: supervisor.HealthCheck{Timeout: time.Hour},
			want:  "0 started|2 exited with code 1 after 2s|2 started" + strings.ReplaceAll(end, "after 51s", "after 49s"),
			asked: "0 hang|2 cancelled|2 hang|51 cancelled",
		},
		{
			name: "it begins when the service is ready", answers: "ok", runs: []supervisor.Behaviour{{ReadyAfter: 35 * time.Second}},
			change: func(x *supervisor.Service) { x.Readiness.FD = 3 },
			want:   "0 started|35 ready after 35s" + end, asked: "35 ok|45 ok",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := probed(t, behaviours{"x": tc.runs}, func(s *sim) []supervisor.Service {
				x := command("x")
				check := tc.check
				check.Name, check.Probe = "check", s.answers("check", tc.answers)
				x.Backoff, x.Health = calm, []supervisor.HealthCheck{check}
				if tc.change != nil {
					tc.change(&x)
				}
				return []supervisor.Service{x}
			}, func(s *sim) { s.sec(51) })
			s.want(t, "x", tc.want)
			if diff := cmp.Diff(tc.asked, strings.Join(s.trace["check"], "|")); diff != "" {
				t.Errorf("when it was asked (-want +got):\n%s", diff)
			}
		})
	}
}

// TestHealthStop ends everything, whatever else the service's policy says.
func TestHealthStop(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]supervisor.Behaviour{
		"it dies of the signal": {}, "it ends well": {Lives: 2500 * time.Millisecond, DiesAfter: time.Hour}, "it must be killed": stubborn,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := probed(t, behaviours{"x": {run}, "x finish 1 0": {after(0.1, 0)}}, func(s *sim) []supervisor.Service {
				x := command("x")
				x.Health = []supervisor.HealthCheck{{
					Name: "http", Probe: s.answers("http", "refused"), Interval: time.Second, Action: supervisor.HealthStop,
				}}
				x.Finish = []string{"/finish"}
				return []supervisor.Service{x, requiring("y", "x")}
			}, func(s *sim) {
				want := &supervisor.FailedError{Service: "x", Exit: supervisor.Exit{Code: 1, Err: errors.New("was unhealthy: http: refused")}}
				time.AfterFunc(50*time.Second, func() { s.stop(nil) })
				if diff := cmp.Diff(error(want), s.end(), cmp.Comparer(sameText)); diff != "" {
					t.Errorf("Run's error (-want +got):\n%s", diff)
				}
				st, err := s.Status("x", "y")
				if err != nil || st[0].State != supervisor.StateFailed || st[0].Why != "was unhealthy: http: refused" || st[1].State != supervisor.StateDown {
					t.Errorf("x and y are %+v, %v", st, err)
				}
			})
			if len(s.times("x", "finish exited with code 0")) != 1 {
				t.Errorf("its finish program was not told of code 1: %q", s.trace["x"])
			}
		})
	}
}

// TestProbesThatDoNotReturn are called once at a time, count as failures, and hold nobody up.
func TestProbesThatDoNotReturn(t *testing.T) {
	t.Parallel()
	var free chan struct{}
	s := probed(t, behaviours{"x": {{DiesAfter: time.Second}}}, func(s *sim) []supervisor.Service {
		x := command("x")
		free = make(chan struct{})
		returns := make(chan struct{})
		time.AfterFunc(13500*time.Millisecond, func() { close(returns) })
		calls := 0
		x.Health = []supervisor.HealthCheck{{
			Name: "file", Interval: 2 * time.Second, Timeout: time.Second, Action: supervisor.HealthIgnore,
			Probe: func(context.Context) error {
				s.note("calls", "called")
				if calls++; calls == 1 {
					<-returns
				}
				return nil
			},
		}, {
			Name: "hangs", Probe: func(context.Context) error { <-free; return nil }, Timeout: time.Hour,
		}}
		return []supervisor.Service{x}
	}, func(s *sim) {
		s.sec(20)
		s.stop(nil)
		s.do(s.end())
		if took := time.Since(s.begun); took != 22*time.Second {
			t.Errorf("Run ended after %v, want 22s: 2 after it was told to", took)
		}
		close(free)
	})
	// Asked in the seconds 0, 5, 8, 11 and 14; what was left behind returns before the last.
	if diff := cmp.Diff([]float64{0, 14, 16, 18, 20}, s.times("calls", "called")); diff != "" {
		t.Errorf("when it was called (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]float64{9}, s.times("x", "is unhealthy: file: no answer within 1s")); diff != "" {
		t.Errorf("when it was unhealthy (-want +got):\n%s\n%q", diff, s.trace["x"])
	}
}

// TestHealthOfSeveralChecks looks at what Status, Wait and OnChange are told.
func TestHealthOfSeveralChecks(t *testing.T) {
	t.Parallel()
	probed(t, nil, func(s *sim) []supervisor.Service {
		x := command("x")
		check := func(name, answers string, interval time.Duration) supervisor.HealthCheck {
			return supervisor.HealthCheck{
				Name: name, Probe: s.answers(name, answers), Interval: interval,
				Threshold: 2, Action: supervisor.HealthIgnore, StartPeriod: 5 * time.Second,
			}
		}
		x.Health = []supervisor.HealthCheck{
			check("a", "no ok no no no no ok", 3*time.Second), // 0 3 6 9 12 15 18
			check("b", "ok no no no ok", 5*time.Second),       // 0 5 10 15 20
		}
		return []supervisor.Service{x}
	}, func(s *sim) {
		for _, want := range []struct {
			at     float64
			health supervisor.Health
			text   string
		}{
			{1, supervisor.HealthUnknown, ""},
			{4, supervisor.HealthOK, ""},
			{8, supervisor.HealthOK, ""},
			{9.5, supervisor.HealthBad, "a: no"},
			{11, supervisor.HealthBad, "a: no; b: no"},
			{19, supervisor.HealthBad, "b: no"},
		} {
			s.sec(want.at)
			st, err := s.Status("x")
			if err != nil || st[0].Health != want.health || st[0].HealthText != want.text {
				t.Errorf("in second %g x is %q: %q, %v", want.at, st[0].Health, st[0].HealthText, err)
			}
		}
		_, err := s.Wait(s.t.Context(), "x", func(st supervisor.Status) bool { return st.Health == supervisor.HealthOK })
		if at := time.Since(s.begun); err != nil || at != 20*time.Second {
			t.Errorf("it is well after %v: %v", at, err)
		}
		s.want(t, "x", "0 started|9 is unhealthy: a: no|10 is unhealthy: b: no|20 is healthy again")
		s.do(s.Stop("x"))
		s.sec(21)
		if st, err := s.Status("x"); err != nil || st[0].Health != supervisor.HealthUnknown || st[0].Health.String() != "" {
			t.Errorf("what is down is %+v, %v", st, err)
		}
	})
}

func TestHealthNames(t *testing.T) {
	t.Parallel()
	for health, want := range map[supervisor.Health]string{
		supervisor.HealthUnknown: "", supervisor.HealthOK: "healthy", supervisor.HealthBad: "unhealthy", 9: "health 9",
	} {
		if have := health.String(); have != want {
			t.Errorf("%d is %q, want %q", int(health), have, want)
		}
	}
}
