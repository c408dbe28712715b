package syslog_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/syslog"
)

// secondsIn is a time in seconds.
func secondsIn(seconds float64) time.Time {
	return receivedAt.Add(time.Duration(seconds * float64(time.Second)))
}

// reports collects what is handed over at a time.
func reports(l syslog.Limiter, now time.Time) map[string]uint64 {
	got := map[string]uint64{}
	l.Expired(now, func(name string, n uint64) { got[name] += n })
	return got
}

// nextReport is when the next report is due, in seconds; -1 for never.
func nextReport(l syslog.Limiter) float64 {
	due, ok := l.Next()
	if !ok {
		return -1
	}
	return due.Sub(receivedAt).Seconds()
}

func TestLimit(t *testing.T) {
	t.Parallel()
	web, db := &syslog.Message{Service: "web", UID: 33}, &syslog.Message{Service: "db", UID: 33}
	root, www, network := &syslog.Message{}, &syslog.Message{UID: 33}, &syslog.Message{UID: -1}
	type step struct {
		at      float64
		message *syslog.Message
		n       int     // how many of it
		allowed int     // how many of those
		next    float64 // afterwards
	}
	type report struct {
		at   float64
		want map[string]uint64
		next float64
	}
	for _, tc := range []struct {
		name   string
		limit  syslog.RateLimit
		steps  []step
		report []report
	}{
		{
			"none",
			syslog.RateLimit{},
			[]step{{0, web, 10000, 10000, -1}},
			[]report{{9999, map[string]uint64{}, -1}},
		},
		{
			"none, whatever the time",
			syslog.RateLimit{Per: time.Second},
			[]step{{0, web, 10000, 10000, -1}},
			nil,
		},
		{
			"the first of a window",
			syslog.RateLimit{Messages: 3, Per: 10 * time.Second},
			[]step{{0, web, 5, 3, 10}, {9.9, web, 1, 0, 10}, {10, web, 4, 3, 10}},
			[]report{
				{9.9, map[string]uint64{}, 10},
				{10, map[string]uint64{"web": 4}, -1},
				{99, map[string]uint64{}, -1},
			},
		},
		{
			"a window begins with a message",
			syslog.RateLimit{Messages: 1, Per: 10 * time.Second},
			[]step{{0, web, 1, 1, -1}, {25, web, 2, 1, 35}, {34, web, 1, 0, 35}, {35, web, 1, 1, 35}},
			[]report{{35, map[string]uint64{"web": 2}, -1}},
		},
		{
			"a second by default",
			syslog.RateLimit{Messages: 1},
			[]step{{0, web, 2, 1, 1}, {1, web, 1, 1, 1}},
			nil,
		},
		{
			"each has its own",
			syslog.RateLimit{Messages: 1, Per: 10 * time.Second},
			[]step{
				{1, web, 2, 1, 11},
				{0, db, 3, 1, 10},
				{2, root, 4, 1, 10},
				{3, www, 5, 1, 10},
				{4, network, 6, 1, 10},
			},
			[]report{
				{10, map[string]uint64{"db": 2}, 11},
				{12, map[string]uint64{"web": 1, "user 0": 3}, 13},
				{99, map[string]uint64{"user 33": 4, "unknown senders": 5}, -1},
			},
		},
		{
			"sockets are read side by side",
			syslog.RateLimit{Messages: 2, Per: 10 * time.Second},
			[]step{{0, web, 1, 1, -1}, {-0.1, web, 1, 1, -1}, {0, web, 1, 0, 10}, {-0.1, web, 1, 0, 10}},
			[]report{{10, map[string]uint64{"web": 2}, -1}},
		},
		{
			"the clock is set back",
			syslog.RateLimit{Messages: 1, Per: 10 * time.Second},
			[]step{{0, web, 1, 1, -1}, {-3600, web, 2, 1, -3590}},
			[]report{{-3590, map[string]uint64{"web": 1}, -1}},
		},
		{
			"what was not handed over in time",
			syslog.RateLimit{Messages: 1, Per: time.Second},
			[]step{{0, web, 2, 1, 1}, {5, web, 2, 1, 1}},
			[]report{{5, map[string]uint64{"web": 2}, -1}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := syslog.NewLimiter(tc.limit)
			for _, s := range tc.steps {
				allowed := 0
				for range s.n {
					if l.Allow(s.message, secondsIn(s.at)) {
						allowed++
					}
				}
				if allowed != s.allowed || nextReport(l) != s.next {
					t.Errorf("at %v: %d allowed, next %v, want %d and %v", s.at, allowed, nextReport(l), s.allowed, s.next)
				}
			}
			for _, r := range tc.report {
				if diff := cmp.Diff(r.want, reports(l, secondsIn(r.at))); diff != "" || nextReport(l) != r.next {
					t.Errorf("at %v: next %v, want %v; %s", r.at, nextReport(l), r.next, diff)
				}
			}
		})
	}
}

func TestLimitEnd(t *testing.T) {
	t.Parallel()
	l := syslog.NewLimiter(syslog.RateLimit{Messages: 1, Per: 10 * time.Second})
	for i, service := range []string{"a", "b", "c"} {
		for range i + 2 {
			l.Allow(&syslog.Message{Service: service}, secondsIn(float64(i)))
		}
	}
	want := map[string]uint64{"a": 1, "b": 2, "c": 3}
	if diff := cmp.Diff(want, reports(l, l.End())); diff != "" || nextReport(l) != -1 {
		t.Errorf("next %v; %s", nextReport(l), diff)
	}
	if !l.End().IsZero() || !syslog.NewLimiter(syslog.RateLimit{}).End().IsZero() {
		t.Error("an end, though nothing is left")
	}
}

// Users may be many, for who is root. Those who are too many share a limit, so
// that all is counted and nothing grows.
func TestLimitOfMany(t *testing.T) {
	t.Parallel()
	l := syslog.NewLimiter(syslog.RateLimit{Messages: 1, Per: 10 * time.Second})
	allowed, suppressed := 0, uint64(0)
	round := func(at time.Time, users int) {
		for uid := range users {
			for range 2 {
				if l.Allow(&syslog.Message{UID: uid}, at) {
					allowed++
				} else {
					suppressed++
				}
			}
		}
		if n := l.Windows(); n > syslog.MaxLimited+1 {
			t.Fatalf("%d windows", n)
		}
	}
	round(secondsIn(0), 3*syslog.MaxLimited)
	if want := syslog.MaxLimited + 1; allowed != want {
		t.Errorf("%d allowed, want %d", allowed, want)
	}
	got := reports(l, secondsIn(10))
	want := map[string]uint64{"unknown senders": uint64(4*syslog.MaxLimited - 1)}
	for uid := range syslog.MaxLimited {
		want[fmt.Sprintf("user %d", uid)] = 1
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	// They make room for others when their windows have ended, not before.
	newcomer := &syslog.Message{Service: "web"}
	if !l.Allow(newcomer, secondsIn(10)) || l.Allow(newcomer, secondsIn(10)) || l.Windows() != 1 {
		t.Errorf("%d windows", l.Windows())
	}
	if diff := cmp.Diff(map[string]uint64{"web": 1}, reports(l, secondsIn(20))); diff != "" {
		t.Error(diff)
	}
}

// What is not handed over is not forgotten, but no longer than that.
func TestLimitForgetsNothing(t *testing.T) {
	t.Parallel()
	l := syslog.NewLimiter(syslog.RateLimit{Messages: 1, Per: 10 * time.Second})
	for uid := range syslog.MaxLimited {
		for range 2 {
			l.Allow(&syslog.Message{UID: uid}, secondsIn(0))
		}
	}
	l.Allow(&syslog.Message{Service: "early"}, secondsIn(10))
	if l.Windows() != syslog.MaxLimited+1 {
		t.Errorf("%d windows", l.Windows())
	}
	if got := reports(l, secondsIn(11)); len(got) != syslog.MaxLimited {
		t.Errorf("%d reports", len(got))
	}
	l.Allow(&syslog.Message{Service: "late"}, secondsIn(11))
	if l.Windows() != 2 { // and that of those who were too many
		t.Errorf("%d windows", l.Windows())
	}
}

// Windows end one after another: each that does makes room for one.
func TestLimitMakesRoom(t *testing.T) {
	t.Parallel()
	l := syslog.NewLimiter(syslog.RateLimit{Messages: 1, Per: time.Hour})
	for uid := range syslog.MaxLimited {
		l.Allow(&syslog.Message{UID: uid}, secondsIn(float64(uid)))
	}
	for i := range 10 {
		m := &syslog.Message{Service: fmt.Sprint("s", i)}
		if at := secondsIn(3600 + float64(i)); !l.Allow(m, at) || l.Allow(m, at) {
			t.Errorf("%s does not have a window of its own", m.Service)
		}
		if l.Windows() != syslog.MaxLimited {
			t.Errorf("%d windows", l.Windows())
		}
	}
	if got := reports(l, l.End()); len(got) != 10 {
		t.Errorf("%v", got)
	}
}

func TestAllowAllocatesNothing(t *testing.T) {
	l := syslog.NewLimiter(syslog.RateLimit{Messages: 5, Per: 10 * time.Second})
	service, user := &syslog.Message{Service: "web"}, &syslog.Message{UID: 33}
	now := receivedAt
	if n := testing.AllocsPerRun(1000, func() {
		l.Allow(service, now)
		l.Allow(user, now)
		now = now.Add(time.Second / 2)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestParseRateLimit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]syslog.RateLimit{
		"":          {},
		"none":      {},
		"200":       {Messages: 200, Per: time.Second},
		"200/10s":   {Messages: 200, Per: 10 * time.Second},
		"1/s":       {Messages: 1, Per: time.Second},
		"60/m":      {Messages: 60, Per: time.Minute},
		"5/ms":      {Messages: 5, Per: time.Millisecond},
		"1000/1h5m": {Messages: 1000, Per: time.Hour + 5*time.Minute},
	} {
		got, err := syslog.ParseRateLimit(text)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"0", "-1", "x", "200/", "/10s", "200/10", "200/0s", "200/-1s", "0/s", "200/day", "2 00", "200/10s/1", "99999999999999999999"} {
		got, err := syslog.ParseRateLimit(text)
		if err == nil || got != (syslog.RateLimit{}) || !strings.HasPrefix(err.Error(), fmt.Sprintf("cannot use the rate limit %q: ", text)) {
			t.Errorf("%q: %v, error %v", text, got, err)
		}
	}
}
