package boot_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/boot"
	"github.com/sillelien/baseinit/internal/servicefile"
	"github.com/sillelien/baseinit/supervisor"
)

// fake is a supervisor whose oneshots take a while. It writes down what is asked of it.
type fake struct {
	begin time.Time
	takes time.Duration
	tell  func(supervisor.Event)
	fails error

	mu    sync.Mutex
	run   int
	until map[string]time.Time
	did   []string
}

func (f *fake) note(text string) {
	f.did = append(f.did, fmt.Sprintf("%v %s", time.Since(f.begin), text))
}

func (f *fake) Status(names ...string) ([]supervisor.Status, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	st := supervisor.Status{Name: names[0], State: supervisor.StateDone}
	if time.Now().Before(f.until[names[0]]) {
		st.State = supervisor.StateStarting
	}
	return []supervisor.Status{st}, nil
}

func (f *fake) Start(name string) error   { return f.began(name, "start "+name) }
func (f *fake) Restart(name string) error { return f.began(name, "restart "+name) }

func (f *fake) began(name, how string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.note(how)
	if f.fails != nil {
		return f.fails
	}
	f.run++
	run := f.run
	f.until[name] = time.Now().Add(f.takes)
	time.AfterFunc(f.takes, func() {
		f.mu.Lock()
		last := run == f.run
		f.mu.Unlock()
		if last {
			f.tell(supervisor.Event{Service: name, Kind: supervisor.Completed})
		}
	})
	return nil
}

func scheduleOf(t *testing.T, text string) *servicefile.Service {
	t.Helper()
	file, problems := servicefile.Parse(text)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return &file
}

// TestSchedules lets two minutes and a bit pass for a service, in no time.
func TestSchedules(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text  string
		takes time.Duration
		fails error
		want  []string
	}{
		"each minute": {`cron = "* * * * *"`, time.Second, nil, []string{"1m0s start job", "2m0s start job"}},
		"not at all":  {`cron = "0 12 1 1 *"`, time.Second, nil, nil},
		"left out":    {`cron = "*/30 * * * * *"`, 40 * time.Second, nil, []string{"30s start job", "1m30s start job"}},
		"queued": {
			"cron = \"*/30 * * * * *\"\noverlap = \"queue\"", 40 * time.Second, nil,
			[]string{"30s start job", "1m10s start job", "1m50s start job"},
		},
		"at most one": {
			"cron = \"*/10 * * * * *\"\noverlap = \"queue\"", 50 * time.Second, nil,
			[]string{"10s start job", "1m0s start job", "1m50s start job"},
		},
		"anew": {
			"cron = \"*/30 * * * * *\"\noverlap = \"replace\"", 40 * time.Second, nil,
			[]string{"30s start job", "1m0s restart job", "1m30s restart job", "2m0s restart job"},
		},
		"refused": {`cron = "@every 1m"`, 0, errors.New("no"), []string{"1m0s start job", "2m0s start job"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := boot.NewSchedules()
				f := &fake{begin: time.Now(), takes: tt.takes, fails: tt.fails, tell: s.Observe, until: map[string]time.Time{}}
				end := s.Begin(t.Context(), f)
				s.Set("job", scheduleOf(t, "[schedule]\ntimezone = \"UTC\"\n"+tt.text))
				time.Sleep(2*time.Minute + time.Second)
				end()
				time.Sleep(time.Hour) // nothing goes on
				if diff := cmp.Diff(tt.want, f.did); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

// TestSchedulesChange is about services that are scheduled before it begins, no more, or
// otherwise.
func TestSchedulesChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := boot.NewSchedules()
		f := &fake{begin: time.Now(), tell: s.Observe, until: map[string]time.Time{}}
		s.Set("a", scheduleOf(t, `schedule.cron = "@every 10s"`))
		s.Set("none", scheduleOf(t, ``))
		end := s.Begin(t.Context(), f)
		s.Set("b", scheduleOf(t, `schedule.cron = "@every 10s"`))
		time.Sleep(15 * time.Second)
		s.Set("b", nil)
		s.Set("a", scheduleOf(t, `schedule.cron = "@every 1h"`))
		time.Sleep(time.Hour)
		end()
		want := []string{"10s start a", "10s start b", "1h0m15s start a"}
		if diff := cmp.Diff(want, f.did); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// TestClockChanges sets the clock back and forth.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	s := boot.NewSchedules()
	s.Set("a", scheduleOf(t, "schedule = { cron = \"0 * * * *\", timezone = \"UTC\" }"))
	at := func(day, hour, minute int) time.Time { return time.Date(2020, 1, day, hour, minute, 0, 0, time.UTC) }
	for _, step := range []struct {
		now, next time.Time
		due       bool
	}{
		{now: at(1, 10, 30), next: at(1, 11, 0)}, // it was set back, by years
		{now: at(1, 11, 0), next: at(1, 12, 0), due: true},
		{now: at(1, 11, 1), next: at(1, 12, 0)},
		{now: at(1, 8, 15), next: at(1, 9, 0)},             // back, by hours
		{now: at(3, 20, 0), next: at(3, 21, 0), due: true}, // forth, by days: once
		{now: at(3, 20, 0), next: at(3, 21, 0)},            // and not twice
		{now: at(3, 19, 59), next: at(3, 20, 0)},           // back, by a minute: it is 20:00 again
		{now: at(3, 20, 0), next: at(3, 21, 0), due: true},
	} {
		due, next := s.Due("a", step.now)
		if due != step.due || !next.Equal(step.next) {
			t.Errorf("at %v: due %v, next %v; want %v, %v", step.now, due, next, step.due, step.next)
		}
	}
}
