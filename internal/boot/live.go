//go:build linux

package boot

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sillelien/baseinit/internal/servicedir"
	"github.com/sillelien/baseinit/supervisor"
)

// Where service directories live, below the directory for state, by what they come
// from. Scripts look for these names in their working directory.
const (
	liveLegacy = "s6/legacy-services"  // services.d
	liveRC     = "s6-rc/servicedirs"   // longruns of s6-rc.d
	liveOnce   = "s6-rc/oneshots"      // its oneshots, which in s6 have none
	ownDirs    = "supervise event log" // not taken from the directory that one comes from
)

// live are the service directories that scripts see: each a directory of links to the
// files of the one that the service comes from, so that nothing is run from a file
// system which may be mounted noexec, and of the parts that s6-supervise(8) keeps. A
// goroutine writes what changes, since PID 1 must not wait for a disk.
type live struct {
	container *Container
	root      string   // the directory for state; empty: nothing can be written
	taken     []string // what was pruned: it may be in services.d still; reload's

	mu      sync.Mutex
	changed *sync.Cond
	dirs    map[string]*liveDir
	queue   []supervisor.Status // at most queueLimit
	noted   int                 // how many statuses were queued
	written int                 // how many of them are written or lost
	lost    int
	closed  bool

	tasks sync.WaitGroup
}

// queueLimit bounds the changes that wait to be written. With more the oldest are dropped,
// and scripts that wait for events may miss one; the last status of each service counts.
const queueLimit = 1 << 14

// flushLimit is how long a start waits for the changes before it to be written.
const flushLimit = 200 * time.Millisecond

// liveDir is the directory of one service.
type liveDir struct {
	name, path string
	source     string // what it comes from
	link       string // in the scan directory; empty: the directory itself is there, or a part of it
	ofRC       bool   // and a oneshot: it has no link
	keeper     *servicedir.Keeper

	mu        sync.Mutex
	readiness bool // the service says when it is ready
	oneshot   bool
	stop      stopping
	status    servicedir.Status // what scripts see
	failed    bool
}

func newLive(c *Container) *live {
	l := &live{container: c, root: c.run.path, dirs: map[string]*liveDir{}}
	if c.run.scan == nil {
		l.root = ""
	}
	l.changed = sync.NewCond(&l.mu)
	if l.root != "" {
		l.tasks.Go(l.write)
	}
	return l
}

// scanDir is where scripts put more services; empty: nowhere.
func (l *live) scanDir() string {
	if l.root == "" {
		return ""
	}
	return filepath.Join(l.root, "service")
}

// names lists all that there are.
func (l *live) names() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.dirs))
}

// linked lists those that have a link in the scan directory.
func (l *live) linked() (names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, d := range l.dirs {
		if d.link != "" {
			names = append(names, name)
		}
	}
	return names
}

// adopt makes directories for services and has them run there. One that cannot have any
// stays where it is: it runs, and cannot be controlled.
func (l *live) adopt(services []supervisor.Service, place string) error {
	if l.root == "" {
		return nil
	}
	var errs []error
	for i := range services {
		d, err := l.make(&services[i], place)
		if err != nil {
			errs = append(errs, fmt.Errorf("scripts cannot control service %q: %w", services[i].Name, err))
			continue
		}
		l.mu.Lock()
		l.dirs[d.name] = d
		l.mu.Unlock()
		services[i].Dir = d.path
		l.tasks.Go(func() { d.hear(l.container) })
	}
	return errors.Join(errs...)
}

// make makes the directory of one service.
func (l *live) make(s *supervisor.Service, place string) (d *liveDir, err error) {
	d = &liveDir{
		name: s.Name, source: s.Dir, path: filepath.Join(l.root, place, s.Name), ofRC: place == liveOnce,
	}
	d.define(s)
	parent, isLog := strings.CutSuffix(s.Name, "/log")
	scan := filepath.Join(l.root, "service")
	switch {
	case strings.HasPrefix(s.Dir, scan+"/"): // a script has put it there
		if d.path, err = filepath.EvalSymlinks(s.Dir); err != nil {
			return nil, err
		}
		d.source = d.path
	case isLog:
		d.path = filepath.Join(l.root, place, parent, "log")
		fallthrough
	default:
		if err := fill(d.path, s.Dir); err != nil {
			return nil, err
		}
		if !isLog {
			d.link = filepath.Join(scan, s.Name)
			err = l.link(d.path, s.Name, place)
		}
	}
	if err != nil {
		return nil, err
	}
	now := time.Now()
	d.status = servicedir.Status{Changed: now, Ready: now, IsReady: true, WantedUp: !s.Down}
	d.keeper, err = servicedir.Make(d.path, filepath.Join(d.source, "supervise", "control"), d.status)
	return d, err
}

// fill makes a directory of links to the files of another.
func fill(path, source string) error {
	entries, err := os.ReadDir(source)
	if err == nil {
		err = os.MkdirAll(path, 0o755)
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if slices.Contains(strings.Fields(ownDirs), e.Name()) {
			continue
		}
		err := os.Symlink(filepath.Join(source, e.Name()), filepath.Join(path, e.Name()))
		if err != nil && !errors.Is(err, fs.ErrExist) { // what a script has put there stays
			return err
		}
	}
	return nil
}

// renew has a service that has a new definition run in its directory, with the files that there
// are now.
func (l *live) renew(s *supervisor.Service) error {
	l.mu.Lock()
	d := l.dirs[s.Name]
	l.mu.Unlock()
	if d == nil {
		return nil
	}
	source := s.Dir
	s.Dir = d.path
	d.define(s)
	if d.path == d.source {
		return nil
	}
	links, err := os.ReadDir(d.path)
	for _, e := range links {
		path := filepath.Join(d.path, e.Name())
		if target, lerr := os.Readlink(path); lerr == nil && target == filepath.Join(source, e.Name()) {
			err = errors.Join(err, os.Remove(path))
		}
	}
	if err = errors.Join(err, fill(d.path, source)); err != nil {
		return fmt.Errorf("%s shows old files of service %q: %w", d.path, s.Name, err)
	}
	return nil
}

// define takes over what a definition says.
func (d *liveDir) define(s *supervisor.Service) {
	r := &s.Readiness
	d.mu.Lock()
	defer d.mu.Unlock()
	d.readiness = r.FD != 0 || r.Notify || r.Probe != nil || r.Line != nil
	d.oneshot = s.Oneshot
	d.stop = stopping{s.StopSignal, signalFile(s.Dir, "reload-signal")}
}

// link makes a service directory reachable under the other names that scripts know.
func (l *live) link(path, name, place string) error {
	others := []string{"service", liveRC}
	if place != liveLegacy {
		others = []string{"service", liveLegacy}
	}
	if place == liveOnce {
		return nil // as in s6-rc, which has no directories for oneshots
	}
	for _, other := range others {
		dir := filepath.Join(l.root, other)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// gone lists the services whose directory is gone, or its link in the scan directory.
func (l *live) gone() (names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	missing := func(path string) bool {
		_, err := os.Lstat(path)
		return errors.Is(err, fs.ErrNotExist)
	}
	for name, d := range l.dirs {
		parent, isLog := strings.CutSuffix(name, "/log")
		switch {
		case d.ofRC:
		case isLog && l.dirs[parent] != nil:
			parent := l.dirs[parent]
			if missing(parent.source) || parent.link != "" && missing(parent.link) || missing(d.source) {
				names = append(names, name)
			}
		case missing(d.source), d.link != "" && missing(d.link):
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// drop forgets a service that is gone.
func (l *live) drop(name string) {
	l.flush()
	l.mu.Lock()
	d := l.dirs[name]
	delete(l.dirs, name)
	l.mu.Unlock()
	if d == nil {
		return
	}
	d.end()
	if d.path != d.source { // else it is the script's own
		_ = os.RemoveAll(d.path)
		for _, other := range [...]string{"service", liveLegacy, liveRC} {
			_ = os.Remove(filepath.Join(l.root, other, name))
		}
	}
}

// note queues a change, from the supervisor's goroutine: it waits for nothing.
func (l *live) note(st supervisor.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dirs[st.Name] == nil || l.closed {
		return
	}
	if len(l.queue) == queueLimit {
		l.queue = l.queue[1:]
		l.written++
		l.lost++
	}
	l.queue = append(l.queue, st)
	l.noted++
	l.changed.Broadcast()
}

// flush waits until what was noted so far is written, within flushLimit.
func (l *live) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	until := l.noted
	if l.written >= until {
		return
	}
	over := false
	limit := time.AfterFunc(flushLimit, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		over = true
		l.changed.Broadcast()
	})
	defer limit.Stop()
	for l.written < until && !over && !l.closed {
		l.changed.Wait()
	}
}

// write is the goroutine that writes.
func (l *live) write() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		for len(l.queue) == 0 {
			if l.closed {
				return
			}
			l.changed.Wait()
		}
		changes := l.queue
		l.queue = nil
		dirs := make([]*liveDir, len(changes))
		for i := range changes {
			dirs[i] = l.dirs[changes[i].Name]
		}
		l.mu.Unlock()
		for i, d := range dirs {
			if d != nil {
				l.container.warn(d.show(&changes[i]))
			}
		}
		l.mu.Lock()
		l.written += len(changes)
		l.changed.Broadcast()
	}
}

// close ends everything, after the last service.
func (l *live) close() {
	if l == nil {
		return
	}
	l.mu.Lock()
	l.closed = true
	l.changed.Broadcast()
	if l.lost > 0 {
		l.container.cfg.Logger.Warn(fmt.Sprintf("%d changes of services were not shown to scripts: %s is too slow", l.lost, l.root))
	}
	l.mu.Unlock()
	for _, d := range l.dirs {
		d.end()
	}
	l.tasks.Wait()
}
