package supervisor_test

import (
	"testing"

	"github.com/sillelien/baseinit/supervisor"
)

// ServiceOf knows a service's run and finish programs, from within any call.
func TestServiceOf(t *testing.T) {
	t.Parallel()
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{
		{Name: "web", Command: []string{"sleep", "1000"}},
		{Name: "db", Command: []string{"true"}, Restart: supervisor.RestartNever, Requires: []string{"web"}},
	}})
	pids := map[string]int{"web": l.await("web", supervisor.Started).PID, "db": l.await("db", supervisor.Started).PID}
	l.await("db", supervisor.Exited)
	for name, pid := range pids {
		if got := l.ServiceOf(pid); got != name {
			t.Errorf("process %d is of service %q, want %q", pid, got, name)
		}
	}
	if got := l.ServiceOf(1); got != "" {
		t.Errorf("process 1 is of service %q", got)
	}
	l.end()
	if got := l.ServiceOf(pids["web"]); got != "web" {
		t.Errorf("after the end process %d is of service %q, want what it was", pids["web"], got)
	}
}
