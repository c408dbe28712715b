package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/supervisor"
)

// A mortal run ends of any signal, a stubborn one only of SIGKILL, and an undying
// one not even then.
var (
	mortal   = supervisor.Behaviour{}
	stubborn = supervisor.Behaviour{Ignores: []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGABRT}}
	undying  = supervisor.Behaviour{Ignores: []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}}
)

// TestHowARunIsStopped stops everything in the 10th second.
func TestHowARunIsStopped(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*supervisor.Service)
		run    supervisor.Behaviour
		cause  error
		want   string
	}{
		{
			"at once", nil,
			supervisor.Behaviour{},
			nil,
			"10 stops: SIGTERM|10 <- TERM|10 was killed by SIGTERM after 10s|10 stopped",
		},
		{
			"in its own time", nil,
			supervisor.Behaviour{DiesAfter: 2 * time.Second},
			nil,
			"10 stops: SIGTERM|10 <- TERM|12 was killed by SIGTERM after 12s|12 stopped",
		},
		{
			"with its own signal", func(x *supervisor.Service) { x.StopSignal = syscall.SIGQUIT },
			supervisor.Behaviour{},
			nil,
			"10 stops: SIGQUIT|10 <- QUIT|10 was killed by SIGQUIT after 10s|10 stopped",
		},
		{
			"by force after 3 s", nil, stubborn, nil,
			"10 stops: SIGTERM|10 <- TERM|13 did not end within 3s: killed|13 <- KILL|13 was killed by SIGKILL after 13s|13 stopped",
		},
		{
			"by force after its own limit", func(x *supervisor.Service) { x.StopTimeout = 500 * time.Millisecond }, stubborn, nil,
			"10 stops: SIGTERM|10 <- TERM|10.5 did not end within 500ms: killed|10.5 <- KILL|10.5 was killed by SIGKILL after 10.5s|10.5 stopped",
		},
		{
			"by force at once", func(x *supervisor.Service) { x.StopTimeout = -1 },
			supervisor.Behaviour{},
			nil,
			"10 <- KILL|10 was killed by SIGKILL after 10s|10 stopped",
		},
		{
			"not even by force", nil, undying, nil,
			"10 stops: SIGTERM|10 <- TERM|13 did not end within 3s: killed|13 <- KILL|15 cannot be killed: it is left behind|15 abandoned|15 stopped",
		},
		{
			"by force when the time for all is over", func(x *supervisor.Service) { x.StopTimeout = time.Minute }, stubborn, nil,
			"10 stops: SIGTERM|10 <- TERM|19 was still stopping when the 9s for the whole stop were over: killed|19 <- KILL|" +
				"19 was killed by SIGKILL after 19s|19 stopped",
		},
		{
			"main, by the signal that was received", asMain,
			supervisor.Behaviour{},
			&supervisor.SignalError{Signal: syscall.SIGINT},
			"10 stops: SIGINT|10 <- INT|10 was killed by SIGINT after 10s|10 stopped",
		},
		{
			"main, by the signal that was received, its own, and force", asMain, stubborn,
			fmt.Errorf("wrapped: %w", &supervisor.SignalError{Signal: syscall.SIGINT}),
			"10 stops: SIGINT|10 <- INT|11.5 stops: SIGTERM|11.5 <- TERM|13 did not end within 3s: killed|13 <- KILL|" +
				"13 was killed by SIGKILL after 13s|13 stopped",
		},
		{
			"main, by the signal that was received and is its own", asMain, stubborn, &supervisor.SignalError{Signal: syscall.SIGTERM},
			"10 stops: SIGTERM|10 <- TERM|13 did not end within 3s: killed|13 <- KILL|13 was killed by SIGKILL after 13s|13 stopped",
		},
		{
			"main, for another reason", asMain,
			supervisor.Behaviour{},
			errors.New("any"),
			"10 stops: SIGTERM|10 <- TERM|10 was killed by SIGTERM after 10s|10 stopped",
		},
		{
			"main, by a signal of another kind", asMain,
			supervisor.Behaviour{},
			&supervisor.SignalError{Signal: otherSignal{}},
			"10 stops: SIGTERM|10 <- TERM|10 was killed by SIGTERM after 10s|10 stopped",
		},
		{
			"others, by their own signal", nil,
			supervisor.Behaviour{},
			&supervisor.SignalError{Signal: syscall.SIGINT},
			"10 stops: SIGTERM|10 <- TERM|10 was killed by SIGTERM after 10s|10 stopped",
		},
		{
			"before its start is over", nil,
			supervisor.Behaviour{StartTakes: 12 * time.Second},
			nil,
			"12 started|12 stops: SIGTERM|12 <- TERM|12 was killed by SIGTERM after 12s|12 stopped",
		},
		{
			"before its start has failed", nil,
			supervisor.Behaviour{StartTakes: 12 * time.Second, StartError: syscall.ENOENT},
			nil,
			"12 no such file or directory|12 stopped",
		},
		{
			"while it ends by itself", nil,
			supervisor.Behaviour{Lives: 11 * time.Second, DiesAfter: 5 * time.Second},
			nil,
			"10 stops: SIGTERM|10 <- TERM|11 exited with code 0 after 11s|11 stopped",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			x := command("x")
			if tc.change != nil {
				tc.change(&x)
			}
			s := simulate(t, supervisor.Config{Services: []supervisor.Service{x}}, behaviours{"x": {tc.run}}, func(s *sim) {
				s.sec(10)
				s.stop(tc.cause)
				if err := s.end(); err != nil {
					t.Errorf("Run: %v", err)
				}
			})
			if have := s.trace["x"]; len(have) > 0 && have[0] == "0 started" {
				s.trace["x"] = have[1:]
			}
			s.want(t, "x", tc.want)
		})
	}
}

func asMain(x *supervisor.Service) { x.Main = true }

type otherSignal struct{}

func (otherSignal) Signal()        {}
func (otherSignal) String() string { return "other" }

// TestKillInEveryPhase kills in the 10th second what is already being stopped.
func TestKillInEveryPhase(t *testing.T) {
	t.Parallel()
	finishing := func(x *supervisor.Service) { x.Finish, x.FinishTimeout = []string{"/finish"}, -1 }
	for _, tc := range []struct {
		name   string
		change func(*supervisor.Service)
		run    supervisor.Behaviour
		stopAt float64
		want   string
	}{
		{"while it is asked", nil, stubborn, 9, "9 stops: SIGTERM|9 <- TERM|10 <- KILL|10 was killed by SIGKILL after 10s|10 stopped"},
		{
			"while it is being started", nil,
			supervisor.Behaviour{StartTakes: 11 * time.Second, Ignores: stubborn.Ignores},
			9,
			"11 started|11 <- KILL|11 was killed by SIGKILL after 11s|11 stopped",
		},
		{
			"when it has been killed already", nil, undying, 6,
			"6 stops: SIGTERM|6 <- TERM|9 did not end within 3s: killed|9 <- KILL|10 <- KILL|" +
				"12 cannot be killed: it is left behind|12 abandoned|12 stopped",
		},
		{
			"while it finishes", finishing,
			supervisor.Behaviour{},
			9,
			"9 stops: SIGTERM|9 <- TERM|9 was killed by SIGTERM after 9s|10 finish was killed by SIGKILL|10 stopped",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			x := command("x")
			if tc.change != nil {
				tc.change(&x)
			}
			s := simulate(t, supervisor.Config{Services: []supervisor.Service{x}}, behaviours{"x": {tc.run}}, func(s *sim) {
				time.AfterFunc(time.Duration(tc.stopAt*float64(time.Second)), func() { s.stop(nil) })
				time.Sleep(10 * time.Second)
				s.Kill()
				s.Kill()
				if err := s.end(); err != nil {
					t.Errorf("Run: %v", err)
				}
			})
			if have := s.trace["x"]; len(have) > 0 && have[0] == "0 started" {
				s.trace["x"] = have[1:]
			}
			s.want(t, "x", tc.want)
		})
	}
}

// TestKillWhileItLooks kills when it is being found out what left the process
// group: nothing may be given up that has only just been killed.
func TestKillWhileItLooks(t *testing.T) {
	t.Parallel()
	for range 20 {
		s := simulate(t, supervisor.Config{Services: []supervisor.Service{command("x")}}, behaviours{"x": {stubborn}}, func(s *sim) {
			s.sec(1)
			s.do(s.Stop("x"))
			s.Kill()
			s.do(s.end())
		})
		last := s.trace["x"][len(s.trace["x"])-3:]
		if diff := cmp.Diff([]string{"1 <- KILL", "1 was killed by SIGKILL after 1s", "1 stopped"}, last); diff != "" {
			t.Errorf("at last (-want +got):\n%s", diff)
		}
	}
}

// TestKillAtTheLimit kills at the very moment at which a limit is over: the alarm
// must not count for what was done instead of waiting for it.
func TestKillAtTheLimit(t *testing.T) {
	t.Parallel()
	for range 50 {
		s := simulate(t, supervisor.Config{Services: []supervisor.Service{command("x")}}, behaviours{"x": {stubborn}}, func(s *sim) {
			s.sec(1)
			s.do(s.Stop("x"))
			time.Sleep(3 * time.Second)
			s.Kill()
			s.do(s.end())
		})
		if last := s.trace["x"][len(s.trace["x"])-2:]; last[0] != "4 was killed by SIGKILL after 4s" {
			t.Fatalf("at last %q", last)
		}
	}
}

func TestStopOrder(t *testing.T) {
	t.Parallel()
	// cmd is Main; web and worker require db, db requires net; solo stands alone.
	web, worker, db, net, solo, cmd := command("web"), command("worker"), command("db"), command("net"), command("solo"), command("cmd")
	web.Requires, worker.Requires, db.Requires, cmd.Main = []string{"db"}, []string{"db", "net"}, []string{"net"}, true
	slow := []supervisor.Behaviour{{DiesAfter: time.Second}}
	fakes := behaviours{"web": slow, "worker": slow, "db": slow, "net": slow, "solo": slow, "cmd": slow}
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{net, web, db, solo, worker, cmd}}, fakes, func(s *sim) { s.sec(5) })
	for service, at := range map[string]float64{"cmd": 5, "solo": 6, "web": 6, "worker": 6, "db": 7, "net": 8} {
		if have := s.times(service, "<- TERM"); len(have) != 1 || have[0] != at {
			t.Errorf("%s was told to end in the seconds %v, want %g", service, have, at)
		}
	}
}

// TestMainIsFirstEvenIfRequired also lets a service end during main's stop: what
// that one required must stay until main is gone.
func TestMainIsFirstEvenIfRequired(t *testing.T) {
	t.Parallel()
	cmd, web, db := command("cmd"), command("web"), command("db")
	cmd.Main, web.Requires = true, []string{"cmd", "db"}
	fakes := behaviours{"cmd": {{DiesAfter: 2 * time.Second}}, "web": {after(6, 0)}}
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{db, cmd, web}}, fakes, func(s *sim) { s.sec(5) })
	s.want(t, "cmd", "0 started|5 stops: SIGTERM|5 <- TERM|7 was killed by SIGTERM after 7s|7 stopped")
	s.want(t, "web", "0 waits for cmd, db|0 started|6 exited with code 0 after 6s|6 stopped")
	s.want(t, "db", "0 started|7 stops: SIGTERM|7 <- TERM|7 was killed by SIGTERM after 7s|7 stopped")
}

func TestStopIsParallel(t *testing.T) {
	t.Parallel()
	var services []supervisor.Service
	fakes := behaviours{}
	for i := range 10 {
		service := command(fmt.Sprint(i))
		services = append(services, service)
		fakes[service.Name] = []supervisor.Behaviour{stubborn}
	}
	s := simulate(t, supervisor.Config{Services: services}, fakes, func(s *sim) {
		s.sec(5)
		s.stop(nil)
		s.do(s.end())
		if took := time.Since(s.begun); took != 8*time.Second {
			t.Errorf("Run ended after %v, want 8s", took)
		}
	})
	for _, service := range services {
		s.want(t, service.Name, "0 started|5 stops: SIGTERM|5 <- TERM|8 did not end within 3s: killed|8 <- KILL|"+
			"8 was killed by SIGKILL after 8s|8 stopped")
	}
}

func TestTheWholeStopHasALimit(t *testing.T) {
	t.Parallel()
	a, b, c := command("a"), command("b"), command("c")
	b.Requires, c.Requires = []string{"a"}, []string{"b"}
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{a, b, c}, StopTimeout: 5 * time.Second},
		behaviours{"a": {stubborn}, "b": {stubborn}, "c": {stubborn}}, func(s *sim) { s.sec(1) })
	s.want(t, "c", "0 waits for b|0 started|1 stops: SIGTERM|1 <- TERM|4 did not end within 3s: killed|4 <- KILL|4 was killed by SIGKILL after 4s|4 stopped")
	s.want(t, "b", "0 waits for a|0 started|4 stops: SIGTERM|4 <- TERM|6 was still stopping when the 5s for the whole stop were over: killed|"+
		"6 <- KILL|6 was killed by SIGKILL after 6s|6 stopped")
	s.want(t, "a", "0 started|6 was still ready when the 5s for the whole stop were over: killed|6 <- KILL|6 was killed by SIGKILL after 6s|6 stopped")
}

// TestPatientStop: a service that alone is told to end has the time that it needs, unless
// everything ends or it is removed meanwhile.
func TestPatientStop(t *testing.T) {
	t.Parallel()
	patient := func(name string) supervisor.Service {
		v := command(name)
		v.PatientStop = true
		return v
	}
	slow := supervisor.Behaviour{DiesAfter: 20 * time.Second}
	cfg := supervisor.Config{Services: []supervisor.Service{patient("slow"), patient("again"), patient("removed"), patient("stopped"), patient("ends"), command("other")}}
	s := simulate(t, cfg, behaviours{
		"slow": {slow}, "again": {slow, {}}, "removed": {stubborn}, "stopped": {stubborn}, "ends": {stubborn}, "other": {stubborn},
	}, func(s *sim) {
		s.sec(1)
		s.do(s.StopAlone("slow"))
		s.do(s.Restart("again"))
		s.do(s.Stop("ends"))
		s.do(s.StopAlone("other"))
		s.do(s.StopAlone("removed"))
		s.sec(10)
		s.do(s.Remove(context.Background(), "removed"))
		s.do(s.Remove(context.Background(), "stopped"))
		s.sec(30)
	})
	s.want(t, "slow", "0 started|1 stops: SIGTERM|1 <- TERM|21 was killed by SIGTERM after 21s|21 stopped")
	s.want(t, "again", "0 started|1 stops: SIGTERM|1 <- TERM|21 was killed by SIGTERM after 21s|21 started|"+
		"30 stops: SIGTERM|30 <- TERM|30 was killed by SIGTERM after 9s|30 stopped")
	s.want(t, "removed", "0 started|1 stops: SIGTERM|1 <- TERM|10 stops: SIGTERM|10 <- TERM|13 did not end within 3s: killed|13 <- KILL|13 was killed by SIGKILL after 13s|13 stopped")
	s.want(t, "stopped", "0 started|13 stops: SIGTERM|13 <- TERM|16 did not end within 3s: killed|16 <- KILL|16 was killed by SIGKILL after 16s|16 stopped")
	s.want(t, "ends", "0 started|1 stops: SIGTERM|1 <- TERM|30 stops: SIGTERM|30 <- TERM|33 did not end within 3s: killed|33 <- KILL|33 was killed by SIGKILL after 33s|33 stopped")
	s.want(t, "other", "0 started|1 stops: SIGTERM|1 <- TERM|4 did not end within 3s: killed|4 <- KILL|4 was killed by SIGKILL after 4s|4 stopped")
}

func TestReadyTimeout(t *testing.T) {
	t.Parallel()
	x := command("x")
	x.Readiness.FD, x.ReadyTimeout, x.Backoff = 3, 4*time.Second, calm
	fakes := behaviours{"x": {{}, {StartTakes: 5 * time.Second}, {ReadyAfter: 3 * time.Second}}}
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{x}}, fakes, func(s *sim) { s.sec(50) })
	s.want(t, "x", `0 started|4 was not ready within 4s|4 stops: SIGTERM|4 <- TERM|
		4 was not ready within 4s|
		8 was not ready within 4s|9 started|9 stops: SIGTERM|9 <- TERM|
		9 was not ready within 4s|9 started|12 ready after 3s|
		50 stops: SIGTERM|50 <- TERM|50 was killed by SIGTERM after 41s|50 stopped`)
}

func TestFinishHasALimit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		limit time.Duration
		run   supervisor.Behaviour
		want  string
	}{
		{"in time", 0, after(4, 0), "0 started|1 exited with code 7 after 1s|5 finish exited with code 0|5 failed for good: exited with code 7"},
		{"5 s by default", 0, mortal, "0 started|1 exited with code 7 after 1s|6 finish did not end within 5s: killed|6 failed for good: exited with code 7"},
		{"its own", time.Second, mortal, "0 started|1 exited with code 7 after 1s|2 finish did not end within 1s: killed|2 failed for good: exited with code 7"},
		{"none", -1, after(40, 0), "0 started|1 exited with code 7 after 1s|41 finish exited with code 0|41 failed for good: exited with code 7"},
		{"undying", 0, undying, "0 started|1 exited with code 7 after 1s|8 finish did not end within 5s: killed|8 failed for good: exited with code 7"},
		{"not started", 0, supervisor.Behaviour{StartError: syscall.EACCES}, "0 started|1 exited with code 7 after 1s|1 finish permission denied|1 failed for good: exited with code 7"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			x := command("x")
			x.Finish, x.FinishTimeout, x.Restart = []string{"/finish"}, tc.limit, supervisor.RestartNever
			fakes := behaviours{"x": {after(1, 7)}, "x finish 7 0": {tc.run}}
			s := simulate(t, supervisor.Config{Services: []supervisor.Service{x}}, fakes, func(s *sim) { s.sec(50) })
			s.want(t, "x", tc.want)
		})
	}
}

func TestReaderSeesTheEndOfItsInput(t *testing.T) {
	t.Parallel()
	web, log := command("web"), command("log")
	web.LogTo = "log"
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{web, log}},
		behaviours{"web": {{DiesAfter: time.Second}}, "log": {stubborn}}, func(s *sim) { s.sec(5) })
	s.want(t, "web", "0 waits for log|0 started|5 stops: SIGTERM|5 <- TERM|6 was killed by SIGTERM after 6s|6 stopped")
	s.want(t, "log", "0 started|6 stops: end of input|7.5 stops: SIGTERM|7.5 <- TERM|9 did not end within 3s: killed|9 <- KILL|"+
		"9 was killed by SIGKILL after 9s|9 stopped")
}

func TestSignals(t *testing.T) {
	t.Parallel()
	x := command("x")
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{x}}, behaviours{"x": {stubborn}}, func(s *sim) {
		s.sec(1)
		s.do(s.Signal("x", syscall.SIGHUP))
		s.do(s.SignalGroup("x", syscall.SIGINT))
		s.do(s.Stop("x"))
		s.sec(10)
		for _, send := range []func(string, syscall.Signal) error{s.Signal, s.SignalGroup} {
			if err := send("x", syscall.SIGHUP); err == nil || err.Error() != `cannot signal service "x": it is down` {
				t.Errorf("a signal to what is down: %v", err)
			}
			if err := send("y", syscall.SIGHUP); !errors.Is(err, supervisor.ErrUnknown) {
				t.Errorf("a signal to what is not: %v", err)
			}
		}
	})
	s.want(t, "x", "0 started|1 <- HUP|1 <- INT|1 stops: SIGTERM|1 <- TERM|4 did not end within 3s: killed|4 <- KILL|"+
		"4 was killed by SIGKILL after 4s|4 stopped")
	if want := "received signal " + os.Interrupt.String(); (&supervisor.SignalError{Signal: os.Interrupt}).Error() != want {
		t.Errorf("a SignalError does not say %q", want)
	}
}
