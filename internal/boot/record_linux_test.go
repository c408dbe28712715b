package boot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/boot"
	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/supervisor"
)

// play writes a boot down as it is told to, one step after another. Each is a number of
// milliseconds after the start and what happens then: "stage NAME", "script NAME", "done",
// "fail", or an event: "started NAME", "ready NAME", "exited NAME CODE", "completed NAME",
// "gave-up NAME", "blocked NAME".
func play(r boot.Record, services []supervisor.Service, steps string) {
	began := time.Now()
	var done func(supervisor.Exit)
	for step := range strings.SplitSeq(strings.TrimSpace(steps), "\n") {
		var ms, code int
		var what, name string
		_, _ = fmt.Sscan(step, &ms, &what, &name, &code)
		time.Sleep(time.Until(began.Add(time.Duration(ms) * time.Millisecond)))
		event := supervisor.Event{Time: time.Now(), Service: name, Text: "why"}
		switch what {
		case "stage":
			r.Enter(name)
		case "script":
			done = r.Script(name)
		case "done":
			done(supervisor.Exit{})
		case "fail":
			done(supervisor.Exit{Code: 3})
		case "expect":
			r.Expect(services...)
		case "exited":
			event.Exit.Code = code
			event.Delay = time.Millisecond
			fallthrough
		default:
			event.Kind = map[string]supervisor.EventKind{
				"started": supervisor.Started, "ready": supervisor.Ready, "exited": supervisor.Exited, "completed": supervisor.Completed,
				"gave-up": supervisor.GaveUp, "blocked": supervisor.Blocked, "waiting": supervisor.Waiting, "stopped": supervisor.Stopped,
			}[what]
			r.Observe(event)
		}
	}
}

// lines are the spans of a timeline in short: what, when it was due, ran, was ready, ended,
// in ms; a star if it is on the critical path.
func lines(t api.Timeline) (all []string) {
	ms := func(s float64) string { return fmt.Sprintf("%.0f", s*1000) }
	for _, s := range t.Spans {
		line := strings.Join([]string{s.Kind, s.Name, ms(s.Start), ms(s.Run), ms(s.Ready), ms(s.End)}, " ")
		if s.Tries > 0 {
			line += fmt.Sprintf(" x%d", s.Tries)
		}
		if s.Failed != "" {
			line += " (" + s.Failed + ")"
		}
		if s.Critical {
			line += " *"
		}
		all = append(all, line)
	}
	return all
}

var slow = supervisor.Readiness{FD: 3}

// TestRecord: what is written down of a boot, and what its end waited for.
func TestRecord(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		services []supervisor.Service
		steps    string
		ended    int // ms
		want     []string
	}{
		"all": {
			services: []supervisor.Service{
				{Name: "db", Readiness: slow, LogTo: "log"},
				{Name: "log"},
				{Name: "migrate", Oneshot: true, Requires: []string{"db"}},
				{Name: "web", Requires: []string{"migrate", "cache"}, Readiness: slow},
				{Name: "cache", Readiness: slow},
				{Name: "never", Down: true},
				{Name: "CMD", After: []string{"web", "db"}, Main: true},
			},
			steps: `
				1 stage prepare
				2 stage cont-init
				2 script cont-init.d/1
				7 done
				8 script cont-init.d/2
				9 fail
				10 stage services
				11 expect
				12 started log
				13 started db
				14 started cache
				15 exited cache 1
				18 started cache
				19 ready cache
				30 ready db
				31 started migrate
				40 exited migrate 0
				40 completed migrate
				41 started web
				50 ready web
				51 started CMD
				51 stage up
				60 exited log 1`,
			ended: 51,
			want: []string{
				"stage prepare 0 0 0 2 *", "stage cont-init 2 0 0 10 *", "script cont-init.d/1 2 2 7 7 *", "script cont-init.d/2 8 8 0 9 (exited with code 3) *",
				"stage services 10 0 0 51", "service db 11 13 30 0 *", "service log 11 12 12 0 *", "service migrate 11 31 40 40 *", "service web 11 41 50 0 *",
				"service cache 11 18 19 0 x2", "service CMD 11 51 51 0 *",
			},
		},
		"without CMD, the last": {
			services: []supervisor.Service{{Name: "a", Readiness: slow}, {Name: "b", Readiness: slow}, {Name: "c", Requires: []string{"a"}}},
			steps: `
				1 stage services
				1 expect
				1 stage up
				2 started a
				2 started b
				9 ready a
				10 started c
				30 ready b
				40 exited c 1`,
			ended: 30,
			want:  []string{"stage services 1 0 0 30", "service a 1 2 9 0", "service b 1 2 30 0 *", "service c 1 10 10 0"},
		},
		"what failed is waited for, too": {
			services: []supervisor.Service{{Name: "a", Readiness: slow}, {Name: "b", Requires: []string{"a"}}, {Name: "CMD", After: []string{"a", "b"}}},
			steps: `
				1 stage services
				1 expect
				1 started a
				5 exited a 1
				6 started a
				8 exited a 2
				8 gave-up a
				9 blocked b
				9 started CMD
				9 stage up`,
			ended: 9,
			want: []string{
				"stage services 1 0 0 9", "service a 1 6 0 8 x2 (why) *", "service b 1 0 0 0 (requires why) *", "service CMD 1 9 9 0 *",
			},
		},
		"CMD that does not wait": {
			services: []supervisor.Service{{Name: "a", Readiness: slow}, {Name: "CMD"}},
			steps: `
				1 stage services
				1 expect
				2 started CMD
				2 stage up
				2 started a
				20 ready a
				30 exited a 1`,
			ended: 2,
			want:  []string{"stage services 1 0 0 2", "service a 1 2 20 0", "service CMD 1 2 2 0 *"},
		},
		"CMD that cannot be run": {
			services: []supervisor.Service{{Name: "CMD"}},
			steps:    "1 stage services\n1 expect\n3 exited CMD 127\n3 stage up\n3 gave-up CMD",
			ended:    3,
			want:     []string{"stage services 1 0 0 3", "service CMD 1 2 0 3 (exited with code 127) *"},
		},
		"not over yet": {
			services: []supervisor.Service{{Name: "a", Readiness: slow}, {Name: "b", Readiness: slow}, {Name: "c", After: []string{"a"}}, {Name: "CMD", After: []string{"b", "c"}}},
			steps:    "1 stage services\n1 expect\n2 started a\n3 started b\n4 ready b\n9 waiting c",
			want:     []string{"stage services 1 0 0 0", "service a 1 2 0 0 *", "service b 1 3 4 0", "service c 1 0 0 0 *", "service CMD 1 0 0 0 *"},
		},
		"stopped": {
			services: []supervisor.Service{{Name: "a", Readiness: slow}, {Name: "CMD", After: []string{"a"}}},
			steps:    "1 stage cont-init\n2 script x\n5 stage stop\n6 done\n7 stage services\n8 stage cont-finish\n9 expect\n10 started a",
			want:     []string{"stage cont-init 1 0 0 5 *", "script x 2 2 0 0 *"},
		},
		"a service that was not wanted": {
			services: []supervisor.Service{{Name: "a", Readiness: slow}, {Name: "late", Down: true, Oneshot: true}},
			steps:    "1 stage services\n1 expect\n1 stage up\n2 started a\n3 started late\n4 started new\n5 exited late 0\n5 completed late\n9 ready a",
			ended:    9,
			want:     []string{"stage services 1 0 0 9", "service a 1 2 9 0 *", "service late 3 3 5 5", "service new 4 4 4 0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := boot.NewRecord(time.Now(), nil)
				play(r, test.services, test.steps)
				timeline := r.Timeline()
				if diff := cmp.Diff(test.want, lines(timeline)); diff != "" {
					t.Errorf("timeline:\n%s", diff)
				}
				if got := int(timeline.Ended*1000 + 0.5); got != test.ended {
					t.Errorf("the boot ended after %d ms, want %d", got, test.ended)
				}
			})
		})
	}
}

// TestRecordEarlier: the runs before the last are told, with how they ended.
func TestRecordEarlier(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := boot.NewRecord(time.Now(), nil)
		var steps strings.Builder
		steps.WriteString("1 stage services\n1 expect\n")
		for i := range 20 {
			fmt.Fprintf(&steps, "%d started a\n%d exited a 3\n", 10*i+10, 10*i+15)
		}
		play(r, []supervisor.Service{{Name: "a", Readiness: slow}}, steps.String())
		spans := r.Timeline().Spans
		a := spans[len(spans)-1]
		if a.Tries != 20 || len(a.Earlier) != 8 {
			t.Fatalf("%d tries, %d earlier; want 20, 8", a.Tries, len(a.Earlier))
		}
		if want := (api.Run{Start: 0.02, End: 0.025, Text: "exited with code 3"}); a.Earlier[1] != want {
			t.Errorf("the second is %+v, want %+v", a.Earlier[1], want)
		}
	})
}

// TestRecordBounds: there is an end to what is written down, in size and in time.
func TestRecordBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := boot.NewRecord(time.Now(), nil)
		r.Enter(api.StageRC)
		services := make([]supervisor.Service, 5000)
		for i := range services {
			services[i] = supervisor.Service{Name: fmt.Sprint(i), Readiness: slow}
		}
		r.Expect(services...)
		r.Enter(api.StageUp)
		for i := range services {
			r.Observe(supervisor.Event{Time: time.Now(), Kind: supervisor.Started, Service: services[i].Name})
		}
		if timeline := r.Timeline(); len(timeline.Spans) != 4096 || timeline.Dropped != 905 {
			t.Errorf("%d spans, %d dropped; want 4096, 905", len(timeline.Spans), timeline.Dropped)
		}
		time.Sleep(6 * time.Minute)
		r.Observe(supervisor.Event{Time: time.Now(), Kind: supervisor.Ready, Service: "7"})
		timeline := r.Timeline()
		if i := slices.IndexFunc(timeline.Spans, func(s api.Span) bool { return s.Name == "7" }); timeline.Spans[i].Ready != 0 {
			t.Errorf("after 6 minutes it was still written down: %+v", timeline.Spans[i])
		}
	})
}

// TestRecordStages: each is entered once, in order, whoever comes late.
func TestRecordStages(t *testing.T) {
	t.Parallel()
	var told []string
	r := boot.NewRecord(time.Time{}, func(stage string, _ time.Time) { told = append(told, stage) })
	for _, stage := range []string{"prepare", "dns", "cont-init", "hook", "stop", "up", "stop", "services", "cont-finish", "nonsense"} {
		r.Enter(stage)
	}
	if diff := cmp.Diff([]string{"prepare", "dns", "cont-init", "stop", "cont-finish"}, told); diff != "" {
		t.Error(diff)
	}
	if r.Stage() != "cont-finish" {
		t.Errorf("the stage is %q", r.Stage())
	}
}
