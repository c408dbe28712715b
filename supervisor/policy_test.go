package supervisor_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/supervisor"
)

// times lists when something happened to a service, in seconds.
func (s *sim) times(service, what string) []float64 {
	var times []float64
	for _, line := range s.traceOf(service) {
		at, text, _ := strings.Cut(line, " ")
		if text == what {
			seconds, _ := strconv.ParseFloat(at, 64)
			times = append(times, seconds)
		}
	}
	return times
}

// dies is a run that ends after a moment.
func dies(code int) supervisor.Behaviour {
	return supervisor.Behaviour{Lives: 10 * time.Millisecond, Exit: failing(code)}
}

func after(seconds float64, code int) supervisor.Behaviour {
	return supervisor.Behaviour{Lives: time.Duration(seconds * float64(time.Second)), Exit: failing(code)}
}

func TestWhenItIsStarted(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		change  func(*supervisor.Service)
		runs    []supervisor.Behaviour
		started []float64
		last    string
	}{
		{
			"failures space the starts further and further", nil,
			[]supervisor.Behaviour{dies(1)},
			[]float64{0, 1, 3, 7, 15, 31, 61, 91},
			"91.01 restarts in 30s",
		},
		{
			"as configured",
			func(x *supervisor.Service) {
				x.Backoff = supervisor.Backoff{Initial: 2 * time.Second, Factor: 5, Max: 20 * time.Second, Jitter: -1}
			},
			[]supervisor.Behaviour{dies(1)},
			[]float64{0, 2, 12, 32, 52, 72, 92},
			"92.01 restarts in 20s",
		},
		{
			"an end with code 0 keeps the initial space", nil,
			[]supervisor.Behaviour{after(30, 0), after(5, 0), dies(0), dies(0), after(100, 0)},
			[]float64{0, 30, 35, 36, 37},
			"37 started",
		},
		{
			"an end with code 0 forgets the failures", nil,
			[]supervisor.Behaviour{dies(1), dies(1), dies(0), dies(1), dies(1), {}},
			[]float64{0, 1, 3, 4, 5, 7},
			"7 started",
		},
		{
			"a stable run forgets the failures", nil,
			[]supervisor.Behaviour{dies(1), dies(1), dies(1), after(10, 1), dies(1), {}},
			[]float64{0, 1, 3, 7, 17, 19},
			"19 started",
		},
		{
			"a run that is not stable does not, and what it lived is taken off the space", nil,
			[]supervisor.Behaviour{dies(1), dies(1), dies(1), after(7, 1), {}},
			[]float64{0, 1, 3, 7, 15},
			"15 started",
		},
		{
			"a signal is a failure", nil,
			[]supervisor.Behaviour{{Lives: time.Second, Exit: supervisor.Exit{Code: 137, Signal: syscall.SIGKILL}}, after(2, 1), {}},
			[]float64{0, 1, 3},
			"3 started",
		},
		{
			"a start that fails is a failure", nil,
			[]supervisor.Behaviour{{StartError: syscall.ENOENT}, {StartError: syscall.EACCES}, {StartError: syscall.EAGAIN}, {}},
			[]float64{7},
			"7 started",
		},
		{
			"on failure only",
			func(x *supervisor.Service) { x.Restart = supervisor.RestartOnFailure },
			[]supervisor.Behaviour{dies(1), dies(2), dies(0)},
			[]float64{0, 1, 3},
			"3.01 completed",
		},
		{
			"never, after a success",
			func(x *supervisor.Service) { x.Restart = supervisor.RestartNever },
			[]supervisor.Behaviour{after(2, 0)},
			[]float64{0},
			"2 completed",
		},
		{
			"never, after a failure",
			func(x *supervisor.Service) { x.Restart = supervisor.RestartNever },
			[]supervisor.Behaviour{after(2, 9)},
			[]float64{0},
			"2 failed for good: exited with code 9",
		},
		{
			"on failure only, and one code is none",
			func(x *supervisor.Service) { x.Restart, x.SuccessCodes = supervisor.RestartOnFailure, []int{3, 4} },
			[]supervisor.Behaviour{dies(1), dies(2), dies(4)},
			[]float64{0, 1, 3},
			"3.01 completed",
		},
		{
			"one code forgets the failures",
			func(x *supervisor.Service) { x.SuccessCodes = []int{5} },
			[]supervisor.Behaviour{dies(1), dies(1), dies(5), dies(1), dies(1), {}},
			[]float64{0, 1, 3, 4, 5, 7},
			"7 started",
		},
		{
			"never, after a success of its own",
			func(x *supervisor.Service) { x.Restart, x.SuccessCodes = supervisor.RestartNever, []int{9} },
			[]supervisor.Behaviour{after(2, 9)},
			[]float64{0},
			"2 completed",
		},
		{
			"never, after a signal that is a success",
			func(x *supervisor.Service) { x.Restart, x.SuccessCodes = supervisor.RestartNever, []int{143} },
			[]supervisor.Behaviour{{Lives: time.Second, Exit: supervisor.Exit{Code: 143, Signal: syscall.SIGTERM}}},
			[]float64{0},
			"1 completed",
		},
		{
			"what cannot be started is never a success",
			func(x *supervisor.Service) { x.Restart, x.SuccessCodes = supervisor.RestartNever, []int{127} },
			[]supervisor.Behaviour{{StartError: syscall.ENOENT}},
			nil,
			"0 failed for good: no such file or directory",
		},
		{
			"too often",
			func(x *supervisor.Service) { x.MaxRestarts = 3 },
			[]supervisor.Behaviour{dies(4)},
			[]float64{0, 1, 3, 7},
			"7.01 failed for good: ended 4 times within 1m0s, the last time it exited with code 4",
		},
		{
			"not too often within the window",
			func(x *supervisor.Service) { x.MaxRestarts, x.RestartWindow = 3, 25*time.Second },
			[]supervisor.Behaviour{dies(4)},
			[]float64{0, 1, 3, 7},
			"7.01 failed for good: ended 4 times within 25s, the last time it exited with code 4",
		},
		{
			"just not too often within the window",
			func(x *supervisor.Service) { x.MaxRestarts, x.RestartWindow = 3, 7*time.Second-1 },
			[]supervisor.Behaviour{dies(4)},
			[]float64{0, 1, 3, 7, 15, 31, 61, 91},
			"91.01 restarts in 30s",
		},
		{
			"successes count too",
			func(x *supervisor.Service) { x.MaxRestarts = 2 },
			[]supervisor.Behaviour{dies(0)},
			[]float64{0, 1, 2},
			"2.01 failed for good: ended 3 times within 1m0s, the last time it exited with code 0",
		},
		{
			"the finish program says that it has failed for good",
			func(x *supervisor.Service) { x.Finish = []string{"/finish"} },
			[]supervisor.Behaviour{after(1, 0), after(1, 6)},
			[]float64{0, 1},
			"2 failed for good: its finish program said so (exit code 125)",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			x := command("x")
			x.Backoff = calm
			if tc.change != nil {
				tc.change(&x)
			}
			fakes := behaviours{"x": tc.runs, "x finish 6 0": {{Lives: 1, Exit: failing(125)}}, "x finish 0 0": {{Lives: 1}}}
			simulate(t, supervisor.Config{Services: []supervisor.Service{x}}, fakes, func(s *sim) {
				s.sec(100)
				if diff := cmp.Diff(tc.started, s.times("x", "started")); diff != "" {
					t.Errorf("the starts (-want +got):\n%s", diff)
				}
				if last := s.traceOf("x")[len(s.traceOf("x"))-1]; last != tc.last {
					t.Errorf("at last: %s\nwant: %s", last, tc.last)
				}
			})
		})
	}
}

func TestJitterKeepsItsBounds(t *testing.T) {
	t.Parallel()
	var services []supervisor.Service
	fakes := behaviours{}
	for i := range 20 {
		name := strconv.Itoa(i)
		services = append(services, command(name))
		fakes[name] = []supervisor.Behaviour{dies(1)}
	}
	simulate(t, supervisor.Config{Services: services}, fakes, func(s *sim) {
		s.sec(7)
		var seen []float64
		for _, service := range services {
			started := s.times(service.Name, "started")
			for i, space := range []float64{1, 2} {
				have := started[i+1] - started[i]
				if have < 0.9*space-0.002 || have > 1.1*space+0.002 { // the trace is in ms
					t.Errorf("%g s between two starts, want %g give or take a tenth", have, space)
				}
				seen = append(seen, have/space)
			}
		}
		if slices.Max(seen)-slices.Min(seen) < 0.05 {
			t.Errorf("all within %.3f and %.3f: this is no jitter", slices.Min(seen), slices.Max(seen))
		}
	})
}

func TestDelay(t *testing.T) {
	t.Parallel()
	b := supervisor.Backoff{Initial: 100 * time.Millisecond, Max: time.Second, Factor: 3, Jitter: 0.5}
	for _, tc := range []struct {
		failures int
		uptime   time.Duration
		random   float64
		want     time.Duration
	}{
		{0, 0, 0.5, 100 * time.Millisecond},
		{1, 0, 0.5, 100 * time.Millisecond},
		{2, 0, 0.5, 300 * time.Millisecond},
		{3, 0, 0.5, 900 * time.Millisecond},
		{4, 0, 0.5, time.Second},
		{1, 0, 0, 50 * time.Millisecond},
		{1, 0, 1, 150 * time.Millisecond},
		{4, 0, 1, 1500 * time.Millisecond},
		{1 << 30, 0, 0.5, time.Second},
		{2, 250 * time.Millisecond, 0.5, 50 * time.Millisecond},
		{2, time.Hour, 0.5, 0},
	} {
		have := supervisor.Delay(b, tc.failures, tc.uptime, tc.random)
		if (have - tc.want).Abs() > time.Microsecond {
			t.Errorf("%d failures, up %v, random %g: %v, want %v", tc.failures, tc.uptime, tc.random, have, tc.want)
		}
	}
}

// TestWhatEndsRun is about the services that everything is there for.
func TestWhatEndsRun(t *testing.T) {
	t.Parallel()
	killed := supervisor.Exit{Code: 137, Signal: syscall.SIGKILL}
	for _, tc := range []struct {
		name   string
		change func(*supervisor.Service)
		runs   []supervisor.Behaviour
		at     float64
		want   error
	}{
		{"main ends well", func(x *supervisor.Service) { x.Main = true }, []supervisor.Behaviour{after(3, 0)}, 3, nil},
		{
			"main fails", func(x *supervisor.Service) { x.Main = true },
			[]supervisor.Behaviour{after(3, 7)},
			3, &supervisor.FailedError{Service: "x", Exit: failing(7)},
		},
		{
			"main is killed", func(x *supervisor.Service) { x.Main = true },
			[]supervisor.Behaviour{{Lives: time.Second, Exit: killed}},
			1, &supervisor.FailedError{Service: "x", Exit: killed},
		},
		{
			"main is not found", func(x *supervisor.Service) { x.Main = true },
			[]supervisor.Behaviour{{StartError: syscall.ENOENT}},
			0, &supervisor.FailedError{Service: "x", Exit: supervisor.Exit{Code: 127, Err: syscall.ENOENT}},
		},
		{
			"main is restarted if it says so",
			func(x *supervisor.Service) { x.Main, x.Restart = true, supervisor.RestartOnFailure },
			[]supervisor.Behaviour{dies(1), dies(1), after(2, 0)},
			5, nil,
		},
		{
			"main ends with a code that is a success", func(x *supervisor.Service) { x.Main, x.SuccessCodes = true, []int{7} },
			[]supervisor.Behaviour{after(3, 7)},
			3, nil,
		},
		{
			"nothing: a critical one ends with a code that is a success",
			func(x *supervisor.Service) { x.Critical, x.SuccessCodes = true, []int{7} },
			[]supervisor.Behaviour{after(3, 7)},
			50, nil,
		},
		{
			"nothing: a critical oneshot ends with a code that is a success",
			func(x *supervisor.Service) { x.Critical, x.Oneshot, x.SuccessCodes = true, true, []int{7} },
			[]supervisor.Behaviour{after(3, 7)},
			50, nil,
		},
		{
			"a critical one fails", func(x *supervisor.Service) { x.Critical = true },
			[]supervisor.Behaviour{after(3, 7)},
			3, &supervisor.FailedError{Service: "x", Exit: failing(7)},
		},
		{
			"a critical one fails too often",
			func(x *supervisor.Service) {
				x.Critical, x.Restart, x.MaxRestarts = true, supervisor.RestartAlways, 1
			},
			[]supervisor.Behaviour{dies(1), after(3, 2)},
			4, &supervisor.FailedError{Service: "x", Exit: failing(2)},
		},
		{
			"a critical oneshot fails", func(x *supervisor.Service) { x.Critical, x.Oneshot = true, true },
			[]supervisor.Behaviour{after(2, 5)},
			2, &supervisor.FailedError{Service: "x", Exit: failing(5)},
		},
		{
			"a critical one is not ready in time",
			func(x *supervisor.Service) { x.Critical, x.Readiness.FD, x.ReadyTimeout = true, 3, 2*time.Second },
			[]supervisor.Behaviour{{}},
			2, &supervisor.FailedError{Service: "x", Exit: supervisor.Exit{
				Code: 143, Signal: syscall.SIGTERM, Err: errors.New("was not ready within 2s"),
			}},
		},
		{
			"nothing: a critical one ends well", func(x *supervisor.Service) { x.Critical = true },
			[]supervisor.Behaviour{after(3, 0)},
			50, nil,
		},
		{
			"nothing: an ordinary one fails", func(x *supervisor.Service) { x.Restart = supervisor.RestartNever },
			[]supervisor.Behaviour{after(3, 1)},
			50, nil,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			x := command("x")
			x.Backoff = calm
			tc.change(&x)
			other := command("other")
			simulate(t, supervisor.Config{Services: []supervisor.Service{other, x}}, behaviours{"x": tc.runs}, func(s *sim) {
				time.AfterFunc(50*time.Second, func() { s.stop(nil) })
				err := s.end()
				if diff := cmp.Diff(tc.want, err, cmp.Comparer(sameText)); diff != "" {
					t.Errorf("Run's error (-want +got):\n%s", diff)
				}
				if at := time.Since(s.begun).Round(time.Second / 10).Seconds(); at != tc.at {
					t.Errorf("Run ended in second %g, want %g", at, tc.at)
				}
				if have := s.state("other"); have != supervisor.StateDown {
					t.Errorf("the other service is %s in the end", have)
				}
			})
		})
	}
}

// sameText compares errors by what they are and say.
func sameText(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	var failedA, failedB *supervisor.FailedError
	if errors.As(a, &failedA) && errors.As(b, &failedB) {
		a, b := failedA, failedB
		return a.Service == b.Service && a.Exit.Code == b.Exit.Code && a.Exit.Signal == b.Exit.Signal && a.Error() == b.Error()
	}
	return false
}

func TestFailedErrorUnwraps(t *testing.T) {
	t.Parallel()
	err := error(&supervisor.FailedError{Service: "x", Exit: supervisor.Exit{Code: 127, Err: syscall.ENOENT}})
	if !errors.Is(err, syscall.ENOENT) {
		t.Errorf("%v is not ENOENT", err)
	}
	if want := `service "x" no such file or directory`; err.Error() != want {
		t.Errorf("it says %s, want %s", err, want)
	}
}

func TestStartGivesAFailedServiceAnotherChance(t *testing.T) {
	t.Parallel()
	x := command("x")
	x.Backoff, x.MaxRestarts = calm, 1
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{x}}, behaviours{"x": {dies(1)}}, func(s *sim) {
		s.sec(10)
		s.do(s.Start("x"))
		s.sec(20)
	})
	s.want(t, "x", `0 started|0.01 exited with code 1 after 10ms|0.01 restarts in 990ms|
		1 started|1.01 exited with code 1 after 10ms|1.01 failed for good: ended 2 times within 1m0s, the last time it exited with code 1|
		10 started|10.01 exited with code 1 after 10ms|10.01 restarts in 990ms|
		11 started|11.01 exited with code 1 after 10ms|11.01 failed for good: ended 2 times within 1m0s, the last time it exited with code 1`)
}

func TestOnlyEndsThatNobodyAskedForCount(t *testing.T) {
	t.Parallel()
	x := command("x")
	x.Backoff, x.MaxRestarts = calm, 1
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{x}}, behaviours{"x": {{}, {}, {}, dies(1), {}}}, func(s *sim) {
		for i := range 3 {
			s.sec(float64(i + 1))
			s.do(s.Restart("x"))
		}
		s.sec(10)
	})
	if diff := cmp.Diff([]float64{0, 1, 2, 3, 4}, s.times("x", "started")); diff != "" {
		t.Errorf("the starts (-want +got):\n%s", diff)
	}
}

// TestSuccessCodesChangeNoCode: what is reported is what it was, and a oneshot is ready.
func TestSuccessCodesChangeNoCode(t *testing.T) {
	t.Parallel()
	x, y := command("x"), requiring("y", "x")
	x.Oneshot, x.SuccessCodes = true, []int{7}
	simulate(t, supervisor.Config{Services: []supervisor.Service{x, y}}, behaviours{"x": {after(3, 7)}}, func(s *sim) {
		s.sec(5)
		st, err := s.Status("x", "y")
		if err != nil || st[0].State != supervisor.StateDone || st[1].State != supervisor.StateReady {
			t.Fatalf("x and y are %+v, %v", st, err)
		}
		if diff := cmp.Diff(&supervisor.Exit{Code: 7, Expected: true}, st[0].LastExit); diff != "" {
			t.Errorf("its exit (-want +got):\n%s", diff)
		}
	})
}
