package supervisor_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sillelien/baseinit/supervisor"
)

func TestEventText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		event supervisor.Event
		want  string
	}{
		{supervisor.Event{Kind: supervisor.Waiting, Text: "a, b"}, "x: waits for a, b"},
		{supervisor.Event{Kind: supervisor.Started, PID: 7}, "x: started, pid 7"},
		{supervisor.Event{Kind: supervisor.Ready, Delay: 123456789}, "x: ready after 123ms"},
		{supervisor.Event{Kind: supervisor.Notified, Text: "all is well"}, "x: says all is well"},
		{supervisor.Event{Kind: supervisor.Exited, Exit: failing(3), Delay: 98765 * time.Millisecond}, "x: exited with code 3 after 1m38.8s"},
		{
			supervisor.Event{Kind: supervisor.Exited, Exit: supervisor.Exit{Code: 137, Signal: syscall.SIGKILL}, Delay: 1234567},
			"x: was killed by SIGKILL after 1.23ms",
		},
		{supervisor.Event{Kind: supervisor.Exited, Exit: supervisor.Exit{Code: 127, Err: errors.New("cannot start")}}, "x: cannot start"},
		{supervisor.Event{Kind: supervisor.Finished, Exit: failing(0)}, "x: finish exited with code 0"},
		{supervisor.Event{Kind: supervisor.BackingOff, Delay: 987654321}, "x: restarts in 988ms"},
		{supervisor.Event{Kind: supervisor.Stopping, Text: "SIGTERM"}, "x: stops: SIGTERM"},
		{supervisor.Event{Kind: supervisor.Late, Text: "too late"}, "x: too late"},
		{supervisor.Event{Kind: supervisor.Stopped}, "x: stopped"},
		{supervisor.Event{Kind: supervisor.Completed}, "x: completed"},
		{supervisor.Event{Kind: supervisor.GaveUp, Text: "too often"}, "x: failed for good: too often"},
		{supervisor.Event{Kind: supervisor.Trouble, Text: "odd"}, "x: odd"},
	} {
		tc.event.Service = "x"
		if have := tc.event.String(); have != tc.want {
			t.Errorf("%s: %q, want %q", tc.event.Kind, have, tc.want)
		}
	}
}

func TestUnknownKindsHaveNames(t *testing.T) {
	t.Parallel()
	if have := supervisor.State(99).String(); have != "state 99" {
		t.Errorf("a state: %q", have)
	}
	if have := supervisor.EventKind(99).String(); have != "event 99" {
		t.Errorf("a kind of event: %q", have)
	}
}

// TestLog wants as warnings what a person should look at.
func TestLog(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.DebugLevel)
	cfg := supervisor.Config{Logger: zap.New(core), Services: []supervisor.Service{
		command("x"), command("stubborn"), command("migrate"), command("broken"), requiring("waiting", "broken"),
	}}
	cfg.Services[0].Backoff = calm
	for i := 2; i < 4; i++ {
		cfg.Services[i].Oneshot, cfg.Services[i].Finish = true, []string{"/finish"}
	}
	fakes := behaviours{
		"x": {dies(1), dies(0), {}}, "stubborn": {stubborn}, "migrate": {dies(0)}, "broken": {dies(2)},
		"migrate finish 0 0": {dies(0)}, "broken finish 2 0": {dies(1)},
	}
	simulate(t, cfg, fakes, func(s *sim) { s.sec(3) })
	want := map[string]zapcore.Level{
		"started":                                                    zap.InfoLevel,
		"x: exited with code 1 after 10ms":                           zap.WarnLevel,
		"x: restarts in 990ms":                                       zap.WarnLevel,
		"x: exited with code 0 after 10ms":                           zap.InfoLevel,
		"x: stops: SIGTERM":                                          zap.DebugLevel,
		"x: was killed by SIGTERM after 1s":                          zap.InfoLevel, // as was asked for
		"x: stopped":                                                 zap.DebugLevel,
		"stubborn: stops: SIGTERM":                                   zap.DebugLevel,
		"stubborn: did not end within 3s: killed":                    zap.WarnLevel,
		"stubborn: was killed by SIGKILL after 6s":                   zap.InfoLevel,
		"stubborn: stopped":                                          zap.DebugLevel,
		"migrate: exited with code 0 after 10ms":                     zap.InfoLevel,
		"migrate: finish exited with code 0":                         zap.DebugLevel,
		"migrate: completed":                                         zap.DebugLevel,
		"broken: exited with code 2 after 10ms":                      zap.WarnLevel,
		"broken: finish exited with code 1":                          zap.WarnLevel,
		"broken: failed for good: exited with code 2":                zap.WarnLevel,
		"waiting: waits for broken":                                  zap.DebugLevel,
		"waiting: cannot start: it requires broken, which is failed": zap.WarnLevel,
		"waiting: stopped":                                           zap.DebugLevel,
	}
	have := map[string]zapcore.Level{}
	for _, entry := range logs.All() {
		if strings.Contains(entry.Message, "started, pid ") {
			entry.Message = "started"
		}
		have[entry.Message] = entry.Level
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
}

func TestExitCodesOfStartsThatFail(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]int{
		syscall.ENOENT: 127, syscall.ENOTDIR: 127,
		syscall.EACCES: 126, syscall.EPERM: 126, syscall.ENOEXEC: 126, syscall.E2BIG: 126, syscall.ELOOP: 126,
		syscall.EAGAIN: 111, syscall.ENOMEM: 111, syscall.EMFILE: 111, syscall.ENFILE: 111,
	} {
		x := command("x")
		x.Main = true
		simulate(t, supervisor.Config{Services: []supervisor.Service{x}}, behaviours{"x": {{StartError: err}}}, func(s *sim) {
			var failed *supervisor.FailedError
			if errors.As(s.end(), &failed); failed == nil || failed.Exit.Code != want {
				t.Errorf("%v: %+v, want code %d", err, failed, want)
			}
		})
	}
}

// TestAsked tells the ends that were asked for from the others.
func TestAsked(t *testing.T) {
	t.Parallel()
	x, late := command("x"), withReadiness(command("late"))
	late.ReadyTimeout, late.Restart, x.Backoff = time.Second, supervisor.RestartNever, calm
	simulate(t, supervisor.Config{Services: []supervisor.Service{x, late}}, behaviours{"x": {after(2, 1), {}}}, func(s *sim) {
		events, _ := s.Subscribe(100)
		s.sec(5)
		s.do(s.Restart("x"))
		s.sec(6)
		s.stop(nil)
		s.do(s.end())
		asked := map[string][]bool{}
		for e := range events {
			if e.Kind == supervisor.Exited {
				asked[e.Service] = append(asked[e.Service], e.Asked)
			}
		}
		if diff := cmp.Diff(map[string][]bool{"x": {false, true, true}, "late": {false}}, asked); diff != "" {
			t.Errorf("which ends were asked for (-want +got):\n%s", diff)
		}
	})
}
