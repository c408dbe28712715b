package supervisor_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/supervisor"
)

// actions is the whole table: "-" is a cell in which nothing needs doing.
const actions = `
             wantedUp   wantedAnew redefined  wantedDown mustDie   unblocked hasStarted      saidReady   saidFailed hasExited hasLooked concluded stopFailed   stopDue  readyDue  wasUnhealthy watchdogDue  backoffDue
down         startAnew  startAnew  -          -          -         -         -               -           -          -         -         -         -            -        -         -            -            -
waiting      -          -          prepare    restDown   restDown  launch    -               -           -          -         -         -         -            -        -         -            -            -
starting     -          restart    restart    startStop  startStop -         noteStarted     becomeReady failAsked  conclude  -         -         -            -        failReady -            -            -
ready        -          restart    restart    startStop  startStop -         -               -           failAsked  conclude  -         -         -            -        -         failHealth   failWatchdog -
stopping     startAfter startAfter startAfter limitStop  hurry     -         noteStartedLate -           -          conclude  stepStop  -         stopBySignal stepStop -         -            -            -
ending       startAfter startAfter startAfter -          -         -         -               -           -          -         -         settle    -            -        -         -            -            -
backing_off  prepare    prepare    startAnew  restDown   restDown  -         -               -           -          -         -         -         -            -        -         -            -            prepare
done         startAnew  startAnew  startAnew  undo       forgo     -         -               -           -          -         -         -         -            -        -         -            -            -
failed       startAnew  startAnew  startAnew  restDown   -         -         -               -           -          -         -         -         -            -        -         -            -            -
`

func TestTable(t *testing.T) {
	t.Parallel()
	rows := strings.Split(strings.TrimSpace(actions), "\n")
	columns := supervisor.Occurrences()
	if len(columns) != supervisor.NumOccurrences {
		t.Fatalf("Occurrences lists %d of %d", len(columns), supervisor.NumOccurrences)
	}
	if diff := cmp.Diff(columns, strings.Fields(rows[0])); diff != "" {
		t.Errorf("the columns (-have +want):\n%s", diff)
	}
	states := supervisor.States()
	if len(rows)-1 != len(states) {
		t.Fatalf("%d rows for %d states", len(rows)-1, len(states))
	}
	for i, state := range states {
		want := strings.Fields(rows[i+1])
		have := []string{strings.ReplaceAll(state.String(), " ", "_")}
		for o := range columns {
			have = append(have, max(supervisor.Action(state, o), "-"))
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s (-want +have):\n%s", state, diff)
		}
	}
}

// reasons says, for each cell in which nothing needs doing, why.
var reasons = []struct {
	reason string
	states string
	what   string
}{
	{"it is what was asked for", "waiting starting ready", "wantedUp"},
	{"it will be started when what it requires is ready", "waiting", "wantedAnew"},
	{"it is not wanted up", "down", "redefined"},
	{"it is what was asked for", "down", "wantedDown"},
	{"it is on its way there: settle looks whether it is wanted", "ending", "wantedDown"},
	{"nothing of it runs", "down failed", "mustDie"},
	{"its leftovers and its finish program are killed by those who wait for them", "ending", "mustDie"},
	{"it waits for nothing", "down starting ready stopping ending backing_off done failed", "unblocked"},
	{"only the start of a run leads there", "down waiting ready ending backing_off done failed", "hasStarted"},
	{"it came too late, or it is what it is", "down waiting ready stopping ending backing_off done failed", "saidReady"},
	{"it came too late: the run is being ended", "stopping", "saidFailed"},
	{"there is no run that could say so", "down waiting ending backing_off done failed", "saidFailed"},
	{"there is no run that could end", "down waiting ending backing_off done failed", "hasExited"},
	{"the run ended in the meantime, or nobody looks", "down waiting starting ready ending backing_off done failed", "hasLooked"},
	{"only what is ending is concluded", "down waiting starting ready stopping backing_off done failed", "concluded"},
	{"the run ended in the meantime, or there is no stop", "down waiting starting ready ending backing_off done failed", "stopFailed"},
	{"the alarm was taken back by the change of state", "down waiting starting ready ending backing_off done failed", "stopDue"},
	{"the alarm was taken back by the change of state", "down waiting ready stopping ending backing_off done failed", "readyDue"},
	{"it is asked while it is ready", "down waiting starting stopping ending backing_off done failed", "wasUnhealthy"},
	{"the watchdog runs while it is ready", "down waiting starting stopping ending backing_off done failed", "watchdogDue"},
	{"the alarm was taken back by the change of state", "down waiting starting ready stopping ending done failed", "backoffDue"},
}

func TestEveryEmptyCellHasAReason(t *testing.T) {
	t.Parallel()
	columns := supervisor.Occurrences()
	explained := map[string]int{}
	for _, r := range reasons {
		for state := range strings.FieldsSeq(r.states) {
			explained[state+" "+r.what]++
		}
	}
	for _, state := range supervisor.States() {
		for o, what := range columns {
			cell := strings.ReplaceAll(state.String(), " ", "_") + " " + what
			want := 1
			if supervisor.Action(state, o) != "" {
				want = 0
			}
			if explained[cell] != want {
				t.Errorf("%s: %d reasons why nothing needs doing, want %d", cell, explained[cell], want)
			}
			delete(explained, cell)
		}
	}
	for cell := range explained {
		t.Errorf("%s: no such cell", cell)
	}
}
