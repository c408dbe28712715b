package supervisor_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/supervisor"
)

func requiring(name string, required ...string) supervisor.Service {
	service := command(name)
	service.Requires = required
	return service
}

// readyAfter is a run that says that it is ready after so many seconds.
func readyAfter(seconds int) []supervisor.Behaviour {
	return []supervisor.Behaviour{{ReadyAfter: time.Duration(seconds) * time.Second, DiesAfter: time.Second}}
}

func withReadiness(service supervisor.Service) supervisor.Service {
	service.Readiness.FD = 3
	return service
}

func TestStartOrder(t *testing.T) {
	t.Parallel()
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{
		withReadiness(requiring("web", "db", "cache")), withReadiness(requiring("db", "net")),
		withReadiness(requiring("cache", "net")), withReadiness(command("net")), command("solo"),
	}}, behaviours{"web": readyAfter(1), "db": readyAfter(2), "cache": readyAfter(5), "net": readyAfter(3)}, func(s *sim) {
		s.sec(7)
		st, err := s.Status("web")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"cache"}, st[0].WaitingFor); diff != "" {
			t.Errorf("web waits for (-want +got):\n%s", diff)
		}
		select {
		case <-s.Ready():
			t.Error("all is ready before web is")
		default:
		}
		s.sec(10)
		select {
		case <-s.Ready():
		default:
			t.Error("not all is ready after web is")
		}
	})
	for service, want := range map[string]string{
		"solo": "0 started", "net": "0 started|3 ready after 3s",
		"db":    "0 waits for net|3 started|5 ready after 2s",
		"cache": "0 waits for net|3 started|8 ready after 5s",
		"web":   "0 waits for db, cache|8 started|9 ready after 1s",
	} {
		s.trace[service] = s.trace[service][:1+strings.Count(want, "|")]
		s.want(t, service, want)
	}
}

func TestOneshotsAreReadyWhenTheyHaveEndedWell(t *testing.T) {
	t.Parallel()
	migrate := command("migrate")
	migrate.Oneshot, migrate.Restart, migrate.Backoff = true, supervisor.RestartOnFailure, calm
	broken := command("broken")
	broken.Oneshot = true
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{requiring("web", "migrate"), requiring("never", "broken"), migrate, broken}},
		behaviours{"migrate": {after(2, 1), after(3, 0)}, "broken": {after(1, 1)}}, func(s *sim) {
			s.sec(20)
			if have := s.state("never"); have != supervisor.StateWaiting {
				t.Errorf("what requires a failed oneshot is %s", have)
			}
			s.do(s.Start("migrate")) // once more: the others do not care
			s.sec(30)
		})
	s.want(t, "migrate", "0 started|2 exited with code 1 after 2s|2 started|5 exited with code 0 after 3s|5 completed|"+
		"20 started|23 exited with code 0 after 3s|23 completed")
	s.want(t, "web", "0 waits for migrate|5 started|30 stops: SIGTERM|30 <- TERM|30 was killed by SIGTERM after 25s|30 stopped")
	s.want(t, "broken", "0 started|1 exited with code 1 after 1s|1 failed for good: exited with code 1")
	s.want(t, "never", "0 waits for broken|1 cannot start: it requires broken, which is failed|30 stopped")
}

func TestStopTakesThoseThatRequireItAlong(t *testing.T) {
	t.Parallel()
	slow := []supervisor.Behaviour{{DiesAfter: time.Second}}
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{
		command("net"), requiring("db", "net"), requiring("web", "db"), requiring("worker", "db"), command("solo"),
	}}, behaviours{"db": slow, "web": slow, "worker": slow}, func(s *sim) {
		s.sec(5)
		s.do(s.Stop("db"))
		s.sec(10)
		for service, want := range map[string]supervisor.State{
			"net": supervisor.StateReady, "solo": supervisor.StateReady, "db": supervisor.StateDown,
			"web": supervisor.StateDown, "worker": supervisor.StateDown,
		} {
			if have := s.state(service); have != want {
				t.Errorf("%s is %s, want %s", service, have, want)
			}
		}
		s.do(s.Start("web")) // with db, and without worker
		s.sec(15)
		if have := s.state("worker"); have != supervisor.StateDown {
			t.Errorf("worker is %s", have)
		}
	})
	s.want(t, "web", "0 waits for db|0 started|5 stops: SIGTERM|5 <- TERM|6 was killed by SIGTERM after 6s|6 stopped|"+
		"10 waits for db|10 started|15 stops: SIGTERM|15 <- TERM|16 was killed by SIGTERM after 6s|16 stopped")
	s.want(t, "db", "0 waits for net|0 started|6 stops: SIGTERM|6 <- TERM|7 was killed by SIGTERM after 7s|7 stopped|"+
		"10 started|16 stops: SIGTERM|16 <- TERM|17 was killed by SIGTERM after 7s|17 stopped")
}

// TestStartOverridesTheStopOfWhatItRequires starts web while db is to stop as
// soon as web is gone: db must stay, and must be wanted up from then on.
func TestStartOverridesTheStopOfWhatItRequires(t *testing.T) {
	t.Parallel()
	db := command("db")
	db.Backoff = calm
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{db, requiring("web", "db")}},
		behaviours{"web": {{DiesAfter: 2 * time.Second}}, "db": {after(20, 1), {}}}, func(s *sim) {
			s.sec(5)
			s.do(s.Stop("db"))
			s.sec(6)
			s.do(s.Start("web"))
			s.sec(30)
		})
	s.want(t, "web", "0 waits for db|0 started|5 stops: SIGTERM|5 <- TERM|7 was killed by SIGTERM after 7s|7 started|"+
		"30 stops: SIGTERM|30 <- TERM|32 was killed by SIGTERM after 25s|32 stopped")
	s.want(t, "db", "0 started|20 exited with code 1 after 20s|20 started|32 stops: SIGTERM|32 <- TERM|32 was killed by SIGTERM after 12s|32 stopped")
}

func TestWhatIsRequiredIsStartedEvenIfDown(t *testing.T) {
	t.Parallel()
	db := command("db")
	db.Down = true
	for name, script := range map[string]func(*sim){
		"at the start": nil,
		"when added":   func(s *sim) { s.do(s.Add(requiring("late", "db"))) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			services := []supervisor.Service{db}
			if script == nil {
				services = append(services, requiring("web", "db"))
			}
			simulate(t, supervisor.Config{Services: services}, nil, func(s *sim) {
				if script != nil {
					script(s)
				}
				s.sec(1)
				if have := s.state("db"); have != supervisor.StateReady {
					t.Errorf("db is %s", have)
				}
			})
		})
	}
}

func TestARestartLeavesThoseThatRequireItAlone(t *testing.T) {
	t.Parallel()
	db := command("db")
	db.Backoff = calm
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{db, requiring("web", "db"), requiring("late", "web")}},
		behaviours{"db": {after(2, 1), {}}, "web": {after(2.5, 1), {}}}, func(s *sim) {
			s.sec(5)
			s.do(s.Restart("db"))
			s.sec(10)
		})
	s.want(t, "late", "0 waits for web|0 started|10 stops: SIGTERM|10 <- TERM|10 was killed by SIGTERM after 10s|10 stopped")
	if diff := cmp.Diff([]float64{0, 2, 5}, s.times("db", "started")); diff != "" {
		t.Errorf("the starts of db (-want +got):\n%s", diff)
	}
}

// TestARestartedServiceWaitsAgain ends web while db is not ready.
func TestARestartedServiceWaitsAgain(t *testing.T) {
	t.Parallel()
	db := command("db")
	db.Backoff = supervisor.Backoff{Initial: 10 * time.Second, Jitter: -1}
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{db, requiring("web", "db")}},
		behaviours{"db": {after(2, 1), {}}, "web": {after(4, 1), {}}}, func(s *sim) { s.sec(20) })
	s.want(t, "web", "0 waits for db|0 started|4 exited with code 1 after 4s|4 waits for db|10 started|"+
		"20 stops: SIGTERM|20 <- TERM|20 was killed by SIGTERM after 10s|20 stopped")
}

// TestDiamonds starts and stops a ladder of requirements, which has 2^40 paths.
func TestDiamonds(t *testing.T) {
	t.Parallel()
	services := []supervisor.Service{command("a0"), command("b0")}
	for i := range 40 {
		below := []string{services[2*i].Name, services[2*i+1].Name}
		for _, side := range []string{"a", "b"} {
			services = append(services, requiring(side+strings.Repeat("i", i+1), below...))
		}
	}
	top := services[len(services)-1].Name
	simulate(t, supervisor.Config{Services: services}, nil, func(s *sim) {
		s.sec(1)
		s.do(s.Stop("a0"))
		s.sec(2)
		if have := s.state(top); have != supervisor.StateDown {
			t.Errorf("the top is %s", have)
		}
		s.do(s.Start(top))
		s.sec(3)
		if have := s.state(top); have != supervisor.StateReady {
			t.Errorf("the top is %s", have)
		}
	})
}

// A loop is an error that lists it, for those who want to say where it is written.
func TestLoopError(t *testing.T) {
	t.Parallel()
	command := []string{"true"}
	_, err := supervisor.New(supervisor.Config{Services: []supervisor.Service{
		{Name: "a", Command: command, Requires: []string{"b"}}, {Name: "b", Command: command, After: []string{"a"}},
	}})
	loop, ok := errors.AsType[*supervisor.LoopError](err)
	if !ok {
		t.Fatalf("error %v", err)
	}
	if diff := cmp.Diff([]string{"a", "b", "a"}, loop.Names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}
