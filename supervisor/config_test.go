package supervisor_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/supervisor"
)

func nothing(context.Context, supervisor.Notifier) error { return nil }

// well is a probe that finds no fault.
func well(context.Context) error { return nil }

func anyLine([]byte) bool { return true }

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	change := func(f func(*supervisor.Service)) []supervisor.Service {
		x := command("x")
		f(&x)
		return []supervisor.Service{x}
	}
	function := func(f func(*supervisor.Service)) []supervisor.Service {
		x := supervisor.Service{Name: "x", Func: nothing}
		f(&x)
		return []supervisor.Service{x}
	}
	reader := func(log supervisor.Service) []supervisor.Service {
		return append(change(func(x *supervisor.Service) { x.LogTo = "log" }), log)
	}
	for _, tc := range []struct {
		services []supervisor.Service
		want     string
	}{
		{[]supervisor.Service{command("")}, `service "": its name must not be empty or hold a NUL, newline or tab`},
		{[]supervisor.Service{command("a\nb")}, `service "a\nb": its name must not be empty or hold a NUL, newline or tab`},
		{[]supervisor.Service{command("a\tb")}, `service "a\tb": its name must not be empty or hold a NUL, newline or tab`},
		{[]supervisor.Service{command("a\x00b")}, `service "a\x00b": its name must not be empty or hold a NUL, newline or tab`},
		{[]supervisor.Service{{Name: "x"}}, `service "x": it needs a Command or a Func, and not both`},
		{[]supervisor.Service{{Name: "x", Command: []string{"a"}, Func: nothing}}, `service "x": it needs a Command or a Func, and not both`},
		{[]supervisor.Service{{Name: "x", Command: []string{""}}}, `service "x": its Command is empty`},
		{[]supervisor.Service{command("x"), command("x")}, `service "x": there are two of that name`},
		{change(func(x *supervisor.Service) { x.Readiness.FD = 2 }), `service "x": its readiness descriptor is 2, and must be 3 or above`},
		{change(func(x *supervisor.Service) { x.Readiness.FD = -1 }), `service "x": its readiness descriptor is -1, and must be 3 or above`},
		{change(func(x *supervisor.Service) { x.Readiness.FD = 1024 }), `service "x": its readiness descriptor is 1024, and must be below 1024`},
		{
			change(func(x *supervisor.Service) { x.Readiness = supervisor.Readiness{FD: 3, Notify: true} }),
			`service "x": its Readiness has more than one of FD, Notify, Probe and Line`,
		},
		{
			change(func(x *supervisor.Service) { x.Readiness.Probe, x.Readiness.Line = well, anyLine }),
			`service "x": its Readiness has more than one of FD, Notify, Probe and Line`,
		},
		{
			change(func(x *supervisor.Service) { x.Readiness.Probe, x.Readiness.ProbeInterval = well, -1 }),
			`service "x": its ProbeInterval or ProbeTimeout is negative`,
		},
		{
			change(func(x *supervisor.Service) { x.Readiness.Probe, x.Readiness.ProbeTimeout = well, -1 }),
			`service "x": its ProbeInterval or ProbeTimeout is negative`,
		},
		{
			change(func(x *supervisor.Service) {
				x.Oneshot, x.Health = true, []supervisor.HealthCheck{{Name: "a", Probe: well}}
			}),
			`service "x": it is a Oneshot, which has no Health`,
		},
		{
			change(func(x *supervisor.Service) {
				x.Health = []supervisor.HealthCheck{{Probe: well}, {Name: "a"}, {Name: "a", Probe: well, Interval: -1, Threshold: -1, Action: 9}}
			}),
			"service \"x\": its health check 1 (\"\") needs a Name\nits health check 2 (\"a\") needs a Probe\n" +
				"its health check 3 (\"a\") has the Name of another\n" +
				"its health check 3 (\"a\") has a negative Interval, Timeout or StartPeriod\n" +
				"its health check 3 (\"a\") has a negative Threshold\nits health check 3 (\"a\") has an unknown Action",
		},
		{change(func(x *supervisor.Service) { x.StopCommand = []string{"", "a"} }), `service "x": its StopCommand is empty`},
		{change(func(x *supervisor.Service) { x.SuccessCodes = []int{255, 256} }), `service "x": its SuccessCodes must be from 0 to 255`},
		{change(func(x *supervisor.Service) { x.SuccessCodes = []int{-1} }), `service "x": its SuccessCodes must be from 0 to 255`},
		{function(func(x *supervisor.Service) { x.Program = "/a" }), `service "x": it is a Func, which has no Program or StopCommand`},
		{function(func(x *supervisor.Service) { x.StopCommand = []string{"a"} }), `service "x": it is a Func, which has no Program or StopCommand`},
		{
			function(func(x *supervisor.Service) { x.Readiness.Line = anyLine }),
			`service "x": it is a Func, which has no LogTo, readiness descriptor or line, or Watchdog`,
		},
		{change(func(x *supervisor.Service) { x.Watchdog = 1 }), `service "x": its Watchdog needs Readiness.Notify`},
		{
			change(func(x *supervisor.Service) { x.Watchdog, x.Readiness.Notify = -1, true }),
			`service "x": its Watchdog or ReadyTimeout is negative`,
		},
		{change(func(x *supervisor.Service) { x.ReadyTimeout = -1 }), `service "x": its Watchdog or ReadyTimeout is negative`},
		{change(func(x *supervisor.Service) { x.MaxRestarts = -1 }), `service "x": its MaxRestarts or RestartWindow is negative`},
		{change(func(x *supervisor.Service) { x.RestartWindow = -1 }), `service "x": its MaxRestarts or RestartWindow is negative`},
		{
			change(func(x *supervisor.Service) { x.Oneshot, x.Restart = true, supervisor.RestartAlways }),
			`service "x": it is a Oneshot and cannot be restarted always`,
		},
		{
			change(func(x *supervisor.Service) { x.Oneshot, x.Readiness.FD = true, 3 }),
			`service "x": it is a Oneshot: it is ready when it has ended`,
		},
		{
			change(func(x *supervisor.Service) { x.Backoff.Factor = 0.5 }),
			`service "x": its Backoff needs a Factor of 1 or more and an Initial that is not negative`,
		},
		{
			change(func(x *supervisor.Service) { x.Backoff.Initial = -1 }),
			`service "x": its Backoff needs a Factor of 1 or more and an Initial that is not negative`,
		},
		{change(func(x *supervisor.Service) { x.Terminal = true }), `service "x": it wants a terminal and has no Stdin`},
		{change(func(x *supervisor.Service) { x.StopSignal = 65 }), `service "x": its StopSignal 65 is no signal`},
		{change(func(x *supervisor.Service) { x.Restart = 9 }), `service "x": its Restart 9 is unknown`},
		{change(func(x *supervisor.Service) { x.Output = 9 }), `service "x": its Output 9 is unknown`},
		{
			change(func(x *supervisor.Service) { x.LogTo = "x" }),
			"service \"x\": it logs to itself\nservices require each other: x -> x",
		},
		{change(func(x *supervisor.Service) { x.LogTo = "log" }), `service "x": requires "log": no such service`},
		{
			reader(supervisor.Service{Name: "log", Func: nothing}),
			`service "x": logs to "log", which must be a Command without a Stdin`,
		},
		{
			reader(supervisor.Service{Name: "log", Command: []string{"cat"}, Stdin: os.Stdin}),
			`service "x": logs to "log", which must be a Command without a Stdin`,
		},
		{
			append(function(func(x *supervisor.Service) { x.LogTo = "log" }), command("log")),
			`service "x": it is a Func, which has no LogTo, readiness descriptor or line, or Watchdog`,
		},
		{
			function(func(x *supervisor.Service) { x.Readiness.FD = 3 }),
			`service "x": it is a Func, which has no LogTo, readiness descriptor or line, or Watchdog`,
		},
		{[]supervisor.Service{requiring("x", "y")}, `service "x": requires "y": no such service`},
		{[]supervisor.Service{requiring("x", "x")}, "services require each other: x -> x"},
		{
			[]supervisor.Service{requiring("top", "a", "solo"), command("solo"), requiring("a", "solo", "b"), requiring("b", "c"), requiring("c", "a")},
			"services require each other: a -> b -> c -> a",
		},
		{
			// A reader is required, too.
			[]supervisor.Service{requiring("log", "web"), {Name: "web", Command: []string{"web"}, LogTo: "log"}},
			"services require each other: log -> web -> log",
		},
		{
			[]supervisor.Service{{Name: "x", Restart: -1}, requiring("y", "nobody"), requiring("z", "z")},
			"service \"x\": it needs a Command or a Func, and not both\nits Restart -1 is unknown\n" +
				"service \"y\": requires \"nobody\": no such service\nservices require each other: z -> z",
		},
	} {
		_, err := supervisor.New(supervisor.Config{Services: tc.services})
		if err == nil {
			t.Errorf("New takes what it should refuse with: %s", tc.want)
			continue
		}
		if diff := cmp.Diff(strings.Split(tc.want, "\n"), strings.Split(err.Error(), "\n")); diff != "" {
			t.Errorf("New's error (-want +got):\n%s", diff)
		}
		if errors.Is(err, supervisor.ErrUnknown) != strings.Contains(tc.want, "no such service") {
			t.Errorf("%v: errors.Is says otherwise of ErrUnknown", err)
		}
	}
}

func TestNewTakes(t *testing.T) {
	t.Parallel()
	for name, service := range map[string]supervisor.Service{
		"any name":           command("my app/log: \"ü\"\xff"),
		"the highest signal": {Name: "x", Command: []string{"x"}, StopSignal: 64},
		"a late descriptor":  {Name: "x", Command: []string{"x"}, Readiness: supervisor.Readiness{FD: 1023}},
		"a oneshot":          {Name: "x", Command: []string{"x"}, Oneshot: true, Restart: supervisor.RestartOnFailure},
		"a function":         {Name: "x", Func: nothing, Readiness: supervisor.Readiness{Notify: true}},
		"a probe":            {Name: "x", Func: nothing, Readiness: supervisor.Readiness{Probe: well}},
		"checks":             {Name: "x", Func: nothing, Health: []supervisor.HealthCheck{{Name: "a", Probe: well}, {Name: "b", Probe: well}}},
		"another signal":     {Name: "x", Func: nothing, StopSignal: syscall.SIGWINCH},
	} {
		if _, err := supervisor.New(supervisor.Config{Services: []supervisor.Service{service}}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
