//go:build linux

package applet

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/servicedir"
)

// The exit codes of s6-rc.
const (
	rcFailed  = 1
	rcTimeout = 2
	rcUnknown = 3
)

// live is the state of s6-rc, as the container has written it down.
type live struct {
	dir       string
	bundles   map[string][]string
	requires  map[string][]string
	essential []string
}

// rcCall is how s6-rc was called.
type rcCall struct {
	live                         live
	down, all, force, prune, dry bool
	limit                        time.Duration
}

// rc is s6-rc: it lists services, and has them brought up or down.
func rc(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "v:n:t:l:budpDaXEe")
	call := rcCall{live: live{dir: filepath.Join(runDir(p), "s6-rc")}}
	if !ok || len(rest) == 0 || !call.apply(options) {
		return nil, errUsage
	}
	if err := call.live.read(); err != nil {
		return nil, err
	}
	return nil, call.do(rest[0], rest[1:])
}

// apply takes the options that change something here.
func (c *rcCall) apply(options []execline.Option) bool {
	for _, o := range options {
		switch o.Letter {
		case 'd', 'D':
			c.down, c.force = true, o.Letter == 'D'
		case 'u':
			c.down, c.force = false, false
		case 'a':
			c.all = true
		case 'p':
			c.prune = true
		case 'n':
			c.dry = true
		case 'l':
			c.live.dir = o.Arg
		case 't':
			ms, ok := milliseconds(o.Arg)
			if !ok {
				return false
			}
			c.limit = time.Duration(ms) * time.Millisecond
		}
	}
	return true
}

// do does what one command says.
func (c *rcCall) do(command string, names []string) error {
	selected, err := c.live.expand(names)
	if err != nil {
		return err
	}
	if c.all {
		selected = append(selected, c.live.active()...)
	}
	switch command {
	case "list":
		if c.down {
			selected = c.live.without(selected)
		}
		return c.live.print(selected)
	case "listall":
		return c.live.print(c.live.closure(selected, c.down))
	case "start", "stop":
		c.down = command == "stop"
	case "change":
	default:
		return errUsage
	}
	if c.dry {
		return nil
	}
	err = c.live.change(selected, c.down, c.force, c.limit)
	if err == nil && c.prune && !c.down {
		err = c.live.change(c.live.beside(selected), true, c.force, c.limit)
	}
	return err
}

// read reads what the container has written. One without services of s6-rc has written
// nothing, and has the bundles of s6-overlay, which are empty.
func (l *live) read() (err error) {
	if l.bundles, err = readTable(filepath.Join(l.dir, "bundles")); errors.Is(err, os.ErrNotExist) && l.isContainer() {
		l.bundles = map[string][]string{"top": nil, "base": nil, "user": nil, "user2": nil}
		return nil
	}
	if err != nil {
		return fail(execline.CodeSystem, "there are no services of s6-rc here: %w", err)
	}
	if l.requires, err = readTable(filepath.Join(l.dir, "requires")); err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(l.dir, "essential"))
	l.essential = strings.Fields(string(data))
	return err
}

// isContainer tells whether there is a container of ours around the directory.
func (l *live) isContainer() bool {
	_, err := os.Stat(filepath.Join(filepath.Dir(l.dir), "service", ".s6-svscan", "control"))
	return err == nil
}

func readTable(path string) (map[string][]string, error) {
	data, err := os.ReadFile(path)
	table := map[string][]string{}
	for line := range strings.Lines(string(data)) {
		words := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		table[words[0]] = words[1:]
	}
	return table, err
}

// expand gives the services that names stand for.
func (l *live) expand(names []string) (all []string, err error) {
	for _, name := range names {
		members, known := l.bundles[name]
		if !known {
			return nil, fail(rcUnknown, "there is no service %q", name)
		}
		all = append(all, members...)
	}
	return all, nil
}

// active lists what was brought up.
func (l *live) active() (all []string) {
	for name := range l.requires {
		if st, err := l.status(name); err == nil && st.WantedUp {
			all = append(all, name)
		}
	}
	return all
}

// without lists all services but those.
func (l *live) without(names []string) (all []string) {
	for name := range l.requires {
		if !slices.Contains(names, name) {
			all = append(all, name)
		}
	}
	return all
}

// beside lists the services that are up and that those do not need.
func (l *live) beside(names []string) []string {
	needed := l.closure(names, false)
	return slices.DeleteFunc(l.active(), func(name string) bool { return slices.Contains(needed, name) })
}

// closure adds to services all that they require, or with down all that requires them.
func (l *live) closure(names []string, down bool) []string {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		if !down {
			for _, r := range l.requires[name] {
				visit(r)
			}
			return
		}
		for other, requires := range l.requires {
			if slices.Contains(requires, name) {
				visit(other)
			}
		}
	}
	for _, name := range names {
		visit(name)
	}
	return slices.Collect(maps.Keys(seen))
}

func (l *live) print(names []string) error {
	slices.Sort(names)
	var text strings.Builder
	for _, name := range slices.Compact(names) {
		text.WriteString(name + "\n")
	}
	return execline.Write(1, text.String())
}

// isOneshot tells whether a service has no process to supervise.
func (l *live) isOneshot(name string) bool {
	var st syscall.Stat_t
	return syscall.Stat(filepath.Join(l.dir, "oneshots", name), &st) == nil
}

func (l *live) path(name string) string {
	if l.isOneshot(name) {
		return filepath.Join(l.dir, "oneshots", name)
	}
	return filepath.Join(l.dir, "servicedirs", name)
}

func (l *live) status(name string) (servicedir.Status, error) {
	return servicedir.ReadStatus(l.path(name))
}

// change brings services up, or down, and waits until they are.
func (l *live) change(names []string, down, force bool, limit time.Duration) error {
	letter := "+"
	if down {
		letter = "-"
	}
	affected := l.closure(names, down)
	if down && !force {
		essential := func(name string) bool { return slices.Contains(l.essential, name) }
		if i := slices.IndexFunc(affected, essential); i >= 0 {
			return fail(rcFailed, "cannot stop %s: flag-essential keeps it up (-D stops it)", affected[i])
		}
	}
	w := rcWait{live: l, down: down, failed: map[string]bool{}}
	defer w.close()
	if err := w.listen(affected); err != nil {
		return err
	}
	for _, name := range names {
		if err := servicedir.Send(l.path(name), letter); err != nil {
			return err
		}
	}
	if limit > 0 {
		w.deadline = time.Now().Add(limit)
	}
	return w.until(names)
}

// rcWait waits for services and for what they require, or what requires them.
type rcWait struct {
	live      *live
	down      bool
	names     []string
	listeners []*servicedir.Listener
	failed    map[string]bool
	deadline  time.Time
}

func (w *rcWait) close() {
	for _, l := range w.listeners {
		l.Close()
	}
}

// listen begins to hear of services.
func (w *rcWait) listen(names []string) error {
	for _, name := range names {
		listener, err := servicedir.Listen(w.live.path(name))
		if err != nil {
			return err
		}
		w.names, w.listeners = append(w.names, name), append(w.listeners, listener)
	}
	return nil
}

// until waits until all are where they are to be, or cannot get there.
func (w *rcWait) until(names []string) error {
	for {
		waiting, failed, err := w.look(names)
		if err != nil {
			return err
		}
		if len(waiting) == 0 && len(failed) == 0 {
			return nil
		}
		if len(waiting) == 0 {
			return fail(rcFailed, "these failed: %s", strings.Join(failed, ", "))
		}
		heard, ok, err := servicedir.Await(w.listeners, w.deadline)
		if err != nil {
			return err
		}
		if !ok {
			return fail(rcTimeout, "timed out, still waiting for %s", strings.Join(waiting, ", "))
		}
		for i, events := range heard {
			if strings.ContainsRune(events, servicedir.EventFailed) {
				w.failed[w.names[i]] = true
			}
			if strings.ContainsRune(events, servicedir.EventExit) {
				return fail(rcFailed, "%s is supervised no longer", w.names[i])
			}
		}
	}
}

// look sorts out who is still on the way, and who has failed.
func (w *rcWait) look(names []string) (waiting, failed []string, err error) {
	for _, name := range w.names {
		reached, err := w.reached(name)
		switch {
		case err != nil:
			return nil, nil, err
		case reached:
		case w.failed[name]:
			failed = append(failed, name)
		case w.down || slices.Contains(names, name):
			waiting = append(waiting, name)
		}
	}
	return slices.DeleteFunc(waiting, w.blocked), failed, nil
}

// blocked tells whether a service requires one that has failed.
func (w *rcWait) blocked(name string) bool {
	return !w.down && slices.ContainsFunc(w.live.closure([]string{name}, false), func(r string) bool { return w.failed[r] })
}

// reached tells whether a service is where it is to be.
func (w *rcWait) reached(name string) (bool, error) {
	st, err := w.live.status(name)
	if err != nil {
		return false, err
	}
	oneshot := w.live.isOneshot(name)
	switch {
	case w.down:
		return !st.WantedUp && !st.Up() && st.IsReady, nil
	case oneshot:
		return st.WantedUp && st.IsReady && !st.Finishing, nil
	}
	return st.Up() && (st.IsReady || !notifies(w.live.path(name))), nil
}
