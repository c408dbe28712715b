package supervisor_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sillelien/baseinit/supervisor"
)

// churn is services "0" to "7", of which each may need those before it, and whose
// definitions are made at random.
type churn struct {
	*rand.Rand
	last map[string]int // the version of the last definition
}

const churned = 8

func (c *churn) define(i int) supervisor.Service {
	name := strconv.Itoa(i)
	c.last[name]++
	x := v(c.last[name], command(name))
	for j := range i { // no loops
		switch c.IntN(5) {
		case 0:
			x.Requires = append(x.Requires, strconv.Itoa(j))
		case 1:
			x.After = append(x.After, strconv.Itoa(j))
		case 2:
			x.LogTo = strconv.Itoa(j)
		}
	}
	if c.IntN(3) == 0 {
		x.StopCommand = []string{"/stop"}
	}
	if c.IntN(3) == 0 {
		x.Readiness.Probe = func(context.Context) error {
			if time.Now().UnixNano()%3 == 0 {
				return errors.New("no")
			}
			return nil
		}
	}
	if c.IntN(3) == 0 {
		x.Health = []supervisor.HealthCheck{{Name: "check", Probe: well, Interval: time.Second}}
	}
	x.PatientStop = x.StopCommand == nil && c.IntN(4) == 0
	x.Backoff.Initial = time.Millisecond
	return x
}

// step calls something.
func (c *churn) step(s *sim) {
	x := strconv.Itoa(c.IntN(churned))
	switch c.IntN(7) {
	case 0:
		s.do(s.Stop(x))
	case 1:
		s.do(s.Start(x))
	case 2:
		s.do(s.Restart(x))
	case 3:
		s.do(s.StopAlone(x))
	default:
		a := c.IntN(churned)
		s.do(s.Replace(c.define(a), c.define((a+1+c.IntN(churned-1))%churned)))
	}
	time.Sleep(time.Duration(c.IntN(1000)) * time.Millisecond)
}

// TestChurn calls whatever there is at random moments. In the end each service that is
// wanted runs by its last definition, never twice, and the stop leaves nothing.
func TestChurn(t *testing.T) {
	t.Parallel()
	run := supervisor.Behaviour{StartTakes: 100 * time.Millisecond, DiesAfter: 300 * time.Millisecond}
	short := run
	short.Lives, short.Exit = 3*time.Second, failing(1)
	for seed := range uint64(60) {
		c := &churn{rand.New(rand.NewPCG(seed, 1)), map[string]int{}}
		var services []supervisor.Service
		fakes := behaviours{}
		for i := range churned {
			x := c.define(i)
			services = append(services, x)
			fakes[x.Name] = []supervisor.Behaviour{short, short, run, short, run, run, short, run}
			fakes[x.Name+" stop"] = []supervisor.Behaviour{after(0.2, 1), after(1, 0), {}}
		}
		s := simulate(t, supervisor.Config{Services: services}, fakes, func(s *sim) {
			for range 60 {
				c.step(s)
			}
			time.Sleep(10 * time.Second)
			for _, x := range services {
				s.do(s.Start(x.Name))
			}
			time.Sleep(time.Minute)
			c.wantAllUp(s, seed)
		})
		for _, x := range services {
			if what := oneByOne(s.trace[x.Name]); what != "" {
				t.Errorf("seed %d: %s: %s: %q", seed, x.Name, what, s.trace[x.Name])
			}
		}
	}
}

func (c *churn) wantAllUp(s *sim, seed uint64) {
	st, err := s.Status()
	s.do(err)
	for _, x := range st {
		ran := s.ran[x.Name]
		if x.State != supervisor.StateReady || ran[len(ran)-1] != strconv.Itoa(c.last[x.Name]) {
			s.t.Errorf("seed %d: %s is %s, waits for %q, ran %q, and version %d is the last",
				seed, x.Name, x.State, x.WaitingFor, ran, c.last[x.Name])
		}
	}
}

// oneByOne says what is wrong with a service of which one run at a time is wanted, and
// none in the end.
func oneByOne(trace []string) string {
	runs := 0
	for _, line := range trace {
		switch _, what, _ := strings.Cut(line, " "); {
		case what == "started":
			runs++
		case strings.HasPrefix(what, "exited with"), strings.HasPrefix(what, "was killed by"):
			runs--
		}
		if runs < 0 || runs > 1 {
			return strconv.Itoa(runs) + " runs at " + line
		}
	}
	if !strings.HasSuffix(trace[len(trace)-1], " stopped") {
		return "not stopped"
	}
	return ""
}
