package supervisor

import (
	"math"
	"time"
)

// Backoff spaces the starts of a service that keeps ending. Between two starts
// lies at least Initial; each failure that follows a failure multiplies that by
// Factor, up to Max, give or take Jitter. A run of StableAfter or longer, or an
// end with code 0, forgets the failures before it. A service that lived longer
// than its space is therefore started again at once.
type Backoff struct {
	// Initial is the least time between two starts. Default 1 s.
	Initial time.Duration
	// Max is the most that the space grows to. Default 30 s.
	Max time.Duration
	// Factor is what each further failure multiplies the space by. Default 2.
	Factor float64
	// Jitter is the part of the space by which it varies at random, so that
	// services which failed together do not return together. Default 0.1;
	// negative: none.
	Jitter float64
	// StableAfter is how long a run must be to forget the failures before
	// it. Default 10 s.
	StableAfter time.Duration
}

func (b Backoff) withDefaults() Backoff {
	setDefault(&b.Initial, time.Second)
	setDefault(&b.Max, 30*time.Second)
	setDefault(&b.Factor, 2)
	setDefault(&b.Jitter, 0.1)
	setDefault(&b.StableAfter, 10*time.Second)
	b.Jitter = max(b.Jitter, 0)
	b.Max = max(b.Max, b.Initial)
	return b
}

// delay says how long to wait after the failures-th failure in a row, of a run
// that lasted uptime. random is in [0, 1).
func (b Backoff) delay(failures int, uptime time.Duration, random float64) time.Duration {
	space := float64(b.Initial) * math.Pow(b.Factor, float64(max(failures-1, 0)))
	space = min(space, float64(b.Max))
	space *= 1 + b.Jitter*(2*random-1)
	return max(0, time.Duration(space)-uptime)
}

// setDefault gives a field that was left zero its default.
func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
