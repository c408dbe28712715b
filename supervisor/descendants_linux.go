package supervisor

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// StopDescendants stops every process that descends from the calling one, for
// the end of a program that is PID 1 or a subreaper: what its services have left
// behind becomes its child. They get SIGTERM, and SIGKILL after grace or when now
// ends. It returns as soon as none is left; without /proc, which tells who is
// whose child, PID 1 stops all that kill(2) reaches with -1, and others nothing.
func StopDescendants(now context.Context, grace time.Duration) error {
	table := &processTable{}
	left := func() (processes []process, over bool) {
		if !hasChildren() {
			return nil, true
		}
		return table.descendants(os.Getpid()), false
	}
	if undying, ended := endAll(now, left, signalEach, syscall.SIGTERM, time.Now().Add(grace)); !ended {
		return fmt.Errorf("%d processes do not die of SIGKILL", undying)
	}
	return nil
}

// hasChildren tells whether there is any child, running or not yet waited for.
func hasChildren() bool {
	err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err != unix.ECHILD
}

// descendants lists the running processes that descend from one.
func (t *processTable) descendants(ancestor int) []process {
	rows := t.now()
	family := familyOf(ancestor, rows)
	var all []process
	for _, row := range rows {
		if family[row.pid] && row.pid != ancestor && row.alive() {
			all = append(all, row.process)
		}
	}
	return all
}

func signalEach(processes []process, sig syscall.Signal) {
	if len(processes) == 0 && os.Getpid() == 1 {
		_ = unix.Kill(-1, sig) // no /proc, or only zombies, which do not mind
	}
	for _, p := range processes {
		_ = unix.Kill(p.pid, sig)
	}
}
