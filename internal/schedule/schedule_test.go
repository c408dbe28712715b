package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests know the zones anywhere

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/schedule"
)

const shown = "2006-01-02 15:04:05-07"

// due lists the first times after one.
func due(t *testing.T, expr, zone, after string, n int) (times []string) {
	t.Helper()
	s, err := schedule.Parse(expr, zone)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(shown, after)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		at = s.Next(at)
		times = append(times, at.Format(shown))
	}
	return times
}

func TestNext(t *testing.T) {
	t.Parallel()
	const from = "2026-11-27 10:20:30+00" // a Friday
	for _, test := range []struct {
		expr, zone string
		want       []string
	}{
		{"*/15 * * * *", "UTC", []string{"2026-11-27 10:30:00+00", "2026-11-27 10:45:00+00", "2026-11-27 11:00:00+00"}},
		{"0 3 * * *", "UTC", []string{"2026-11-28 03:00:00+00", "2026-11-29 03:00:00+00"}},
		{"20 10 * * *", "UTC", []string{"2026-11-28 10:20:00+00"}},
		{"30 20 10 * * *", "UTC", []string{"2026-11-28 10:20:30+00"}}, // it is after, not at
		{"*/20 * * * * *", "UTC", []string{"2026-11-27 10:20:40+00", "2026-11-27 10:21:00+00"}},
		{"0 0 1 jan *", "UTC", []string{"2027-01-01 00:00:00+00", "2028-01-01 00:00:00+00"}},
		{"0 0 29 2 *", "UTC", []string{"2028-02-29 00:00:00+00", "2032-02-29 00:00:00+00"}},
		{"0 9 * * mon-fri", "UTC", []string{"2026-11-30 09:00:00+00", "2026-12-01 09:00:00+00"}},
		{"0 9 * * 7", "UTC", []string{"2026-11-29 09:00:00+00", "2026-12-06 09:00:00+00"}},
		{"0 0 1 * sat", "UTC", []string{"2026-11-28 00:00:00+00", "2026-12-01 00:00:00+00"}}, // either day
		{"@hourly", "UTC", []string{"2026-11-27 11:00:00+00", "2026-11-27 12:00:00+00"}},
		{"@daily", "UTC", []string{"2026-11-28 00:00:00+00", "2026-11-29 00:00:00+00"}},
		{"@weekly", "UTC", []string{"2026-11-29 00:00:00+00"}},
		{"@monthly", "UTC", []string{"2026-12-01 00:00:00+00"}},
		{"@yearly", "UTC", []string{"2027-01-01 00:00:00+00"}},
		{" @every  90s ", "UTC", []string{"2026-11-27 10:22:00+00", "2026-11-27 10:23:30+00"}},
		{"0 3 * * *", "+05:30", []string{"2026-11-28 03:00:00+0530"}},
		{"0 3 * * *", "UTC-03:00", []string{"2026-11-28 03:00:00-03"}},
		{"0 3 * * *", "Europe/Berlin", []string{"2026-11-28 03:00:00+01"}},
	} {
		if got := due(t, test.expr, test.zone, from, len(test.want)); !cmp.Equal(got, fill(test.want)) {
			t.Errorf("%s %s: %s", test.expr, test.zone, cmp.Diff(fill(test.want), got))
		}
	}
}

// fill leaves out the minutes of an offset, which Format does.
func fill(times []string) []string {
	times = slices.Clone(times)
	for i := range times {
		times[i] = times[i][:len(shown)]
	}
	return times
}

// TestClockChanges: 2026-03-29 2:00 is 3:00 in Berlin, and 2026-10-25 3:00 is 2:00.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	const forward, back = "2026-03-28 23:45:00+01", "2026-10-24 23:45:00+02"
	for _, test := range []struct {
		name, expr, after string
		want              []string
	}{
		{"missed: an hour later on the clock", "30 2 * * *", forward, []string{"2026-03-29 03:30:00+02", "2026-03-30 02:30:00+02"}},
		{"missed and due: once", "0 2,3 * * *", forward, []string{"2026-03-29 03:00:00+02", "2026-03-30 02:00:00+02"}},
		{"not touched", "0 1,4 * * *", forward, []string{"2026-03-29 01:00:00+01", "2026-03-29 04:00:00+02"}},
		{
			"every 30 minutes of real time", "*/30 * * * *", forward,
			[]string{"2026-03-29 00:00:00+01", "2026-03-29 00:30:00+01", "2026-03-29 01:00:00+01", "2026-03-29 01:30:00+01", "2026-03-29 03:00:00+02"},
		},
		{"missed, from within the hour that it is put off to", "30 2 * * *", "2026-03-29 03:10:00+02", []string{"2026-03-29 03:30:00+02"}},
		{"the first second after it", "* 3 * * *", forward, []string{"2026-03-29 03:00:00+02", "2026-03-29 03:01:00+02"}},
		{"@daily", "@daily", forward, []string{"2026-03-29 00:00:00+01", "2026-03-30 00:00:00+02"}},
		{"twice on the clock, due once", "30 2 * * *", back, []string{"2026-10-25 02:30:00+02", "2026-10-26 02:30:00+01"}},
		{"from between the two", "30 2 * * *", "2026-10-25 02:45:00+02", []string{"2026-10-26 02:30:00+01"}},
		{"from within the second", "30 2 * * *", "2026-10-25 02:15:00+01", []string{"2026-10-26 02:30:00+01"}},
		{"after it", "0 2,3 * * *", back, []string{"2026-10-25 02:00:00+02", "2026-10-25 03:00:00+01", "2026-10-26 02:00:00+01"}},
		{
			"every 30 minutes of real time", "*/30 * * * *", "2026-10-25 01:45:00+02",
			[]string{"2026-10-25 02:00:00+02", "2026-10-25 02:30:00+02", "2026-10-25 02:00:00+01", "2026-10-25 02:30:00+01", "2026-10-25 03:00:00+01"},
		},
		{"@hourly", "@hourly", "2026-10-25 01:45:00+02", []string{"2026-10-25 02:00:00+02", "2026-10-25 02:00:00+01", "2026-10-25 03:00:00+01"}},
	} {
		if got := due(t, test.expr, "Europe/Berlin", test.after, len(test.want)); !cmp.Equal(got, test.want) {
			t.Errorf("%s, %s: %s", test.name, test.expr, cmp.Diff(test.want, got))
		}
	}
}

// TestMidnightThatIsNot: on 2026-09-06 the clock in Santiago goes from 23:59 to 1:00.
func TestMidnightThatIsNot(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string][]string{
		"@daily":      {"2026-09-06 01:00:00-03", "2026-09-07 00:00:00-03"},
		"0 0 * * sun": {"2026-09-06 01:00:00-03", "2026-09-13 00:00:00-03"},
		"0 */6 * * *": {"2026-09-05 18:00:00-04", "2026-09-06 06:00:00-03", "2026-09-06 12:00:00-03"},
		"@hourly":     {"2026-09-05 13:00:00-04"},
	} {
		if got := due(t, expr, "America/Santiago", "2026-09-05 12:30:00-04", len(want)); !cmp.Equal(got, want) {
			t.Errorf("%s: %s", expr, cmp.Diff(want, got))
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ expr, zone, want string }{
		{"", "", "it is empty"},
		{"* * * *", "", "it has 4 fields, not 5 (minute, hour,"},
		{"* * * * * * *", "", "it has 7 fields"},
		{"60 * * * *", "", `minute "60": end of range (60) above maximum (59)`},
		{"60 * * * * *", "", `second "60"`},
		{"* 24 * * *", "", `hour "24"`},
		{"* * 0 * *", "", `day of the month "0"`},
		{"* * * 13 *", "", `month "13"`},
		{"* * * januar *", "", `month "januar": "januar" is no number; it takes 1-12 or jan-dec`},
		{"* * * * moo", "", `day of the week "moo"`},
		{"*/0 * * * *", "", `minute "*/0"`},
		{"1-2-3 * * * *", "", `minute "1-2-3"`},
		{"-1 * * * *", "", `minute "-1"`},
		{"5/ * * * *", "", `minute "5/"`},
		{", * * * *", "", "it is never due"},
		{"0 0 30 2 *", "", "it is never due"},
		{"0 0 31 feb,apr,jun,sep,nov *", "", "it is never due"},
		{"@fortnightly", "", "there is no @fortnightly"},
		{"@reboot", "", "a service without a schedule runs at the start"},
		{"@triggered", "", "there is no @triggered"},
		{"@every", "", "@every needs a duration"},
		{"@every 5", "", "duration"},
		{"@every 10ms", "", "at least 1s"},
		{"@daily 5", "", "descriptor"},
		{"TZ=Europe/Berlin 0 3 * * *", "", "give the time zone by itself, in place of TZ=Europe/Berlin"},
		{"CRON_TZ=UTC @daily", "", "give the time zone by itself"},
		{strings.Repeat("1,", 600) + "1 * * * *", "", "too long"},
		{"@daily", "Europe/Berlyn", `there is no time zone "Europe/Berlyn"`},
		{"@daily", "../../etc/passwd", `there is no time zone`},
		{"@daily", "Local", `there is no time zone "Local"`},
	} {
		s, err := schedule.Parse(test.expr, test.zone)
		if err == nil {
			t.Errorf("%q %q: %v, want an error", test.expr, test.zone, s)
			continue
		}
		if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q %q: %q, want a line with %q", test.expr, test.zone, err, test.want)
		}
	}
}

// TestOracle compares with what a look at each minute finds.
func TestOracle(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(6, 2026))
	for range 60 {
		e := anyExpr(random)
		s, err := schedule.Parse(e.String(), "UTC")
		if err != nil {
			t.Fatalf("%s: %v", e, err)
		}
		after := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(random.Int64N(int64(3 * 365 * 24 * time.Hour))))
		want := after.Truncate(time.Minute).Add(time.Minute)
		for !e.due(want) {
			want = want.Add(time.Minute)
		}
		if got := s.Next(after); !got.Equal(want) {
			t.Errorf("%s after %v: %v, want %v", e, after, got, want)
		}
	}
}

// expr is an expression by the values of its fields; nil: all.
type expr struct{ minutes, hours, days, months, weekdays []int }

func anyExpr(r *rand.Rand) expr {
	some := func(chance, low, high int) (values []int) {
		if r.IntN(chance) == 0 {
			return nil
		}
		for range 1 + r.IntN(4) {
			values = append(values, low+r.IntN(high-low+1))
		}
		return values
	}
	return expr{some(4, 0, 59), some(3, 0, 23), some(2, 1, 28), some(2, 1, 12), some(2, 0, 6)}
}

func (e expr) String() string {
	text := func(values []int) string {
		if values == nil {
			return "*"
		}
		words := make([]string, len(values))
		for i, v := range values {
			words[i] = strconv.Itoa(v)
		}
		return strings.Join(words, ",")
	}
	return fmt.Sprintf("%s %s %s %s %s", text(e.minutes), text(e.hours), text(e.days), text(e.months), text(e.weekdays))
}

func (e expr) due(t time.Time) bool {
	is := func(values []int, v int) bool { return values == nil || slices.Contains(values, v) }
	day, weekday := is(e.days, t.Day()), is(e.weekdays, int(t.Weekday()))
	today := day && weekday
	if e.days != nil && e.weekdays != nil {
		today = day || weekday
	}
	return is(e.minutes, t.Minute()) && is(e.hours, t.Hour()) && is(e.months, int(t.Month())) && today
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"* * * * *", "@every 1h", "1-5/2 0 1 jan mon", "0 0 29 2 *", "@daily", "*/7 * * * * *", "59 23 31 12 7"} {
		f.Add(seed)
	}
	now := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := schedule.Parse(text, "Europe/Berlin")
		if err != nil {
			return
		}
		first := s.Next(now)
		if second := s.Next(first); !first.After(now) || !second.After(first) {
			t.Errorf("%q: after %v comes %v, then %v", text, now, first, second)
		}
	})
}
