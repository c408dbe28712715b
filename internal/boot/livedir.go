//go:build linux

package boot

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/servicedir"
	"github.com/sillelien/baseinit/supervisor"
)

// stopping are the signals of a service that files of it can change.
type stopping struct{ down, reload syscall.Signal }

func (d *liveDir) signals() stopping {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stop
}

func (d *liveDir) isOneshot() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.oneshot
}

// signalFile reads a signal from a file of a service, 0 if there is none.
func signalFile(dir, name string) syscall.Signal {
	sig, err := s6.ReadSignal(filepath.Join(dir, name))
	if err != nil {
		return 0
	}
	return sig
}

// show writes how a service is now, and tells those who listen.
func (d *liveDir) show(st *supervisor.Status) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.status
	events, death := d.apply(st)
	var err error
	if death != nil {
		err = d.bury(*death)
	}
	if d.status != before {
		err = errors.Join(err, d.status.Write(d.path))
	}
	if events != "" {
		err = errors.Join(err, servicedir.Notify(d.path, events))
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil // a script has removed the directory
	}
	return err
}

// apply works out what a change means in s6's terms.
func (d *liveDir) apply(st *supervisor.Status) (events string, death *servicedir.Death) {
	now, s := time.Now(), &d.status
	wasUp, wasFinishing := s.PID != 0, s.Finishing
	s.WantedUp = st.Wanted && st.State != supervisor.StateFailed && (d.oneshot || st.State != supervisor.StateDone)
	if d.oneshot {
		return d.applyOneshot(st, now), nil
	}
	if s.PID = st.PID; st.PID != 0 {
		if !wasUp {
			s.Changed, s.IsReady, s.Finishing, s.Paused, d.failed = now, false, false, false, false
			events = string(servicedir.EventUp)
		}
		if d.readiness && st.State == supervisor.StateReady && !s.IsReady {
			s.IsReady, s.Ready = true, st.ReadyAt
			events += string(servicedir.EventReady)
		}
		return events, nil
	}
	if wasUp {
		s.Changed, s.IsReady, s.Paused = now, false, false
		events = string(servicedir.EventDown)
		if exit := st.LastExit; exit != nil {
			s.Code, s.Signal = exit.Code, int(exit.Signal)
			if s.Signal != 0 {
				s.Code = 0
			}
			death = &servicedir.Death{Time: now, Code: s.Code, Signal: s.Signal}
		}
		wasFinishing = true
	}
	if st.State == supervisor.StateFailed && !d.failed {
		d.failed = true
		events += string(servicedir.EventFailed)
	}
	if s.Finishing = st.State == supervisor.StateEnding; !s.Finishing && wasFinishing {
		s.IsReady, s.Ready = true, now
		events += string(servicedir.EventDownReady)
	}
	return events, death
}

// applyOneshot shows a oneshot as up and ready, without a process, when it is done.
func (d *liveDir) applyOneshot(st *supervisor.Status, now time.Time) (events string) {
	s := &d.status
	before := *s
	s.IsReady = st.State == supervisor.StateDone || st.State == supervisor.StateDown || st.State == supervisor.StateFailed
	s.Finishing = st.State == supervisor.StateEnding
	switch {
	case st.State == supervisor.StateFailed && !d.failed:
		events = string(servicedir.EventFailed) + string(servicedir.EventDownReady)
	case st.State == supervisor.StateDone && !before.IsReady:
		events = string(servicedir.EventUp) + string(servicedir.EventReady)
	case st.State == supervisor.StateDown && !before.IsReady:
		events = string(servicedir.EventDown) + string(servicedir.EventDownReady)
	}
	d.failed = st.State == supervisor.StateFailed
	if events != "" {
		s.Changed, s.Ready = now, now
	}
	return events
}

// bury adds to the death tally.
func (d *liveDir) bury(death servicedir.Death) error {
	deaths, err := servicedir.ReadTally(d.path)
	if err != nil {
		return err
	}
	limit := servicedir.TallyLimit
	if n, err := s6.ReadTallyLimit(filepath.Join(d.path, "max-death-tally")); err == nil {
		limit = n
	}
	deaths = append(deaths, death)
	return servicedir.WriteTally(d.path, deaths[max(len(deaths)-limit, 0):])
}

// end tells those who listen that nobody keeps the directory any more.
func (d *liveDir) end() {
	_ = servicedir.Notify(d.path, string(servicedir.EventExit)) // it may be gone
	d.keeper.Close()
}

// hear obeys commands until the control FIFO is closed.
func (d *liveDir) hear(c *Container) {
	var buf [64]byte
	for {
		n, err := d.keeper.Read(buf[:])
		if err != nil {
			return
		}
		c.mu.Lock()
		sup := c.sup
		c.mu.Unlock()
		if sup == nil {
			continue // the end has begun
		}
		for _, letter := range buf[:n] {
			if err := d.obey(c, sup, letter); err != nil {
				c.cfg.Logger.Debug("s6-svc: " + err.Error())
			}
		}
	}
}

// signals are those that letters of s6-svc stand for.
func signals(letter byte) syscall.Signal {
	switch letter {
	case 'a':
		return syscall.SIGALRM
	case 'b':
		return syscall.SIGABRT
	case 'q':
		return syscall.SIGQUIT
	case 'h':
		return syscall.SIGHUP
	case 'k':
		return syscall.SIGKILL
	case 't':
		return syscall.SIGTERM
	case 'i':
		return syscall.SIGINT
	case '1':
		return syscall.SIGUSR1
	case '2':
		return syscall.SIGUSR2
	case 'p', 'P':
		return syscall.SIGSTOP
	case 'c', 'C':
		return syscall.SIGCONT
	case 'y':
		return syscall.SIGWINCH
	case 'K':
		return syscall.SIGKILL
	}
	return 0
}

// Letters of ours: what s6-rc does with a service.
const (
	letterBringUp   = '+' // with all that it requires
	letterBringDown = '-' // with all that require it
)

// obey does what one letter of s6-supervise's protocol says.
func (d *liveDir) obey(c *Container, sup *supervisor.Supervisor, letter byte) error {
	down := filepath.Join(d.path, "down")
	switch letter {
	case 'u':
		return sup.Start(d.name)
	case letterBringUp:
		return d.bringUp(sup)
	case 'd':
		return sup.StopAlone(d.name)
	case letterBringDown:
		return sup.Stop(d.name)
	case 'U':
		_ = os.Remove(down)
		return sup.Start(d.name)
	case 'D':
		c.warn(touch(down))
		return sup.StopAlone(d.name)
	case 'o':
		return errors.Join(sup.Start(d.name), sup.Once(d.name))
	case 'O':
		return sup.Once(d.name)
	case 'Q':
		c.warn(touch(down))
		return sup.Once(d.name)
	case 'r':
		return d.restart(sup)
	case 'l':
		sig := d.signals().reload
		if sig == 0 {
			sig = syscall.SIGHUP
		}
		return sup.Signal(d.name, sig)
	case 'K', 'P', 'C':
		return d.pause(letter, sup.SignalGroup(d.name, signals(letter)))
	}
	if sig := signals(letter); sig != 0 {
		return d.pause(letter, sup.Signal(d.name, sig))
	}
	return nil // x: there is no process of ours beside the service that could end
}

// bringUp starts a service, unless it is a oneshot that is done.
func (d *liveDir) bringUp(sup *supervisor.Supervisor) error {
	st, err := sup.Status(d.name)
	if err != nil || d.isOneshot() && st[0].State == supervisor.StateDone {
		return err
	}
	return sup.Start(d.name)
}

// pause notes that a service was stopped or goes on.
func (d *liveDir) pause(letter byte, err error) error {
	var paused bool
	switch letter {
	case 'p', 'P':
		paused = true
	case 'c', 'C':
	default:
		return err
	}
	if err == nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.status.Paused = paused
		err = d.status.Write(d.path)
	}
	return err
}

// restart ends the present run, after which the service is started again if it is wanted.
func (d *liveDir) restart(sup *supervisor.Supervisor) error {
	st, err := sup.Status(d.name)
	if err != nil || st[0].PID == 0 {
		return err
	}
	if st[0].Wanted {
		return sup.Restart(d.name)
	}
	sig := d.signals().down
	if sig == 0 {
		sig = syscall.SIGTERM
	}
	return errors.Join(sup.SignalGroup(d.name, sig), sup.SignalGroup(d.name, syscall.SIGCONT))
}

// touch makes an empty file.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}
