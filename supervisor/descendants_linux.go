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
	if !hasChildren() {
		return nil
	}
	table := &processTable{}
	deadline := time.Now().Add(grace)
	asked, killed := false, time.Time{}
	for hasChildren() {
		left := table.descendants(os.Getpid())
		switch {
		case !killed.IsZero() && time.Since(killed) > killLimit:
			return fmt.Errorf("%d processes do not die of SIGKILL", len(left))
		case now.Err() != nil || !time.Now().Before(deadline):
			signalEach(left, sigKill)
			if killed.IsZero() {
				killed = time.Now()
				deadline, now = killed.Add(killLimit), context.Background()
			}
		case !asked:
			asked = true
			signalEach(left, syscall.SIGTERM)
			signalEach(left, syscall.SIGCONT)
		}
		awaitEnd(now, left, deadline)
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
