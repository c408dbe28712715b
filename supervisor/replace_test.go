package supervisor_test

import (
	"errors"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/supervisor"
)

// v is a service whose command tells which definition it is of.
func v(version int, service supervisor.Service) supervisor.Service {
	service.Command = []string{"/fake", strconv.Itoa(version)}
	return service
}

// versions are those that were run of a service.
func (s *sim) versions(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.ran[name], " ")
}

// TestReplaceRefuses also looks whether all is as it was.
func TestReplaceRefuses(t *testing.T) {
	t.Parallel()
	logging := func(x supervisor.Service, reader string) supervisor.Service { x.LogTo = reader; return x }
	for want, services := range map[string][]supervisor.Service{
		`service "nobody": no such service`:                                      {v(2, command("solo")), command("nobody")},
		`service "solo": it needs a Command or a Func, and not both`:             {{Name: "solo"}, v(2, command("db"))},
		`service "solo": there are two of that name`:                             {command("solo"), command("solo")},
		`service "solo": requires "nobody": no such service`:                     {requiring("solo", "nobody")},
		"services require each other: db -> web -> db":                           {requiring("db", "web")},
		"services require each other: solo -> other -> solo":                     {requiring("solo", "other"), requiring("other", "solo")},
		`service "web": logs to "log", which must be a Command without a Stdin`:  {{Name: "log", Func: nothing}},
		`service "solo": logs to "log", which must be a Command without a Stdin`: {logging(v(2, command("solo")), "log"), {Name: "log", Func: nothing}, v(2, requiring("web", "db"))},
	} {
		s := simulate(t, supervisor.Config{Services: []supervisor.Service{
			v(1, command("db")), logging(v(1, requiring("web", "db")), "log"), v(1, command("log")), v(1, command("solo")), v(1, command("other")),
		}}, nil, func(s *sim) {
			before := s.Services()
			s.sec(1)
			err := s.Replace(services...)
			if err == nil || err.Error() != want || errors.Is(err, supervisor.ErrUnknown) != strings.Contains(want, "no such") {
				t.Errorf("Replace: %v, want %s", err, want)
			}
			s.sec(2)
			if diff := cmp.Diff(before, s.Services()); diff != "" {
				t.Errorf("%s: the definitions (-before +after):\n%s", want, diff)
			}
			s.do(s.Restart("solo"))
			s.sec(3)
			s.do(s.Stop("db")) // with web
			s.sec(4)
		})
		if have := s.versions("solo"); have != "1 1" {
			t.Errorf("%s: solo ran as %s", want, have)
		}
		s.want(t, "log", "0 started|4 stops: end of input|5.5 stops: SIGTERM|5.5 <- TERM|5.5 was killed by SIGTERM after 5.5s|5.5 stopped")
		s.want(t, "web", "0 waits for db, log|0 started|3 stops: SIGTERM|3 <- TERM|3 was killed by SIGTERM after 3s|3 stopped")
	}
}

// TestReplaceStopsAsBefore: the old definition says how a run ends.
func TestReplaceStopsAsBefore(t *testing.T) {
	t.Parallel()
	x, y := v(1, command("x")), requiring("y", "x")
	x.StopSignal, x.StopTimeout, x.Finish = syscall.SIGINT, time.Second, []string{"/finish", "old"}
	next := v(2, command("x"))
	next.StopSignal, next.Finish = syscall.SIGQUIT, []string{"/finish", "new"}
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{x, y}}, behaviours{
		"x": {stubborn, {}}, "x finish 256 9": {after(1, 0)}, "x finish 256 3": {after(1, 0)},
	}, func(s *sim) {
		s.sec(5)
		s.do(s.Replace(v(9, command("x"))))
		s.do(s.Replace(next)) // the last one counts
		s.sec(10)
		s.do(s.Restart("x"))
		s.sec(15)
	})
	const again = "7 started|10 stops: SIGQUIT|10 <- QUIT|10 was killed by SIGQUIT after 3s|11 finish exited with code 0|11 started|" +
		"15 stops: SIGQUIT|15 <- QUIT|15 was killed by SIGQUIT after 4s|16 finish exited with code 0|16 stopped"
	s.want(t, "x", "0 started|5 stops: SIGINT|5 <- INT|6 did not end within 1s: killed|6 <- KILL|6 was killed by SIGKILL after 6s|7 finish exited with code 0|"+again)
	s.want(t, "y", "0 waits for x|0 started|15 stops: SIGTERM|15 <- TERM|15 was killed by SIGTERM after 15s|15 stopped")
	if have := s.versions("x"); have != "1 2 2" {
		t.Errorf("x ran as %s", have)
	}
	if diff := cmp.Diff([]string{"old 256 9 x", "new 256 3 x"}, []string{trimPID(s.ran["x finish 256 9"][0]), trimPID(s.ran["x finish 256 3"][0])}); diff != "" {
		t.Errorf("the finish programs (-want +got):\n%s", diff)
	}
}

func trimPID(args string) string { return args[:strings.LastIndexByte(args, ' ')] }

func TestReplaceChangesWhatItRequires(t *testing.T) {
	t.Parallel()
	db, cache := withReadiness(command("db")), command("cache")
	cache.Down = true
	web := requiring("web", "db")
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{db, cache, web, requiring("top", "web")}},
		behaviours{"db": readyAfter(1), "cache": {{DiesAfter: 2 * time.Second}}}, func(s *sim) {
			s.sec(5)
			s.do(s.Replace(requiring("web", "cache"), withReadiness(requiring("db", "cache"))))
			s.sec(10)
			s.do(s.Stop("db")) // nobody requires it now
			s.sec(11)
			s.do(s.Remove(s.t.Context(), "db"))
			s.do(s.Replace(requiring("cache"), command("top")))
			s.sec(20)
		})
	s.want(t, "web", "0 waits for db|1 started|5 stops: SIGTERM|5 <- TERM|5 was killed by SIGTERM after 4s|5 started|"+
		"20 stops: SIGTERM|20 <- TERM|20 was killed by SIGTERM after 15s|20 stopped")
	s.want(t, "db", "0 started|1 ready after 1s|5 stops: SIGTERM|5 <- TERM|6 was killed by SIGTERM after 6s|6 started|7 ready after 1s|"+
		"10 stops: SIGTERM|10 <- TERM|11 was killed by SIGTERM after 5s|11 stopped")
	s.want(t, "cache", "5 started|11 stops: SIGTERM|11 <- TERM|13 was killed by SIGTERM after 8s|13 started|"+
		"20 stops: SIGTERM|20 <- TERM|22 was killed by SIGTERM after 9s|22 stopped")
	s.want(t, "top", "0 waits for web|1 started|11 stops: SIGTERM|11 <- TERM|11 was killed by SIGTERM after 10s|11 started|"+
		"20 stops: SIGTERM|20 <- TERM|20 was killed by SIGTERM after 9s|20 stopped")
}

// TestReplaceFreesWhatWaits: for something that is not required any more, and for what is
// blocked, and blocks others.
func TestReplaceFreesWhatWaits(t *testing.T) {
	t.Parallel()
	broken := withReadiness(command("broken"))
	broken.Restart = supervisor.RestartNever
	coming := command("coming")
	coming.After = []string{"slow"}
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{
		broken, requiring("one", "broken"), requiring("two", "one"), requiring("three", "broken"), withReadiness(command("slow")), coming,
	}}, behaviours{"broken": {after(1, 1), {ReadyAfter: time.Second}}}, func(s *sim) {
		s.sec(5)
		st, err := s.Status("broken", "one", "two", "slow")
		if err != nil || st[0].Why != "exited with code 1" || st[1].Why != "it requires broken, which is failed" ||
			st[2].Why != "it requires one, which is blocked itself" || st[3].Why != "" {
			t.Errorf("why they are not up: %+v, %v", st, err)
		}
		s.do(s.Replace(command("one"), command("coming")))
		s.sec(10)
		s.do(s.Replace(broken))
		s.sec(15)
	})
	const end = "|15 stops: SIGTERM|15 <- TERM|15 was killed by SIGTERM after "
	s.want(t, "one", "0 waits for broken|1 cannot start: it requires broken, which is failed|5 started"+end+"10s|15 stopped")
	s.want(t, "two", "0 waits for one|1 cannot start: it requires one, which is blocked itself|5 started"+end+"10s|15 stopped")
	s.want(t, "three", "0 waits for broken|1 cannot start: it requires broken, which is failed|11 started"+end+"4s|15 stopped")
	s.want(t, "coming", "0 waits for slow|5 started"+end+"10s|15 stopped")
}

// TestReplaceBlocks: what newly requires something that has failed waits in vain.
func TestReplaceBlocks(t *testing.T) {
	t.Parallel()
	broken := withReadiness(command("broken"))
	broken.Restart = supervisor.RestartNever
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{broken, command("x")}}, behaviours{"broken": {after(1, 1)}}, func(s *sim) {
		s.sec(5)
		s.do(s.Replace(requiring("x", "broken")))
		s.sec(10)
	})
	s.want(t, "x", `0 started|5 stops: SIGTERM|5 <- TERM|5 was killed by SIGTERM after 5s|5 waits for broken|
		6 cannot start: it requires broken, which is failed|10 stopped`)
	s.want(t, "broken", "0 started|1 exited with code 1 after 1s|1 failed for good: exited with code 1|"+
		"5 started|6 exited with code 1 after 1s|6 failed for good: exited with code 1")
}

func TestReplaceOneshots(t *testing.T) {
	t.Parallel()
	oneshot := func(version int, name string) supervisor.Service {
		x := v(version, command(name))
		x.Oneshot, x.Undo = true, []string{"/undo", strconv.Itoa(version)}
		return x
	}
	simple := oneshot(1, "simple")
	simple.Undo = nil
	work := []supervisor.Behaviour{after(1, 0)}
	fakes := behaviours{"done": work, "again": work, "grown": {after(1, 0), {}}, "shrunk": {{}, after(1, 0)}, "simple": work}
	for _, name := range []string{"done", "again", "grown", "shrunk"} {
		fakes[name+" undo"] = work
	}
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{
		oneshot(1, "done"), oneshot(1, "again"), oneshot(1, "grown"), v(1, command("shrunk")), simple,
	}}, fakes, func(s *sim) {
		s.sec(5)
		if s.state("simple") != supervisor.StateDone {
			t.Errorf("simple is %s", s.state("simple"))
		}
		s.do(s.Replace(oneshot(2, "done"), oneshot(2, "again"), v(2, command("grown")), oneshot(2, "shrunk"), oneshot(2, "simple")))
		s.sec(10)
		s.do(s.Start("again"))
		s.sec(15)
	})
	for name, want := range map[string]string{
		"done": "1, undone 1", "again": "1 2, undone 2", "grown": "1 2, undone ", "shrunk": "1 2, undone 2", "simple": "1, undone 2",
	} {
		if have := s.versions(name) + ", undone " + s.versions(name+" undo"); have != want {
			t.Errorf("%s ran as %s, want %s", name, have, want)
		}
	}
}

// TestReplaceStartsNothingThatIsNotWanted is about those that have a new definition only
// from a start that somebody asks for.
func TestReplaceStartsNothingThatIsNotWanted(t *testing.T) {
	t.Parallel()
	down := v(1, command("down"))
	down.Down = true
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{down, v(1, command("stopped")), v(1, command("once")), v(1, command("up"))}},
		behaviours{"once": {after(12, 0), {}}}, func(s *sim) {
			s.do(s.Stop("stopped"))
			s.do(s.Once("once"))
			s.sec(5)
			up := v(2, command("up"))
			up.Down = true // for the next time that all is started, which there is none
			s.do(s.Replace(v(2, command("down")), v(2, command("stopped")), v(2, command("once")), up))
			s.sec(15)
			for name, want := range map[string]string{"down": "", "stopped": "1", "once": "1", "up": "1 2"} {
				if have := s.versions(name); have != want {
					t.Errorf("%s ran as %s, want %s", name, have, want)
				}
				s.do(s.Start(name))
			}
			s.sec(20)
		})
	for name, want := range map[string]string{"down": "2", "stopped": "1 2", "once": "1 2", "up": "1 2"} {
		if have := s.versions(name); have != want {
			t.Errorf("in the end %s ran as %s, want %s", name, have, want)
		}
	}
}

// TestStartOfWhatWasReplaced restarts what was left to run by its old definition.
func TestStartOfWhatWasReplaced(t *testing.T) {
	t.Parallel()
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{
		v(1, command("once")), v(1, command("db")), v(1, requiring("web", "db")),
	}}, behaviours{"web": {{DiesAfter: 2 * time.Second}}}, func(s *sim) {
		s.sec(5)
		s.do(s.Once("once"))
		s.do(s.Stop("db")) // after web
		s.do(s.Replace(v(2, command("once")), v(2, command("db"))))
		s.sec(6)
		s.do(s.Start("once"))
		s.do(s.Start("web"))
		s.sec(10)
	})
	s.want(t, "once", "0 started|6 stops: SIGTERM|6 <- TERM|6 was killed by SIGTERM after 6s|6 started|"+
		"10 stops: SIGTERM|10 <- TERM|10 was killed by SIGTERM after 4s|10 stopped")
	s.want(t, "db", "0 started|6 stops: SIGTERM|6 <- TERM|6 was killed by SIGTERM after 6s|6 started|"+
		"12 stops: SIGTERM|12 <- TERM|12 was killed by SIGTERM after 6s|12 stopped")
	if once, db := s.versions("once"), s.versions("db"); once != "1 2" || db != "1 2" {
		t.Errorf("once ran as %s, db as %s", once, db)
	}
}

// TestReplaceForgetsTheFailures of the old definition, and its limits.
func TestReplaceForgetsTheFailures(t *testing.T) {
	t.Parallel()
	x := withReadiness(command("x"))
	x.Backoff, x.MaxRestarts, x.StartTimeout = calm, 3, 10*time.Second
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{x}}, behaviours{"x": {dies(1)}}, func(s *sim) {
		s.sec(5)
		s.do(s.Replace(x))
		s.sec(30)
	})
	if diff := cmp.Diff([]float64{0, 1, 3, 5, 6, 8, 12}, s.times("x", "started")); diff != "" {
		t.Errorf("the starts (-want +got):\n%s", diff)
	}
}

func TestReplaceDuringTheStop(t *testing.T) {
	t.Parallel()
	simulate(t, supervisor.Config{Services: []supervisor.Service{command("x")}}, behaviours{"x": {stubborn}}, func(s *sim) {
		s.sec(1)
		s.do(s.Replace()) // nothing
		s.stop(nil)
		s.sec(2)
		if err := s.Replace(command("x")); err == nil || err.Error() != "everything is being stopped" {
			t.Errorf("Replace: %v", err)
		}
		s.do(s.end())
		if err := s.Replace(command("x")); !errors.Is(err, supervisor.ErrEnded) {
			t.Errorf("Replace after the end: %v", err)
		}
		if services := s.Services(); len(services) != 1 || services[0].StopTimeout != 3*time.Second {
			t.Errorf("the services after the end: %+v", services)
		}
	})
}

// TestReadyCountsReplacedServices: all are ready when the new ones are.
func TestReadyCountsReplacedServices(t *testing.T) {
	t.Parallel()
	task := command("task")
	task.Restart = supervisor.RestartNever
	simulate(t, supervisor.Config{Services: []supervisor.Service{withReadiness(command("x")), withReadiness(task)}},
		behaviours{"task": {after(1, 0)}}, func(s *sim) {
			s.sec(5)
			task.Oneshot = true
			s.do(s.Replace(task))
			s.sec(6)
			select {
			case <-s.Ready():
				t.Error("all is ready, and x never was")
			default:
			}
			s.do(s.Replace(command("x")))
			s.sec(10)
			select {
			case <-s.Ready():
			default:
				t.Error("not all is ready")
			}
		})
}
