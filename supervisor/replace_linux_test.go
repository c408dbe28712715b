package supervisor_test

import (
	"strings"
	"testing"

	"github.com/sillelien/baseinit/supervisor"
)

// TestReplaceReader gives a service another reader, and the old reader a Stdin of its own.
func TestReplaceReader(t *testing.T) {
	t.Parallel()
	web := func(reader, text string) supervisor.Service {
		service := sh("web", "trap 'echo bye "+text+"; exit 0' TERM; echo "+text+"; while :; do sleep 0.01; done")
		service.LogTo = reader
		return service
	}
	reader := func(name string) supervisor.Service {
		return sh(name, `while read -r line; do echo "$0 read $line"; done`)
	}
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{web("one", "first"), reader("one"), reader("two")}})
	l.await("two", supervisor.Exited) // it has its pipe from its next start, once somebody writes to it
	l.out.await(t, "[one] one read first\n")
	l.do(l.Replace(web("two", "second")))
	l.out.await(t, "[one] one read bye first\n")
	l.out.await(t, "[two] two read second\n")
	l.do(l.Replace(supervisor.Service{Name: "one", Func: nothing, Restart: supervisor.RestartNever}))
	l.awaitState("one", supervisor.StateDone)
	l.do(l.end())
	if out := l.out.String(); !strings.Contains(out, "[two] two read bye second\n") {
		t.Errorf("the last words of web are missing:\n%s", out)
	}
}

// TestReplaceReadiness goes from one kind to the other, and leaks nothing.
func TestReplaceReadiness(t *testing.T) {
	t.Parallel()
	notify := help("x", "notify", "send:READY=1", "sleep")
	notify.Readiness.Notify = true
	probed := sh("x", "exec sleep 1000")
	probed.Readiness.Probe = well
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{notify}})
	for range 3 {
		l.await("x", supervisor.Ready)
		l.do(l.Replace(probed))
		l.await("x", supervisor.Ready)
		l.do(l.Replace(notify))
	}
	l.await("x", supervisor.Ready)
	l.do(l.end())
}

// TestReplaceWhileItIsStarted many times, with real processes.
func TestReplaceWhileItIsStarted(t *testing.T) {
	t.Parallel()
	version := func(n int) supervisor.Service { return sh("x", "echo version $1; exec sleep 1000", itoa(n)) }
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{version(0)}})
	const last = 50
	for n := range last {
		l.do(l.Replace(version(n + 1)))
	}
	l.out.await(t, "[x] version 50\n")
	st := l.awaitState("x", supervisor.StateReady)
	if !alive(st.PID) {
		t.Errorf("x is %+v", st)
	}
	l.do(l.end())
	starts, ends := 0, 0
	for e := range l.events {
		switch e.Kind {
		case supervisor.Started:
			starts++
		case supervisor.Exited:
			ends++
		}
	}
	if starts != ends || starts < 2 {
		t.Errorf("%d starts, %d ends", starts, ends)
	}
}
