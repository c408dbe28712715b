// Package watch tells when files change: at once where inotify(7) sees it, and within the
// polling interval where it does not (some sandboxes and network file systems).
//
// What surprises most: a file is watched in two ways. Its directory tells when another
// one is put in its place; the file itself tells when it is written, which is all that
// Docker and Kubernetes can do with a file that is mounted into a container by itself, and
// is not seen in the directory. Whatever inotify says, what counts is whether stat(2) says
// something else than before.
package watch

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Config says what is watched.
type Config struct {
	// Paths are files and directories. They need not exist.
	Paths []string
	// Poll is how often it is looked without a hint. Default 30 s, and 1 s where there
	// is no inotify.
	Poll time.Duration
	// Settle is how long nothing more must happen until a change is told: who writes a
	// file mostly does it in several steps. Default 50 ms. After six times as long it is
	// told anyway.
	Settle time.Duration
	// Logger. Default: none.
	Logger *zap.Logger
}

const (
	slowPoll = 30 * time.Second
	fastPoll = time.Second
)

// Watcher watches files. Make one with New, and Run it once.
type Watcher struct {
	cfg    Config
	hints  *hints // nil: there is no inotify
	wake   chan struct{}
	leave  sync.Once
	left   chan struct{}
	mu     sync.Mutex
	states map[string]state
}

// New returns a Watcher that knows how the files are now.
func New(cfg Config) (*Watcher, error) {
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	if cfg.Settle <= 0 {
		cfg.Settle = 50 * time.Millisecond
	}
	w := &Watcher{cfg: cfg, wake: make(chan struct{}, 1), left: make(chan struct{}), states: map[string]state{}}
	var err error
	if w.hints, err = newHints(w.wake); err != nil {
		cfg.Logger.Warn("changes of files are looked for each second: " + err.Error())
	}
	if w.cfg.Poll <= 0 {
		w.cfg.Poll = slowPoll
		if err != nil {
			w.cfg.Poll = fastPoll
		}
	}
	w.arm()
	for _, path := range cfg.Paths {
		w.states[path] = look(path)
	}
	return w, nil
}

// Set has other files watched from now on.
func (w *Watcher) Set(paths []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cfg.Paths = slices.Clone(paths)
	maps.DeleteFunc(w.states, func(path string, _ state) bool { return !slices.Contains(paths, path) })
	for _, path := range paths {
		if _, ok := w.states[path]; !ok {
			w.states[path] = look(path)
		}
	}
	w.armLocked()
}

// Leave ends the watching early, as closing an inotify descriptor that has watches delays
// the end of the process by up to 15 ms. It does not wait, and may be called more than once.
func (w *Watcher) Leave() {
	w.leave.Do(func() {
		close(w.left)
		if w.hints != nil {
			w.hints.forget()
		}
	})
}

// Run calls changed with those of the paths that have changed, one call after the
// other, until ctx ends. The error is nil.
func (w *Watcher) Run(ctx context.Context, changed func(paths []string)) error {
	defer func() {
		w.Leave()
		if w.hints != nil {
			w.hints.close()
		}
	}()
	poll := time.NewTicker(w.cfg.Poll)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.left:
			<-ctx.Done()
			return nil
		case <-poll.C:
		case <-w.wake:
			if !w.settle(ctx) {
				return nil
			}
		}
		if paths := w.compare(); len(paths) > 0 {
			changed(paths)
		}
	}
}

// settle waits until nothing more happens.
func (w *Watcher) settle(ctx context.Context) bool {
	most := time.NewTimer(6 * w.cfg.Settle)
	defer most.Stop()
	for {
		quiet := time.NewTimer(w.cfg.Settle)
		select {
		case <-ctx.Done():
			quiet.Stop()
			return false
		case <-w.left:
			quiet.Stop()
			return true
		case <-most.C:
			quiet.Stop()
			return true
		case <-quiet.C:
			return true
		case <-w.wake:
			quiet.Stop()
		}
	}
}

// compare looks at all paths. It is armed first, so that what happens after the look wakes
// Run again.
func (w *Watcher) compare() (changed []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.left:
		return nil
	default:
	}
	w.armLocked()
	for _, path := range w.cfg.Paths {
		now := look(path)
		if before := w.states[path]; !now.equal(before) {
			w.states[path] = now
			changed = append(changed, path)
		}
	}
	return changed
}

func (w *Watcher) arm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armLocked()
}

// armLocked has inotify tell of all that may concern the paths.
func (w *Watcher) armLocked() {
	if w.hints == nil {
		return
	}
	want := map[string]bool{} // whether it is a file
	for _, path := range w.cfg.Paths {
		addPlaces(want, path)
		// Where symbolic links lead is another place where it can be replaced.
		if target, err := filepath.EvalSymlinks(path); err == nil && target != path {
			addPlaces(want, target)
		}
	}
	if err := w.hints.watch(slices.Sorted(maps.Keys(want))); err != nil && w.cfg.Poll > fastPoll {
		w.cfg.Poll = fastPoll
		w.cfg.Logger.Warn("changes of some files are looked for each second: " + err.Error())
	}
}

// addPlaces adds a path, and the nearest directory above it that there is.
func addPlaces(places map[string]bool, path string) {
	if info, err := os.Stat(path); err == nil {
		places[path] = !info.IsDir()
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			places[dir] = false
			return
		}
		if dir == filepath.Dir(dir) {
			return
		}
	}
}

// state is what stat(2) says of a path, and of a directory's files.
type state struct {
	exists bool
	info   fileID
	files  map[string]fileID
}

func (s state) equal(o state) bool {
	return s.exists == o.exists && s.info == o.info && maps.Equal(s.files, o.files)
}

func look(path string) (s state) {
	info, err := os.Stat(path)
	if err != nil {
		return s
	}
	s.exists = true
	if !info.IsDir() {
		s.info = idOf(info)
		return s
	}
	s.files = map[string]fileID{}
	entries, err := os.ReadDir(path)
	if errors.Is(err, os.ErrNotExist) {
		return state{}
	}
	for _, entry := range entries {
		if info, err := os.Stat(filepath.Join(path, entry.Name())); err == nil {
			s.files[entry.Name()] = idOf(info)
		}
	}
	return s
}
