package supervisor_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/sillelien/baseinit/supervisor"
)

func stoppedBy(name string, change ...func(*supervisor.Service)) supervisor.Service {
	x := command(name)
	x.StopCommand, x.Backoff = []string{"/stop"}, calm
	for _, f := range change {
		f(&x)
	}
	return x
}

func TestStopCommand(t *testing.T) {
	t.Parallel()
	const runs = "0 started|5 stops: its stop command is run|"
	stop := func(s *sim) { s.do(s.Stop("x")) }
	gone := func(seconds float64) supervisor.Behaviour { // of what the command does
		return supervisor.Behaviour{Lives: time.Duration((5 + seconds) * float64(time.Second)), DiesAfter: time.Minute}
	}
	for _, tc := range []struct {
		name    string
		change  func(*supervisor.Service)
		x, stop supervisor.Behaviour
		ask     func(*sim)
		want    string
		stopped string // what happens to the stop command
	}{
		{
			name: "ends the process", x: gone(1), stop: after(0.5, 0), ask: stop,
			want: runs + "6 exited with code 0 after 6s|6 stopped",
		},
		{
			name: "is waited for", x: gone(1), stop: after(2, 0), ask: stop,
			want: runs + "6 exited with code 0 after 6s|7 stopped",
		},
		{
			name: "fails", x: supervisor.Behaviour{DiesAfter: time.Second}, stop: after(1, 3), ask: stop,
			want: runs + "6 its stop command exited with code 3|6 stops: SIGTERM|6 <- TERM|7 was killed by SIGTERM after 7s|7 stopped",
		},
		{
			name: "cannot be started", x: supervisor.Behaviour{}, stop: supervisor.Behaviour{StartError: syscall.ENOENT}, ask: stop,
			want: runs + "5 its stop command no such file or directory|5 stops: SIGTERM|5 <- TERM|5 was killed by SIGTERM after 5s|5 stopped",
		},
		{
			name: "fails, and the process ignores the signal", x: stubborn, stop: after(1, 3), ask: stop,
			want: runs + "6 its stop command exited with code 3|6 stops: SIGTERM|6 <- TERM|8 did not end within 3s: killed|8 <- KILL|" +
				"8 was killed by SIGKILL after 8s|8 stopped",
		},
		{
			name: "succeeds, and the process ends later", x: gone(2.5), stop: after(1, 0), ask: stop,
			want: runs + "7.5 exited with code 0 after 7.5s|7.5 stopped",
		},
		{
			name: "succeeds in vain", x: mortal, stop: after(1, 0), ask: stop,
			want: runs + "8 did not end within 3s: killed|8 <- KILL|8 was killed by SIGKILL after 8s|8 stopped",
		},
		{
			name: "hangs with the process", x: stubborn, stop: mortal, ask: stop,
			want:    runs + "8 did not end within 3s: killed|8 <- KILL|8 was killed by SIGKILL after 8s|8 stopped",
			stopped: "8 <- KILL",
		},
		{
			name: "hangs without the process", x: gone(1), stop: mortal, ask: stop,
			want:    runs + "6 exited with code 0 after 6s|8 its stop command did not end in time: killed|8 stopped",
			stopped: "8 <- KILL",
		},
		{
			name: "is run in restarts", x: gone(1), stop: after(1, 0), ask: func(s *sim) { s.do(s.Restart("x")) },
			want: runs + "6 exited with code 0 after 6s|6 started|10 stops: its stop command is run|" +
				"12 exited with code 0 after 6s|12 stopped",
		},
		{
			name: "is run when all is stopped", x: gone(1), stop: after(1, 0), ask: func(s *sim) { s.stop(nil) },
			want: runs + "6 exited with code 0 after 6s|6 stopped",
		},
		{
			name: "is run instead of main's signal", x: gone(1), stop: after(1, 0),
			change: func(x *supervisor.Service) { x.Main = true },
			ask:    func(s *sim) { s.stop(&supervisor.SignalError{Signal: syscall.SIGINT}) },
			want:   runs + "6 exited with code 0 after 6s|6 stopped",
		},
		{
			name: "is not run when all is killed", x: mortal, ask: func(s *sim) { s.Kill() },
			want: "0 started|5 <- KILL|5 was killed by SIGKILL after 5s|5 stopped",
		},
		{
			name: "is killed with the rest", x: mortal, stop: mortal, ask: func(s *sim) { stop(s); s.sec(6); s.Kill() },
			want:    runs + "6 <- KILL|6 was killed by SIGKILL after 6s|6 stopped",
			stopped: "6 <- KILL",
		},
		{
			name: "is not run without a StopTimeout", x: mortal, ask: stop,
			change: func(x *supervisor.Service) { x.StopTimeout = -1 },
			want:   "0 started|5 <- KILL|5 was killed by SIGKILL after 5s|5 stopped",
		},
		{
			name: "is patient, and run once", x: stubborn, stop: after(1, 0),
			change: func(x *supervisor.Service) { x.PatientStop = true },
			ask:    func(s *sim) { stop(s); s.sec(10); s.do(s.Remove(context.Background(), "x")) },
			want:   runs + "13 did not end within 3s: killed|13 <- KILL|13 was killed by SIGKILL after 13s|13 stopped",
		},
		{
			name: "comes after the end of input", x: stubborn, stop: after(0.25, 0),
			change: func(x *supervisor.Service) { x.Name = "log" },
			ask:    func(s *sim) { s.stop(nil) },
			want: "0 started|5 stops: end of input|6.5 stops: its stop command is run|8 did not end within 3s: killed|8 <- KILL|" +
				"8 was killed by SIGKILL after 8s|8 stopped",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			x := stoppedBy("x")
			if tc.change != nil {
				tc.change(&x)
			}
			services := []supervisor.Service{x}
			if x.Name == "log" {
				web := command("web")
				web.LogTo = "log"
				services = append(services, web)
			}
			s := simulate(t, supervisor.Config{Services: services}, behaviours{x.Name: {tc.x}, x.Name + " stop": {tc.stop}}, func(s *sim) {
				s.sec(5)
				tc.ask(s)
				s.sec(10)
			})
			s.want(t, x.Name, tc.want)
			s.want(t, x.Name+" stop", tc.stopped)
		})
	}
}

// TestStopCommandOfWhatIsNotReady: a limit that is exceeded asks by the command, too.
func TestStopCommandOfWhatIsNotReady(t *testing.T) {
	t.Parallel()
	x := stoppedBy("x", func(x *supervisor.Service) {
		x.Readiness.FD, x.ReadyTimeout, x.Restart = 3, 5*time.Second, supervisor.RestartNever
	})
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{x}}, behaviours{"x stop": {after(1, 1)}}, func(s *sim) { s.sec(20) })
	s.want(t, "x", `0 started|5 was not ready within 5s|5 stops: its stop command is run|
		6 its stop command exited with code 1|6 stops: SIGTERM|6 <- TERM|
		6 was not ready within 5s|6 failed for good: was not ready within 5s`)
}
