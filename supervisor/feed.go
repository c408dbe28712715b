package supervisor

import (
	"fmt"
	"os"
	"slices"
)

// feed is the pipe through which services write to a service that reads them.
// The supervisor keeps both ends, so that either side may restart.
type feed struct{ r, w *os.File }

func newFeed() (*feed, error) {
	var p [2]int
	if err := pipeCloexec(&p); err != nil {
		return nil, os.NewSyscallError("pipe2", err)
	}
	// NewFile leaves a blocking descriptor blocking, as its readers expect, and
	// the runtime does not poll it, so that no line wakes the supervisor up.
	return &feed{os.NewFile(uintptr(p[0]), "feed"), os.NewFile(uintptr(p[1]), "feed")}, nil
}

// end lets the reader see the end of its input.
func (f *feed) end() {
	if f != nil && f.w != nil {
		_ = f.w.Close()
		f.w = nil
	}
}

func (f *feed) close() {
	if f != nil {
		f.end()
		_ = f.r.Close()
	}
}

// provideFeed makes the pipe of the service that u logs to.
func (u *unit) provideFeed() error {
	i := slices.IndexFunc(u.requires, func(r *unit) bool { return r.service.Name == u.latest().LogTo })
	if i < 0 || u.requires[i].feed != nil {
		return nil
	}
	feed, err := newFeed()
	if err != nil {
		return fmt.Errorf("cannot make the pipe to service %q: %w", u.latest().LogTo, err)
	}
	u.requires[i].feed = feed
	return nil
}

// provideFeeds makes the pipes of all services that units log to, or none.
func provideFeeds(units []*unit) error {
	var made []*unit
	for _, u := range units {
		for _, r := range u.requires {
			if r.feed == nil {
				made = append(made, r)
			}
		}
		if err := u.provideFeed(); err != nil {
			for _, r := range made {
				r.feed.close()
				r.feed = nil
			}
			return err
		}
	}
	return nil
}

// logPipe is what the unit's stdout goes to, or nil.
func (s *Supervisor) logPipe(u *unit) *os.File {
	reader := s.units[u.service.LogTo]
	if reader == nil || reader.feed == nil { // which only Replace can bring about
		return nil
	}
	return reader.feed.w
}
