package syslog

import "time"

// Limiter is what holds senders to a RateLimit.
type Limiter struct{ l *limiter }

func NewLimiter(limit RateLimit) Limiter { return Limiter{newLimiter(limit)} }

func (l Limiter) Allow(m *Message, now time.Time) bool { return l.l.allow(m, now) }
func (l Limiter) Next() (time.Time, bool)              { return l.l.next() }
func (l Limiter) End() time.Time                       { return l.l.end() }

func (l Limiter) Expired(now time.Time, suppressed func(name string, n uint64)) {
	l.l.expired(now, suppressed)
}

// Windows is how many senders are told apart at the moment.
func (l Limiter) Windows() int { return len(l.l.windows) }

// MaxLimited is how many can be.
const MaxLimited = maxLimited
