//go:build linux

package servicedir

import (
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/sillelien/baseinit/internal/tai64n"
)

// Death is one end of a service's run program.
type Death struct {
	Time   time.Time
	Code   int // 0 when a signal killed it
	Signal int // else 0
}

// deathSize is that of a death in the tally: a TAI64N stamp, a code and a signal.
const deathSize = tai64n.PackedLength + 2

// TallyLimit is how many deaths a tally holds; the oldest go first.
const TallyLimit = 100

// ReadTally reads the deaths of a service, the oldest first.
func ReadTally(dir string) ([]Death, error) {
	data, err := read(filepath.Join(dir, "supervise", "death_tally"), 4096*deathSize) // the most that s6 allows
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	deaths := make([]Death, 0, len(data)/deathSize)
	for ; len(data) >= deathSize; data = data[deathSize:] {
		deaths = append(deaths, Death{tai64n.ParsePacked(data), int(data[deathSize-2]), int(data[deathSize-1])})
	}
	return deaths, nil
}

// WriteTally replaces the deaths of a service.
func WriteTally(dir string, deaths []Death) error {
	buf := make([]byte, 0, len(deaths)*deathSize)
	for _, d := range deaths {
		buf = append(tai64n.AppendPacked(buf, d.Time), byte(d.Code), byte(d.Signal))
	}
	return replace(filepath.Join(dir, "supervise", "death_tally"), buf)
}
