// Package schedule reads cron expressions and says when they are due.
//
// What surprises is the clock change, which is much as in the cron of ISC and Debian. A time
// that the clock leaves out when it goes forward is due as much later: "30 2 * * *" at 3:30.
// A time that it shows twice when it goes back is due once, the first time. A schedule of
// which the second, minute or hour begins with * is due whenever the clock shows such a
// time instead, so that "*/30 * * * *" is due every 30 minutes, whatever the clock does.
package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	cron "github.com/netresearch/go-cron"
)

// Schedule says when something is due. It does not change, and may be used by several
// goroutines.
type Schedule struct {
	expr string
	spec cron.Schedule
	zone *time.Location
	next func(s *Schedule, after time.Time) time.Time
}

// searchYears is how far ahead a time is looked for: 29 February may be 8 years away.
const searchYears = 10

// fields are those of an expression of 6; one of 5 begins with the minute.
var fields = [...]struct{ name, values string }{
	{"second", "0-59"},
	{"minute", "0-59"},
	{"hour", "0-23"},
	{"day of the month", "1-31"},
	{"month", "1-12 or jan-dec"},
	{"day of the week", "0-7 or sun-sat, where 0 and 7 are Sunday"},
}

// Parse reads a cron expression: minute, hour, day of the month, month and day of the week,
// or 6 fields, of which the first is the second; or @hourly, @daily, @weekly, @monthly,
// @yearly or @every DURATION, such as "@every 90s". If both days are given, either will
// do. zone is what [Zone] knows; default: the container's own.
//
// An expression that is never due, such as 30 February, is an error.
func Parse(expr, zone string) (*Schedule, error) {
	s, err := parse(strings.TrimSpace(expr))
	if err != nil {
		return nil, fmt.Errorf("cannot read the schedule %q: %w", expr, err)
	}
	if zone == "" && strings.HasPrefix(s.expr, "@every") {
		zone = "UTC" // it needs none, and the container's may be missing
	}
	if s.zone, err = Zone(zone); err != nil {
		return nil, err
	}
	if s.Next(time.Unix(0, 0)).IsZero() {
		return nil, fmt.Errorf("cannot use the schedule %q: it is never due", expr)
	}
	return s, nil
}

// parse reads an expression without a zone.
func parse(expr string) (*Schedule, error) {
	words := strings.Fields(expr)
	switch {
	case len(words) == 0:
		return nil, errors.New(`it is empty: write "MINUTE HOUR DAY MONTH WEEKDAY" or @daily`)
	case strings.Contains(words[0], "TZ="):
		return nil, fmt.Errorf("give the time zone by itself, in place of %s", words[0])
	case words[0][0] == '@':
		return named(expr, words)
	case len(words) != len(fields) && len(words) != len(fields)-1:
		return nil, fmt.Errorf("it has %d fields, not 5 (minute, hour, day of the month, month, day of the week) or 6 (second first)", len(words))
	}
	spec, err := parser().Parse(strings.Join(words, " "))
	if err != nil {
		return nil, blame(words, err)
	}
	clock := words[:len(words)-3] // second, minute, hour
	s := &Schedule{expr: expr, spec: spec, next: fixed}
	if slices.ContainsFunc(clock, func(word string) bool { return word[0] == '*' }) {
		s.next = shown
	}
	return s, nil
}

// named reads what begins with @.
func named(expr string, words []string) (*Schedule, error) {
	next := fixed
	switch words[0] {
	case "@hourly":
		next = shown
	case "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually":
	case "@every":
		if len(words) != 2 {
			return nil, errors.New("@every needs a duration, such as 90s or 1h30m")
		}
		next = every
	case "@reboot":
		return nil, errors.New("@reboot is no time: a service without a schedule runs at the start")
	default:
		return nil, fmt.Errorf("there is no %s, but @hourly, @daily, @weekly, @monthly, @yearly and @every DURATION", words[0])
	}
	spec, err := parser().Parse(strings.Join(words, " "))
	if err != nil {
		return nil, plain(err)
	}
	return &Schedule{expr: expr, spec: spec, next: next}, nil
}

func parser() cron.Parser {
	p, _ := cron.TryNewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow |
		cron.Descriptor | cron.DowOrDom) // an error for other options only
	return p.WithMaxSearchYears(searchYears)
}

// blame finds the field that is wrong: the one that is so among others that are not.
func blame(words []string, err error) error {
	first := len(fields) - len(words)
	for i, word := range words {
		alone := [...]string{"*", "*", "*", "*", "*", "*"}
		alone[first+i] = word
		if _, e := parser().Parse(strings.Join(alone[:], " ")); e != nil {
			f := fields[first+i]
			return fmt.Errorf("%s %q: %w; it takes %s, with * A-B A,B */N", f.name, word, plain(e), f.values)
		}
	}
	return plain(err)
}

// plain is an error of the parser in simpler words.
func plain(err error) error {
	if number, ok := errors.AsType[*strconv.NumError](err); ok {
		return fmt.Errorf("%q is no number", number.Num)
	}
	return err
}

// String is the expression with its zone.
func (s *Schedule) String() string { return s.expr + " " + s.zone.String() }
