package syslog

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// RateLimit bounds how many messages of a service, or of a user where the service
// is not known, are kept: in each window of time that begins with a message, the
// first so many. The zero value is no limit.
type RateLimit struct {
	// Messages is how many of them; 0 for any number.
	Messages int
	// Per is how long a window is, by default a second.
	Per time.Duration
}

// ParseRateLimit reads MESSAGES/TIME, as in 200/10s, 200/s or 10000/1h, in which
// TIME is what [time.ParseDuration] takes, or a unit for one of it. MESSAGES alone
// is per second; none, or nothing at all, is no limit.
func ParseRateLimit(s string) (RateLimit, error) {
	if s == "" || s == "none" {
		return RateLimit{}, nil
	}
	number, per, ok := strings.Cut(s, "/")
	l := RateLimit{Per: time.Second}
	var err error
	if l.Messages, err = strconv.Atoi(number); err == nil && ok {
		l.Per, err = parsePer(per)
	}
	if err != nil || l.Messages <= 0 || l.Per <= 0 {
		return RateLimit{}, fmt.Errorf("cannot use the rate limit %q: it can be MESSAGES/TIME, as in 200/10s, MESSAGES per second, or none", s)
	}
	return l, nil
}

// parsePer takes "s" for "1s".
func parsePer(s string) (time.Duration, error) {
	if s != "" && (s[0] < '0' || s[0] > '9') {
		s = "1" + s
	}
	return time.ParseDuration(s)
}

// maxLimited is how many senders are told apart. It takes root to be more of them
// than there are services and users, and then those who come last share a limit.
const maxLimited = 1024

// limiter holds senders to a RateLimit. A nil one allows all. It is for one
// goroutine, and has no clock: times are those that it is given.
type limiter struct {
	limit   RateLimit
	windows map[limited]*window
	// crowded is until when none of the windows ends, once there are
	// maxLimited.
	crowded time.Time
	// first is when the earliest of the windows with suppressed messages
	// ends, zero if there are none.
	first time.Time
}

// limited is who is held to a limit: a service, or else a user.
type limited struct {
	service string
	uid     int
}

// others are the senders above maxLimited.
var others = limited{uid: -2}

func (l limited) String() string {
	switch {
	case l.service != "":
		return l.service
	case l.uid >= 0:
		return "user " + strconv.Itoa(l.uid)
	default:
		return "unknown senders"
	}
}

// window is what a sender has had of its limit since start.
type window struct {
	start   time.Time
	allowed int
	// suppressed is counted until it is handed over, at the end of the window
	// in which it was 1.
	suppressed uint64
	due        time.Time
}

// newLimiter returns nil for no limit.
func newLimiter(limit RateLimit) *limiter {
	if limit.Messages <= 0 {
		return nil
	}
	limit.Per = cmp.Or(max(limit.Per, 0), time.Second)
	return &limiter{limit: limit, windows: map[limited]*window{}}
}

// allow counts a message, and says whether it is within the limit.
func (l *limiter) allow(m *Message, now time.Time) bool {
	if l == nil {
		return true
	}
	w := l.window(m, now)
	// Sockets are read side by side, so a time may be a little earlier than the
	// one before. Much earlier: somebody has set the clock.
	if age := now.Sub(w.start); age.Abs() >= l.limit.Per {
		w.start, w.allowed = now, 0
	}
	if w.allowed < l.limit.Messages {
		w.allowed++
		return true
	}
	if w.suppressed == 0 {
		w.due = w.start.Add(l.limit.Per)
		l.await(w)
	}
	w.suppressed++
	return false
}

// window returns that of the sender of m.
func (l *limiter) window(m *Message, now time.Time) *window {
	who := limited{service: m.Service}
	if who.service == "" {
		who.uid = m.UID
	}
	w := l.windows[who]
	if w == nil && len(l.windows) >= maxLimited {
		l.forget(now)
		if len(l.windows) >= maxLimited {
			who = others
			w = l.windows[who]
		}
	}
	if w == nil {
		w = &window{start: now}
		l.windows[who] = w
	}
	return w
}

// forget removes windows that have ended and leave nothing to say, which takes a
// while: not if it is in vain.
func (l *limiter) forget(now time.Time) {
	if now.Before(l.crowded) {
		return
	}
	l.crowded = now.Add(l.limit.Per)
	for who, w := range l.windows {
		end := w.start.Add(l.limit.Per)
		switch {
		case w.suppressed > 0:
		case !now.Before(end):
			delete(l.windows, who)
		case end.Before(l.crowded):
			l.crowded = end
		}
	}
}

// await sees to it that next is not later than the end of w.
func (l *limiter) await(w *window) {
	if l.first.IsZero() || w.due.Before(l.first) {
		l.first = w.due
	}
}

// next says when to call expired, if there is anything to hand over.
func (l *limiter) next() (time.Time, bool) {
	if l == nil {
		return time.Time{}, false
	}
	return l.first, !l.first.IsZero()
}

// end is when all windows with suppressed messages have ended.
func (l *limiter) end() (at time.Time) {
	if l == nil {
		return at
	}
	for _, w := range l.windows {
		if w.suppressed > 0 && w.due.After(at) {
			at = w.due
		}
	}
	return at
}

// expired hands over how many messages of whom were suppressed in windows that
// have ended.
func (l *limiter) expired(now time.Time, suppressed func(name string, n uint64)) {
	if at, ok := l.next(); !ok || now.Before(at) {
		return
	}
	l.first = time.Time{}
	for who, w := range l.windows {
		switch {
		case w.suppressed == 0:
		case now.Before(w.due):
			l.await(w)
		default:
			suppressed(who.String(), w.suppressed)
			w.suppressed = 0
		}
	}
	// Those who have been handed over may be gone.
	l.crowded = time.Time{}
}
