package supervisor

import "time"

// alarm makes an occurrence happen at its time. Once stopped it never does, even
// if the message is in the inbox already.
type alarm struct {
	timer *time.Timer
	off   bool
}

func (s *Supervisor) after(u *unit, d time.Duration, o occurrence) *alarm {
	return s.later(d, func() { s.happen(u, o) })
}

// later calls f, on Run's goroutine, after d.
func (s *Supervisor) later(d time.Duration, f func()) *alarm {
	a := &alarm{}
	a.timer = time.AfterFunc(d, func() {
		s.post(func() {
			if !a.off {
				f()
			}
		})
	})
	return a
}

func (a *alarm) stop() {
	if a != nil {
		a.off = true
		a.timer.Stop()
	}
}

// arm makes an occurrence happen after d, unless the state changes before.
func (s *Supervisor) arm(u *unit, d time.Duration, o occurrence) {
	u.timer.stop()
	u.timer = s.after(u, d, o)
}

// pet starts the watchdog's time anew. It runs while the unit is ready.
func (s *Supervisor) pet(u *unit) {
	if u.patience > 0 && u.state == StateReady {
		u.watchdog.stop()
		u.watchdog = s.after(u, u.patience, watchdogDue)
	}
}
