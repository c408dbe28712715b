package supervisor

import (
	"context"
	"fmt"
	"time"
)

// HealthCheck says how it is found out, again and again, whether a service that is
// ready still works.
type HealthCheck struct {
	// Name is how the check is called in events and in Status, such as "http
	// 127.0.0.1:8080/healthz". It must not be empty, and be the only one of that name.
	Name string
	// Probe returns nil if all is well, else why not. It must return soon after ctx ends:
	// it is waited for, for 2 s, and left behind then. It is never called twice at a time for one run of the service.
	// The first time is as soon as the service is ready.
	Probe func(ctx context.Context) error
	// Interval is the time from the end of one probe to the next. Default 10 s.
	Interval time.Duration
	// Timeout is when a probe's ctx ends, which counts as a failure. Default 3 s.
	Timeout time.Duration
	// Threshold is how many failures in a row make the service unhealthy. Default 3.
	Threshold int
	// StartPeriod is how long after the service became ready failures do not count,
	// unless a probe has succeeded before. Default 0.
	StartPeriod time.Duration
	// Action is what becomes of a service that is unhealthy. Default HealthRestart.
	Action HealthAction
}

// HealthAction says what becomes of a service that is unhealthy.
type HealthAction int

// The actions.
const (
	// HealthRestart stops the service, which counts as a failure: Service.Restart
	// and its limits say what comes next.
	HealthRestart HealthAction = iota
	// HealthStop makes the service fail for good, and ends Run with a FailedError.
	HealthStop
	// HealthIgnore leaves it alone: it is unhealthy in Status and in an event.
	HealthIgnore
)

// Health is what checks say of a service.
type Health int

// The kinds of health.
const (
	HealthUnknown Health = iota // it has no checks, or is not ready, or one of them has not said anything yet
	HealthOK                    // all checks have succeeded, and none has reached its Threshold since
	HealthBad                   // one has, and has not succeeded since
)

var healthNames = [...]string{HealthUnknown: "", HealthOK: "healthy", HealthBad: "unhealthy"}

// String is the health in lower case, as logs and APIs show it; unknown is "".
func (h Health) String() string {
	if h < 0 || int(h) >= len(healthNames) {
		return fmt.Sprintf("health %d", int(h))
	}
	return healthNames[h]
}

func (c *HealthCheck) setDefaults() {
	setDefault(&c.Interval, 10*time.Second)
	setDefault(&c.Timeout, 3*time.Second)
	setDefault(&c.Threshold, 3)
}

// addChecks adds what is wrong with the checks of a service.
func (f *faults) addChecks(checks []HealthCheck) {
	names := map[string]bool{}
	for i := range checks {
		c := &checks[i]
		add := func(wrong bool, what string) {
			f.add(wrong, "its health check %d (%q) %s", i+1, c.Name, what)
		}
		add(c.Name == "", "needs a Name")
		add(names[c.Name], "has the Name of another")
		add(c.Probe == nil, "needs a Probe")
		add(c.Interval < 0 || c.Timeout < 0 || c.StartPeriod < 0, "has a negative Interval, Timeout or StartPeriod")
		add(c.Threshold < 0, "has a negative Threshold")
		add(c.Action < HealthRestart || c.Action > HealthIgnore, "has an unknown Action")
		names[c.Name] = true
	}
}
