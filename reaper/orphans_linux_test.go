package reaper_test

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
	"github.com/sillelien/baseinit/reaper"
)

// place is where a program runs.
type place func(*testing.T, program) report

func pid1(t *testing.T, p program) report { return p.inBox(t, pid1test.Box{}) }
func pid1NoProc(t *testing.T, p program) report {
	return p.inBox(t, pid1test.Box{NoProc: true})
}

func subreaper(t *testing.T, p program) report { return p.asChild(t, nil) }

func subreaperNoProc(t *testing.T, p program) report {
	return p.underShell(t, pid1test.Box{NoProc: true})
}

// foreignProc is PID 1 of a PID namespace with the /proc of another one.
func foreignProc(t *testing.T, p program) report {
	pid1test.Need(t)
	if os.Geteuid() != 0 {
		t.Skip("needs root: a PID namespace without a mount namespace")
	}
	return p.asChild(t, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID})
}

// places lists modes in all places: the mode that the program is made for, and the
// one that it then runs in.
var places = []struct {
	name  string
	place place
	mode  string
	want  string
}{
	{"pid1/main-thread", pid1, "main-thread", "main-thread"},
	{"pid1/group", pid1, "children", "children"},
	{"pid1/unclaimed", pid1, "unclaimed", "unclaimed"},
	{"subreaper/main-thread", subreaper, "main-thread", "main-thread"},
	{"subreaper/group", subreaper, "children", "children"},
	{"subreaper/unclaimed", subreaper, "unclaimed", "unclaimed"},
	{"pid1-no-proc/main-thread", pid1NoProc, "main-thread", "main-thread"},
	{"pid1-no-proc/group", pid1NoProc, "children", "unclaimed"},
	{"pid1-no-proc/unclaimed", pid1NoProc, "unclaimed", "unclaimed"},
	{"subreaper-no-proc/main-thread", subreaperNoProc, "main-thread", "main-thread"},
	{"subreaper-no-proc/group", subreaperNoProc, "children", "unclaimed"},
	{"subreaper-no-proc/unclaimed", subreaperNoProc, "unclaimed", "unclaimed"},
	{"foreign-proc/group", foreignProc, "children", "unclaimed"},
}

// everywhere runs a program in all places and compares what it saw; one after
// another if that is load enough for the machine.
func everywhere(t *testing.T, load bool, plan func(name string) (program, report)) {
	for _, at := range places {
		t.Run(at.name, func(t *testing.T) {
			if !load {
				t.Parallel()
			}
			p, want := plan(at.name)
			p.Mode, want.Mode, want.Orphans = at.mode, at.want, p.Orphans
			got := at.place(t, p)
			if got.Orphans > 0 && got.Orphans < p.Orphans {
				t.Logf("this machine makes %d orphans in %v, not %d", got.Orphans, makingTime, p.Orphans)
				want.Orphans, want.Stats = got.Orphans, exited(3, got.Orphans)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// share is n for the places that matter most, and elsewhere, or with go test
// -short, a tenth.
func share(n int, name string, most ...string) int {
	place, _, _ := strings.Cut(name, "/")
	if testing.Short() || !slices.Contains(most, place) {
		return n / 10
	}
	return n
}

func exited(code, n int) reaper.Stats {
	return reaper.Stats{
		Reaped: uint64(n),
		Exited: map[int]uint64{code: uint64(n)},
		Killed: map[syscall.Signal]uint64{},
	}
}

// Everybody gets the exit status of his child, and no orphan stays.
func TestOrphansBesideExec(t *testing.T) {
	everywhere(t, true, func(name string) (program, report) {
		orphans, commands := share(4000, name, "pid1", "subreaper"), share(2000, name, "pid1", "subreaper")
		return program{Work: "claims", Orphans: orphans, Commands: commands}, report{
			Claimed:   map[string]int{"exit status 7": commands},
			Stats:     exited(3, orphans),
			Childless: true,
		}
	})
}

// An orphan that lives for a while is left alone until it dies.
func TestOrphanThatLives(t *testing.T) {
	t.Parallel()
	everywhere(t, false, func(string) (program, report) {
		return program{Work: "later"}, report{
			Claimed:   map[string]int{},
			Stats:     exited(5, 1),
			Childless: true,
			Notes:     []string{"alive: reaped 0, childless false"},
		}
	})
}

// Orphans that are dead before Run is called are reaped too, all at once.
func TestManyOrphansAtOnce(t *testing.T) {
	everywhere(t, true, func(name string) (program, report) {
		n := share(20000, name, "pid1")
		return program{Work: "burst", Orphans: n}, report{
			Claimed:   map[string]int{},
			Stats:     exited(3, n),
			Childless: true,
		}
	})
}

func TestOrphansKilledBySignals(t *testing.T) {
	t.Parallel()
	everywhere(t, false, func(string) (program, report) {
		return program{Work: "killed"}, report{
			Claimed: map[string]int{},
			Stats: reaper.Stats{
				Reaped: 3,
				Exited: map[int]uint64{0: 1},
				Killed: map[syscall.Signal]uint64{syscall.SIGTERM: 1, syscall.SIGKILL: 1},
			},
			Childless: true,
		}
	})
}

// In no mode is a child lost that is waited for within the time of grace.
func TestGrace(t *testing.T) {
	t.Parallel()
	everywhere(t, false, func(string) (program, report) {
		return program{Work: "grace", Grace: time.Second}, report{
			Claimed:   map[string]int{"exit status 7": 8},
			Stats:     reaper.Stats{},
			Childless: true,
		}
	})
}

// An ID that is given out again is not taken for the process that had it first.
func TestProcessIDReuse(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root: to choose process IDs")
	}
	p := program{Mode: "unclaimed", Work: "reuse", Grace: time.Second}
	got := p.inBox(t, pid1test.Box{Privileged: true})
	if len(got.Notes) == 1 && strings.Contains(got.Notes[0], "ns_last_pid") {
		t.Skip("needs CONFIG_CHECKPOINT_RESTORE: " + got.Notes[0])
	}
	want := report{
		Mode:      "unclaimed",
		Claimed:   map[string]int{"exit status 6": 1, "exit status 7": 1},
		Childless: true,
		Notes:     []string{"same ID: true"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Run ends with ctx, whatever lives on.
func TestEndWithLivingOrphan(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"main-thread", "children", "unclaimed"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			got := pid1(t, program{Mode: mode, Work: "leave"})
			if diff := cmp.Diff(report{Mode: mode, Claimed: map[string]int{}}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// PID 1 is asked for nothing; others become child subreapers unless told not to.
func TestSubreaper(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		at   place
		not  bool
		want string
	}{
		"PID 1":     {pid1, false, "subreaper 0"},
		"child":     {subreaper, false, "subreaper 1"},
		"unwilling": {subreaper, true, "subreaper 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := test.at(t, program{Mode: "main-thread", Work: "flag", NoSubreaper: test.not})
			if diff := cmp.Diff([]string{test.want}, got.Notes); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
