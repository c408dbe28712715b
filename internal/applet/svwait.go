//go:build linux

package applet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/servicedir"
)

// codeGone is s6-svwait's code for a service that is supervised no longer, codeTimeout that
// for one that does not get there in time.
const (
	codeTimeout = 99
	codeGone    = 102
)

// errTimeout is for a wait that took too long. s6-svc has that code for it too, whatever its
// manual says.
var errTimeout = &execline.Exit{Code: codeTimeout, Err: errors.New("timed out")}

// waiting is what is waited for, of one service or more.
type waiting struct {
	wanted  byte // u, U, d or D; 0: nothing
	restart bool // down before it is up
	any     bool // one service is enough
	lenient bool // up is enough for a service that does not say when it is ready
	limit   time.Duration
}

// state takes a letter of s6-svwait and s6-svc -w.
func (w *waiting) state(letter byte) bool {
	w.restart = false
	switch letter {
	case 'u', 'U', 'd', 'D':
		w.wanted = letter
	case 'r', 'R':
		w.wanted, w.restart = 'u'+letter-'r', true
	default:
		return false
	}
	return true
}

// svwait is s6-svwait.
func svwait(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "uUdDrRaot:")
	w := waiting{wanted: 'u'}
	for _, o := range options {
		switch o.Letter {
		case 'a', 'o':
			w.any = o.Letter == 'o'
		case 't':
			ms, valid := milliseconds(o.Arg)
			ok = ok && valid
			w.limit = time.Duration(ms) * time.Millisecond
		default:
			w.state(o.Letter)
		}
	}
	if !ok || len(rest) == 0 {
		return nil, errUsage
	}
	for i := range rest {
		rest[i] = serviceDir(p, rest[i])
	}
	err := w.await(p, rest, func() error { return nil })
	return nil, unsupervised(err, execline.CodeSystem)
}

// waited is one service that is waited for.
type waited struct {
	dir    string
	wanted byte
	down   bool // it was down: the first half of a restart
	failed bool
	met    bool
}

// await does something that changes services, and waits until they are as wanted: it
// listens before, so that no change can be missed, and looks at each after every event.
func (w *waiting) await(p *execline.Process, dirs []string, do func() error) error {
	if w.wanted == 0 {
		return do()
	}
	services := make([]waited, len(dirs))
	var listeners []*servicedir.Listener
	defer func() {
		for _, l := range listeners {
			l.Close()
		}
	}()
	for i, dir := range dirs {
		if !w.appears(dir) {
			return fmt.Errorf("cannot wait for %s: %w", dir, servicedir.ErrUnsupervised)
		}
		l, err := servicedir.Listen(dir)
		if err != nil {
			return err
		}
		listeners = append(listeners, l)
		services[i] = waited{dir: dir, wanted: w.wanted}
		if w.wanted == 'U' && w.lenient && !notifies(dir) {
			p.Warn(fmt.Errorf("%s has no notification-fd file: nobody says when it is ready, so up is all that is waited for", dir))
			services[i].wanted = 'u'
		}
	}
	if err := do(); err != nil {
		return err
	}
	var deadline time.Time
	if w.limit > 0 {
		deadline = time.Now().Add(w.limit)
	}
	for heard := make([]string, len(dirs)); ; {
		for i := range services {
			if err := services[i].look(w, heard[i]); err != nil {
				return err
			}
		}
		if over, err := w.over(services); over {
			return err
		}
		var ok bool
		var err error
		if heard, ok, err = servicedir.Await(listeners, deadline); err != nil {
			return err
		}
		if !ok {
			return errTimeout
		}
	}
}

// appearing is how long a service in a scan directory may take to be supervised, and
// appearingStep how often that is looked at.
const (
	appearing     = time.Second
	appearingStep = 2 * time.Millisecond
)

// appears tells whether a service is supervised, or soon will be: s6-svscanctl -a, which
// scripts call before, does not wait for that.
func (w *waiting) appears(dir string) bool {
	limit := appearing
	if w.limit > 0 {
		limit = min(limit, w.limit)
	}
	for end := time.Now().Add(limit); !servicedir.Supervised(dir); time.Sleep(appearingStep) {
		_, err := os.Stat(filepath.Join(filepath.Dir(dir), ".s6-svscan", "control"))
		if _, derr := os.Stat(dir); err != nil || derr != nil || time.Now().After(end) {
			return false
		}
	}
	return true
}

// look finds out how a service is, after it was heard of.
func (s *waited) look(w *waiting, heard string) error {
	if strings.ContainsRune(heard, servicedir.EventExit) {
		return &execline.Exit{Code: codeGone, Err: fmt.Errorf("%s is supervised no longer", s.dir)}
	}
	st, err := servicedir.ReadStatus(s.dir)
	if err != nil {
		return &execline.Exit{Code: codeGone, Err: err}
	}
	for _, e := range heard {
		switch e {
		case servicedir.EventDown, servicedir.EventDownReady:
			s.down = true
		case servicedir.EventFailed:
			s.failed = true
		case servicedir.EventUp:
			s.failed = false
		}
	}
	switch s.wanted {
	case 'u':
		s.met = st.Up() || strings.ContainsRune(heard, servicedir.EventUp)
	case 'U':
		s.met = st.Up() && st.IsReady || strings.ContainsRune(heard, servicedir.EventReady)
	case 'd':
		s.met = !st.Up() || strings.ContainsRune(heard, servicedir.EventDown)
	case 'D':
		s.met = !st.Up() && st.IsReady || strings.ContainsRune(heard, servicedir.EventDownReady)
	}
	s.met = s.met && (!w.restart || s.down)
	return nil
}

// over tells whether the wait is: the error counts the services that failed for good.
func (w *waiting) over(services []waited) (bool, error) {
	met, failed := 0, 0
	for _, s := range services {
		switch {
		case s.met:
			met++
		case s.failed && (s.wanted == 'u' || s.wanted == 'U'):
			failed++
		}
	}
	if met == len(services) || w.any && met > 0 {
		return true, nil
	}
	if failed > 0 && met+failed == len(services) {
		return true, fail(failed, "%d of the services failed for good", failed)
	}
	return false, nil
}
