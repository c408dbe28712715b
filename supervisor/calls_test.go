package supervisor_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/sillelien/baseinit/supervisor"
)

// setup brings the service x into a state by the 10th second.
type setup struct {
	state  supervisor.State
	change func(*supervisor.Service)
	fakes  behaviours
	before func(*sim)
}

var setups = map[string]setup{
	"down":    {state: supervisor.StateDown, change: func(x *supervisor.Service) { x.Down = true }},
	"waiting": {state: supervisor.StateWaiting, change: func(x *supervisor.Service) { x.Requires = []string{"gate"} }},
	"launched": {
		state: supervisor.StateStarting,
		fakes: behaviours{"x": {{StartTakes: 15 * time.Second}, {}}},
	},
	"starting": {
		state:  supervisor.StateStarting,
		change: func(x *supervisor.Service) { x.Readiness.FD = 3 },
		fakes:  behaviours{"x": {{ReadyAfter: 15 * time.Second}}},
	},
	"ready": {state: supervisor.StateReady},
	"stopping": {
		state:  supervisor.StateStopping,
		fakes:  behaviours{"x": {{DiesAfter: 2 * time.Second}, {}}},
		before: func(s *sim) { s.sec(9); s.do(s.Stop("x")) },
	},
	"ending": {
		state:  supervisor.StateEnding,
		change: func(x *supervisor.Service) { x.Finish, x.FinishTimeout = []string{"/finish"}, -1 },
		fakes: behaviours{
			"x":               {{Lives: 9 * time.Second, Exit: failing(3)}, {}},
			"x finish 3 0":    {{Lives: 3 * time.Second}},
			"x finish 256 15": {{Lives: time.Second}},
		},
	},
	"backing off": {
		state:  supervisor.StateBackingOff,
		change: func(x *supervisor.Service) { x.Backoff.Initial = 20 * time.Second },
		fakes:  behaviours{"x": {{Lives: 9 * time.Second, Exit: failing(3)}, {}}},
	},
	"done": {
		state:  supervisor.StateDone,
		change: func(x *supervisor.Service) { x.Restart = supervisor.RestartNever },
		fakes:  behaviours{"x": {{Lives: 5 * time.Second}, {}}},
	},
	"failed": {
		state:  supervisor.StateFailed,
		change: func(x *supervisor.Service) { x.Restart = supervisor.RestartNever },
		fakes:  behaviours{"x": {{Lives: 5 * time.Second, Exit: failing(3)}, {}}},
	},
}

// apiCalls are what can be asked for. Close is the end of Run's context.
var apiCalls = map[string]func(*sim) error{
	"Start":   func(s *sim) error { return s.Start("x") },
	"Stop":    func(s *sim) error { return s.Stop("x") },
	"Restart": func(s *sim) error { return s.Restart("x") },
	"Replace": func(s *sim) error {
		for _, x := range s.Services() {
			if x.Name == "x" {
				x.Command = []string{"/fake", "new"}
				return s.Replace(x)
			}
		}
		return errors.New("there is no x")
	},
	"Kill":  func(s *sim) error { s.Kill(); return nil },
	"Close": func(s *sim) error { s.stop(nil); return nil },
}

// TestCallsInEveryState makes each call in each state in the 10th second. It
// wants to see what happens from then until the 40th, and the state then.
func TestCallsInEveryState(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ state, call, trace, state40 string }{
		{"down", "Start", "10 started", "ready"},
		{"down", "Stop", "", "down"},
		{"down", "Restart", "10 started", "ready"},
		{"down", "Replace", "", "down"},
		{"down", "Kill", "", "down"},
		{"down", "Close", "", "down"},
		{"waiting", "Start", "20 started", "ready"},
		{"waiting", "Stop", "10 stopped", "down"},
		{"waiting", "Restart", "20 started", "ready"},
		{"waiting", "Replace", "10 waits for gate, 20 started", "ready"},
		{"waiting", "Kill", "10 stopped", "down"},
		{"waiting", "Close", "10 stopped", "down"},
		{"launched", "Start", "15 started", "ready"},
		{"launched", "Stop", "15 started, 15 stops: SIGTERM, 15 <- TERM, 15 was killed by SIGTERM after 15s, 15 stopped", "down"},
		{"launched", "Restart", "15 started, 15 stops: SIGTERM, 15 <- TERM, 15 was killed by SIGTERM after 15s, 15 started", "ready"},
		{"launched", "Replace", "15 started, 15 stops: SIGTERM, 15 <- TERM, 15 was killed by SIGTERM after 15s, 15 started", "ready"},
		{"launched", "Kill", "15 started, 15 <- KILL, 15 was killed by SIGKILL after 15s, 15 stopped", "down"},
		{"launched", "Close", "15 started, 15 stops: SIGTERM, 15 <- TERM, 15 was killed by SIGTERM after 15s, 15 stopped", "down"},
		{"starting", "Start", "15 ready after 15s", "ready"},
		{"starting", "Stop", "10 stops: SIGTERM, 10 <- TERM, 10 was killed by SIGTERM after 10s, 10 stopped", "down"},
		{"starting", "Restart", "10 stops: SIGTERM, 10 <- TERM, 10 was killed by SIGTERM after 10s, 10 started, 25 ready after 15s", "ready"},
		{"starting", "Replace", "10 stops: SIGTERM, 10 <- TERM, 10 was killed by SIGTERM after 10s, 10 started, 25 ready after 15s", "ready"},
		{"starting", "Kill", "10 <- KILL, 10 was killed by SIGKILL after 10s, 10 stopped", "down"},
		{"starting", "Close", "10 stops: SIGTERM, 10 <- TERM, 10 was killed by SIGTERM after 10s, 10 stopped", "down"},
		{"ready", "Start", "", "ready"},
		{"ready", "Stop", "10 stops: SIGTERM, 10 <- TERM, 10 was killed by SIGTERM after 10s, 10 stopped", "down"},
		{"ready", "Restart", "10 stops: SIGTERM, 10 <- TERM, 10 was killed by SIGTERM after 10s, 10 started", "ready"},
		{"ready", "Replace", "10 stops: SIGTERM, 10 <- TERM, 10 was killed by SIGTERM after 10s, 10 started", "ready"},
		{"ready", "Kill", "10 <- KILL, 10 was killed by SIGKILL after 10s, 10 stopped", "down"},
		{"ready", "Close", "10 stops: SIGTERM, 10 <- TERM, 10 was killed by SIGTERM after 10s, 10 stopped", "down"},
		{"stopping", "Start", "11 was killed by SIGTERM after 11s, 11 started", "ready"},
		{"stopping", "Stop", "11 was killed by SIGTERM after 11s, 11 stopped", "down"},
		{"stopping", "Restart", "11 was killed by SIGTERM after 11s, 11 started", "ready"},
		{"stopping", "Replace", "11 was killed by SIGTERM after 11s, 11 stopped", "down"},
		{"stopping", "Kill", "10 <- KILL, 11 was killed by SIGTERM after 11s, 11 stopped", "down"},
		{"stopping", "Close", "11 was killed by SIGTERM after 11s, 11 stopped", "down"},
		{"ending", "Start", "12 finish exited with code 0, 12 started", "ready"},
		{"ending", "Stop", "12 finish exited with code 0, 12 stopped", "down"},
		{"ending", "Restart", "12 finish exited with code 0, 12 started", "ready"},
		{"ending", "Replace", "12 finish exited with code 0, 12 started", "ready"},
		{"ending", "Kill", "10 finish was killed by SIGKILL, 10 stopped", "down"},
		{"ending", "Close", "12 finish exited with code 0, 12 stopped", "down"},
		{"backing off", "Start", "10 started", "ready"},
		{"backing off", "Stop", "10 stopped", "down"},
		{"backing off", "Restart", "10 started", "ready"},
		{"backing off", "Replace", "10 started", "ready"},
		{"backing off", "Kill", "10 stopped", "down"},
		{"backing off", "Close", "10 stopped", "down"},
		{"done", "Start", "10 started", "ready"},
		{"done", "Stop", "10 stopped", "down"},
		{"done", "Restart", "10 started", "ready"},
		{"done", "Replace", "", "done"},
		{"done", "Kill", "", "done"},
		{"done", "Close", "", "done"},
		{"failed", "Start", "10 started", "ready"},
		{"failed", "Stop", "10 stopped", "down"},
		{"failed", "Restart", "10 started", "ready"},
		{"failed", "Replace", "10 started", "ready"},
		{"failed", "Kill", "", "failed"},
		{"failed", "Close", "", "failed"},
	} {
		t.Run(tc.state+" "+tc.call, func(t *testing.T) {
			t.Parallel()
			setup := setups[tc.state]
			x := command("x")
			x.Backoff = calm
			if setup.change != nil {
				setup.change(&x)
			}
			gate := command("gate")
			gate.Readiness.FD = 3
			fakes := behaviours{"gate": {{ReadyAfter: 20 * time.Second}}}
			maps.Copy(fakes, setup.fakes)
			simulate(t, supervisor.Config{Services: []supervisor.Service{gate, x}}, fakes, func(s *sim) {
				if setup.before != nil {
					setup.before(s)
				}
				s.sec(10)
				if have := s.state("x"); have != setup.state {
					t.Fatalf("in the 10th second x is %s", have)
				}
				before := len(s.traceOf("x"))
				s.do(apiCalls[tc.call](s))
				s.sec(40)
				if have := strings.Join(s.traceOf("x")[before:], ", "); have != tc.trace {
					t.Errorf("what happened: %s\nwant: %s", have, tc.trace)
				}
				if n := len(s.ran["x"]); tc.call == "Replace" && tc.state40 == "ready" && s.ran["x"][n-1] != "new" {
					t.Errorf("it ran %q", s.ran["x"])
				}
				if have := s.state("x").String(); have != tc.state40 {
					t.Errorf("in the 40th second x is %s, want %s", have, tc.state40)
				}
			})
		})
	}
}
