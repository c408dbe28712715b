package supervisor_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sillelien/baseinit/supervisor"
)

// TestProbesOfRealProcesses: a service that is ready when a file is there, and ill when it
// is gone.
func TestProbesOfRealProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "up")
	probe := func(context.Context) error { _, err := os.Stat(path); return err }
	service := sh("x", "touch "+path+"; exec sleep 1000")
	service.Readiness.Probe, service.Readiness.ProbeInterval = probe, 5*time.Millisecond
	service.Health = []supervisor.HealthCheck{{Name: "file", Probe: probe, Interval: 5 * time.Millisecond, Threshold: 2}}
	service.Backoff.Initial = 1
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	for range 3 {
		l.await("x", supervisor.Ready)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		_, err := l.Wait(ctx, "x", func(st supervisor.Status) bool { return st.Health == supervisor.HealthOK })
		cancel()
		l.do(err)
		l.do(os.Remove(path))
		why := "file: stat " + path + ": no such file or directory"
		if e := l.await("x", supervisor.Unhealthy); e.Text != why {
			t.Errorf("x %s, want %s", e, why)
		}
		if e := l.await("x", supervisor.Exited); e.Asked || e.Exit.String() != "was unhealthy: "+why {
			t.Errorf("x %s", e)
		}
		l.await("x", supervisor.Started)
	}
	l.await("x", supervisor.Recovered)
	l.do(l.end())
}
