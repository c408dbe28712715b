package supervisor

import (
	"strconv"
	"strings"
	"time"
)

// notified acts on a notification of u's: lines of the form KEY=VALUE, of which unknown
// ones are ignored, as sd_notify(3) asks.
func (s *Supervisor) notified(u *unit, lines string) {
	ready := false
	for line := range strings.SplitSeq(lines, "\n") {
		key, value, _ := strings.Cut(line, "=")
		switch {
		case key == "READY" && value == "1":
			ready = true // once all else is known that the message says
		case key == "STATUS":
			s.setText(u, value)
		case key == "WATCHDOG" && value == "1":
			s.pet(u)
		case key == "WATCHDOG" && value == "trigger":
			s.happen(u, saidFailed)
		case key == "WATCHDOG_USEC":
			s.setWatchdog(u, value)
		}
	}
	if ready {
		s.happen(u, saidReady)
	}
}

// setWatchdog changes the limit for the present run.
func (s *Supervisor) setWatchdog(u *unit, value string) {
	usec, err := strconv.ParseInt(value, 10, 64)
	if err != nil || usec <= 0 {
		return
	}
	u.patience = time.Duration(usec) * time.Microsecond
	s.pet(u)
}

// notifyEnv is what a service needs to know of its mailbox: sd_notify(3),
// sd_watchdog_enabled(3).
func notifyEnv(socket string, watchdog time.Duration) []string {
	env := []string{"NOTIFY_SOCKET=" + socket}
	if watchdog > 0 {
		env = append(env, "WATCHDOG_USEC="+strconv.FormatInt(watchdog.Microseconds(), 10))
	}
	return env
}
