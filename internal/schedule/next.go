package schedule

import "time"

// The library knows nothing of clock changes here: it is asked about one offset from UTC at a
// time. Its own ways with them leave out a day in zones where midnight may be missing,
// and are due twice where the clock goes back.

// Next gives the first time after that one, in the zone of the schedule.
func (s *Schedule) Next(after time.Time) time.Time {
	return s.next(s, after.In(s.zone))
}

// every is for what does not depend on the clock.
func every(s *Schedule, after time.Time) time.Time { return s.spec.Next(after) }

// shown is for what is due whenever the clock shows a time.
func shown(s *Schedule, after time.Time) time.Time {
	from := after // from here until the next change
	for {
		_, offset := from.Zone()
		_, end := from.ZoneBounds()
		next := s.spec.Next(after.In(time.FixedZone("", offset))).In(s.zone)
		if end.IsZero() || next.Before(end) {
			return next
		}
		from, after = end, end.Add(-time.Second) // end itself is not left out
	}
}

// longest is more than any clock was ever put forward but where the date line moved.
const longest = 3 * time.Hour

// fixed is for what is due once for each time of the clock, also for those that it leaves
// out or shows twice.
func fixed(s *Schedule, after time.Time) time.Time {
	wall := asUTC(after).Add(-longest) // what has been put off may still be due
	for {
		if wall = s.spec.Next(wall); wall.IsZero() {
			return wall
		}
		if next := at(wall, s.zone); next.After(after) {
			return next
		}
	}
}

// asUTC is the time in UTC at which the clock shows the same.
func asUTC(t time.Time) time.Time { return in(t, time.UTC) }

func in(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
}

// at is the first time when the clock of a zone shows what that of UTC shows at wall. If it
// never does, it is as much later as the clock was put forward.
func at(wall time.Time, zone *time.Location) time.Time {
	t := in(wall, zone) // either time, says package time
	if left := wall.Sub(asUTC(t)); left > 0 {
		return t.Add(left)
	}
	start, _ := t.ZoneBounds()
	if start.IsZero() {
		return t
	}
	_, now := t.Zone()
	_, before := start.Add(-1).Zone()
	if back := time.Duration(before-now) * time.Second; t.Sub(start) < back {
		return t.Add(-back)
	}
	return t
}
