package supervisor_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sillelien/baseinit/supervisor"
)

func oneshot(name string, requires ...string) supervisor.Service {
	x := requiring(name, requires...)
	x.Oneshot = true
	return x
}

func coming(name string, after ...string) supervisor.Service {
	x := command(name)
	x.After = after
	return x
}

// TestAfter: who comes after others waits until it is known what becomes of them, and
// is stopped before them.
func TestAfter(t *testing.T) {
	t.Parallel()
	slow := withReadiness(command("slow"))
	down := command("down")
	down.Down = true
	cfg := supervisor.Config{Services: []supervisor.Service{
		coming("last", "slow", "crashing", "failed", "vain", "vainer", "down", "migrate"),
		slow, command("crashing"), oneshot("failed"), oneshot("vain", "failed"), requiring("vainer", "vain"), down, oneshot("migrate"),
	}}
	cfg.Services[2].Backoff = calm
	fakes := behaviours{
		"slow": {{ReadyAfter: 3 * time.Second, DiesAfter: time.Second}}, "crashing": {dies(1)}, "failed": {after(1, 2)}, "migrate": {after(2, 0)},
		"last": {{DiesAfter: time.Second}},
	}
	s := simulate(t, cfg, fakes, func(s *sim) { s.sec(5) })
	s.want(t, "last", `0 waits for slow, crashing, failed, vain, vainer, migrate|3 started|5 stops: SIGTERM|5 <- TERM|6 was killed by SIGTERM after 3s|6 stopped`)
	s.want(t, "slow", `0 started|3 ready after 3s|6 stops: SIGTERM|6 <- TERM|7 was killed by SIGTERM after 7s|7 stopped`)
	s.want(t, "vain", `0 waits for failed|1 cannot start: it requires failed, which is failed|6 stopped`)
	s.want(t, "vainer", `0 waits for vain|1 cannot start: it requires vain, which is blocked itself|6 stopped`)
}

// TestUnblocked: what waits in vain goes on when somebody mends what it needs.
func TestUnblocked(t *testing.T) {
	t.Parallel()
	cfg := supervisor.Config{Services: []supervisor.Service{oneshot("a"), oneshot("b", "a"), requiring("c", "b")}}
	s := simulate(t, cfg, behaviours{"a": {dies(1), dies(0)}, "b": {dies(0)}}, func(s *sim) {
		s.sec(1)
		s.do(s.Start("a"))
		s.sec(2)
	})
	s.want(t, "b", `0 waits for a|0.01 cannot start: it requires a, which is failed|1.01 started|1.02 exited with code 0 after 10ms|1.02 completed`)
	if c := strings.Join(s.traceOf("c"), "|"); !strings.Contains(c, "1.02 started") {
		t.Errorf("c: %s", c)
	}
}

// TestUndo: a oneshot is undone in the reverse order, also when everything is stopped,
// and not if it never was done.
func TestUndo(t *testing.T) {
	t.Parallel()
	mount, failed, stuck := oneshot("mount"), oneshot("failed"), oneshot("stuck")
	mount.Undo, failed.Undo, stuck.Undo = []string{"/undo"}, []string{"/undo"}, []string{"/undo"}
	stuck.FinishTimeout = time.Second / 2
	cfg := supervisor.Config{Services: []supervisor.Service{mount, requiring("web", "mount"), failed, stuck}}
	fakes := behaviours{
		"mount": {dies(0)}, "mount undo": {after(1, 0), after(1, 3)}, "web": {{DiesAfter: time.Second}}, "failed": {dies(1)},
		"stuck": {dies(0)}, "stuck undo": {{}},
	}
	s := simulate(t, cfg, fakes, func(s *sim) {
		s.sec(1)
		s.do(s.Stop("mount"))
		s.sec(4)
		s.do(s.Start("web"))
		s.sec(5)
	})
	s.want(t, "mount", `0 started|0.01 exited with code 0 after 10ms|0.01 completed|2 stops: what it did is undone|3 stopped|`+
		`4 started|4.01 exited with code 0 after 10ms|4.01 completed|6 stops: what it did is undone|7 its undo program exited with code 3|7 stopped`)
	s.want(t, "failed", `0 started|0.01 exited with code 1 after 10ms|0.01 failed for good: exited with code 1`)
	s.want(t, "stuck", `0 started|0.01 exited with code 0 after 10ms|0.01 completed|5 stops: what it did is undone|`+
		`5.5 its undo program did not end within 500ms: killed|5.5 stopped`)
}

// TestUndoIsForgone: when all must end at once nothing is undone.
func TestUndoIsForgone(t *testing.T) {
	t.Parallel()
	mount := oneshot("mount")
	mount.Undo = []string{"/undo"}
	s := simulate(t, supervisor.Config{Services: []supervisor.Service{mount, oneshot("plain")}},
		behaviours{"mount": {dies(0)}, "plain": {dies(0)}}, func(s *sim) {
			s.sec(1)
			s.Kill()
		})
	s.want(t, "mount", `0 started|0.01 exited with code 0 after 10ms|0.01 completed|1 stopped`)
	s.want(t, "plain", `0 started|0.01 exited with code 0 after 10ms|0.01 completed`)
}

// TestStartTimeout bounds all starts together; once it was ready it may fail as often
// as it likes.
func TestStartTimeout(t *testing.T) {
	t.Parallel()
	late, good, shot := withReadiness(command("late")), withReadiness(command("good")), oneshot("shot")
	late.StartTimeout, good.StartTimeout, shot.StartTimeout = 2*time.Second, 2*time.Second, time.Second
	late.Backoff, good.Backoff = calm, calm
	cfg := supervisor.Config{Services: []supervisor.Service{late, good, shot}}
	fakes := behaviours{"late": {dies(1), {}}, "good": {{ReadyAfter: time.Second, Lives: 3 * time.Second}, {}}, "shot": {{}}}
	s := simulate(t, cfg, fakes, func(s *sim) { s.sec(10) })
	s.want(t, "late", `0 started|0.01 exited with code 1 after 10ms|0.01 restarts in 990ms|1 started|`+
		`2 was not ready within 2s|2 stops: SIGTERM|2 <- TERM|2 was not ready within 2s|`+
		`2 failed for good: it was not ready within 2s (StartTimeout)`)
	s.want(t, "shot", `0 started|1 was not ready within 1s|1 stops: SIGTERM|1 <- TERM|`+
		`1 was not ready within 1s|1 failed for good: it was not ready within 1s (StartTimeout)`)
	if state := s.traceOf("good"); len(state) < 4 || !strings.Contains(state[3], "3 started") {
		t.Errorf("good: %q", state)
	}
}

// TestOnceAndAlone are the orders that s6-svc gives.
func TestOnceAndAlone(t *testing.T) {
	t.Parallel()
	cfg := supervisor.Config{Services: []supervisor.Service{command("db"), requiring("web", "db"), command("job"), command("flaky")}}
	cfg.Services[3].Backoff = calm
	var wanted []bool
	cfg.OnChange = func(st supervisor.Status) {
		if st.Name == "job" {
			wanted = append(wanted, st.Wanted)
		}
	}
	s := simulate(t, cfg, behaviours{"job": {after(2, 0)}, "flaky": {after(0.5, 1)}}, func(s *sim) {
		s.sec(1)
		s.do(s.StopAlone("db"))
		s.do(s.Once("job"))
		s.do(s.Once("db"))
		s.sec(1.2)
		s.do(s.Once("flaky"))
		s.sec(3)
		if db, web, job, flaky := s.state("db"), s.state("web"), s.state("job"), s.state("flaky"); db != supervisor.StateDown ||
			web != supervisor.StateReady || job != supervisor.StateDown || flaky != supervisor.StateDown {
			t.Errorf("db is %v, web %v, job %v, flaky %v", db, web, job, flaky)
		}
		s.do(s.Start("job"))
		s.sec(5.5)
		if st, _ := s.Status("job"); st[0].State != supervisor.StateReady {
			t.Errorf("a job that was started again is %v", st[0].State)
		}
	})
	s.want(t, "web", `0 waits for db|0 started|5.5 stops: SIGTERM|5.5 <- TERM|5.5 was killed by SIGTERM after 5.5s|5.5 stopped`)
	first := slices.Index(wanted, false)
	if again := slices.Index(wanted[max(first, 0):], true); first < 1 || again < 1 || wanted[len(wanted)-1] {
		t.Errorf("job was wanted %v", wanted)
	}
}

// TestStartNow: who will not wait any longer starts without those it comes after, but not
// without those it requires, and waits again when it is started anew.
func TestStartNow(t *testing.T) {
	t.Parallel()
	slow, main := withReadiness(command("slow")), command("main")
	main.After = []string{"slow"}
	both := command("both")
	both.After, both.Requires = []string{"slow"}, []string{"needed"}
	cfg := supervisor.Config{Services: []supervisor.Service{slow, withReadiness(command("needed")), main, both}}
	fakes := behaviours{"slow": {{ReadyAfter: 7 * time.Second}}, "needed": {{ReadyAfter: 3 * time.Second}}}
	s := simulate(t, cfg, fakes, func(s *sim) {
		s.sec(1)
		s.do(s.StartNow("main"))
		s.do(s.StartNow("both"))
		s.do(s.StartNow("slow")) // does not wait
		s.sec(4)
		s.do(s.Stop("main"))
		s.sec(5)
		s.do(s.Start("main"))
		s.sec(8)
	})
	s.want(t, "main", `0 waits for slow|1 started|4 stops: SIGTERM|4 <- TERM|4 was killed by SIGTERM after 3s|4 stopped|`+
		`5 waits for slow|7 started|8 stops: SIGTERM|8 <- TERM|8 was killed by SIGTERM after 1s|8 stopped`)
	s.want(t, "both", `0 waits for needed, slow|3 started|8 stops: SIGTERM|8 <- TERM|8 was killed by SIGTERM after 5s|8 stopped`)
}
