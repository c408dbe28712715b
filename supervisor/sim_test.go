package supervisor_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/supervisor"
)

// sim is a supervisor of fake processes in the time of testing/synctest. Its trace
// is what happened to each service, one "SECONDS what" after the other.
type sim struct {
	*supervisor.Supervisor
	t      *testing.T
	begun  time.Time
	stop   context.CancelCauseFunc
	result chan error

	mu    sync.Mutex
	trace map[string][]string
	ran   map[string][]string // the arguments of each program that was started
}

// behaviours says how the runs of a service behave; the last is that of all
// further ones. A service that is not named lives until it is told to end.
type behaviours map[string][]supervisor.Behaviour

// simulate runs script beside a supervisor, then stops that, and gives what
// happened.
func simulate(t *testing.T, cfg supervisor.Config, fakes behaviours, script func(*sim)) *sim {
	t.Helper()
	var s *sim
	synctest.Test(t, func(t *testing.T) {
		s = newSim(t, cfg, fakes)
		ctx, cancel := context.WithCancelCause(t.Context())
		s.stop = cancel
		go func() { s.result <- s.Run(ctx) }()
		synctest.Wait()
		script(s)
		cancel(nil)
		s.end()
	})
	return s
}

func newSim(t *testing.T, cfg supervisor.Config, fakes behaviours) *sim {
	t.Helper()
	s := &sim{t: t, begun: time.Now(), result: make(chan error, 1), trace: map[string][]string{}, ran: map[string][]string{}}
	cfg.OnEvent = func(e supervisor.Event) { s.note(e.Service, describe(e)) }
	sup, err := supervisor.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.Supervisor = sup
	f := &supervisor.Fakes{
		Behave: func(name string, run int) supervisor.Behaviour {
			runs := fakes[name]
			if len(runs) == 0 {
				return supervisor.Behaviour{}
			}
			return runs[min(run, len(runs))-1]
		},
		OnStart: func(name string, command []string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.ran[name] = append(s.ran[name], strings.Join(command[1:], " "))
		},
		OnSignal: func(name string, sig syscall.Signal) {
			if sig != syscall.SIGCONT {
				s.note(name, "<- "+signalNames[sig])
			}
		},
	}
	f.Use(sup)
	return s
}

// end waits for the end of Run and puts its error where script could have.
func (s *sim) end() error {
	err := <-s.result
	s.result <- err
	return err
}

// do fails the test if a call of the API does.
func (s *sim) do(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Error(err)
	}
}

func (s *sim) note(service, what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := time.Since(s.begun).Round(time.Millisecond).Seconds()
	s.trace[service] = append(s.trace[service], fmt.Sprintf("%g %s", at, what))
}

// want compares what happened to a service with lines that are split at "|".
func (s *sim) want(t *testing.T, service, lines string) {
	t.Helper()
	var want []string
	for line := range strings.SplitSeq(lines, "|") {
		if line = strings.TrimSpace(line); line != "" {
			want = append(want, line)
		}
	}
	if diff := cmp.Diff(want, s.trace[service]); diff != "" {
		t.Errorf("what happened to %q (-want +got):\n%s", service, diff)
	}
}

func (s *sim) state(service string) supervisor.State {
	s.t.Helper()
	st, err := s.Status(service)
	if err != nil {
		s.t.Fatal(err)
	}
	return st[0].State
}

var noise = regexp.MustCompile(`^[^:]*: |, pid \d+`)

// describe is an event without the name and the pid.
func describe(e supervisor.Event) string { return noise.ReplaceAllString(e.String(), "") }

var signalNames = map[syscall.Signal]string{
	syscall.SIGTERM: "TERM", syscall.SIGKILL: "KILL", syscall.SIGABRT: "ABRT", syscall.SIGINT: "INT",
	syscall.SIGQUIT: "QUIT", syscall.SIGHUP: "HUP",
}

// sec waits in the simulation's time until so many seconds after its begin.
func (s *sim) sec(at float64) {
	time.Sleep(time.Until(s.begun.Add(time.Duration(at * float64(time.Second)))))
	synctest.Wait()
}

func command(name string) supervisor.Service {
	return supervisor.Service{Name: name, Command: []string{"/fake"}}
}

// calm is a back-off without chance in it.
var calm = supervisor.Backoff{Jitter: -1}

func failing(code int) supervisor.Exit { return supervisor.Exit{Code: code} }

func (s *sim) traceOf(service string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.trace[service])
}
