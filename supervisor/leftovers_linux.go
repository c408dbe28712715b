package supervisor

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a process that may be nobody's child of ours. Its start time tells
// it from a later one with the same pid.
type process struct {
	pid   int
	start uint64
}

// procStat is what /proc/PID/stat says of a process: proc(5).
type procStat struct {
	process
	state                  byte
	parent, group, session int
}

func (p procStat) alive() bool { return p.state != 'Z' && p.state != 'X' }

// processTable reads /proc, once for all who ask at the same time.
type processTable struct {
	mu   sync.Mutex
	at   time.Time // when the last scan began
	rows []procStat
}

// now gives a table that was read after the call. It is empty without /proc.
func (t *processTable) now() []procStat {
	asked := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.at.After(asked) {
		t.at = time.Now()
		t.rows = scanProc()
	}
	return t.rows
}

func scanProc() []procStat {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	rows := make([]procStat, 0, len(names))
	var buf [512]byte
	for _, name := range names {
		if name[0] < '0' || name[0] > '9' {
			continue
		}
		if row, ok := readStat("/proc/"+name+"/stat", buf[:]); ok {
			rows = append(rows, row)
		}
	}
	return rows
}

func readStat(path string, buf []byte) (procStat, bool) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return procStat{}, false
	}
	n, _ := syscall.Read(fd, buf)
	_ = syscall.Close(fd)
	return parseStat(buf[:max(n, 0)])
}

// parseStat reads the fields behind the name, which may itself hold blanks and
// parentheses.
func parseStat(line []byte) (row procStat, ok bool) {
	open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if open < 1 || end < open {
		return row, false
	}
	fields := bytes.Fields(line[end+1:])
	if len(fields) < 20 {
		return row, false
	}
	number := func(text []byte) int { n, _ := strconv.Atoi(string(text)); return n }
	row.pid = number(line[:open-1])
	row.state = fields[0][0]
	row.parent, row.group, row.session = number(fields[1]), number(fields[2]), number(fields[3])
	row.start, _ = strconv.ParseUint(string(fields[19]), 10, 64)
	return row, row.pid > 0
}

// kin lists the descendants of a process and the members of its session: also
// those in its process group, for they may leave that before it is signalled.
func (t *processTable) kin(leader int) []process {
	if leader <= 0 {
		return nil
	}
	rows := t.now()
	family := familyOf(leader, rows)
	var kin []process
	for _, row := range rows {
		if (family[row.pid] || row.session == leader) && row.pid != leader {
			kin = append(kin, row.process)
		}
	}
	return kin
}

// familyOf is a process and all that descend from it.
func familyOf(ancestor int, rows []procStat) map[int]bool {
	family := map[int]bool{ancestor: true}
	for grown := true; grown; {
		grown = false
		for _, row := range rows {
			if !family[row.pid] && family[row.parent] {
				family[row.pid], grown = true, true
			}
		}
	}
	return family
}

// remains is what a run may have left behind.
type remains struct {
	group int
	kin   []process
}

// any tells whether there is anything to look for.
func (r remains) any() bool {
	return len(r.kin) > 0 || (r.group > 0 && groupLives(r.group))
}

func groupLives(group int) bool { return unix.Kill(-group, 0) != unix.ESRCH }

// alive lists what is left, and is not a zombie.
func (r remains) alive(t *processTable) []process {
	known := map[process]bool{}
	for _, p := range r.kin {
		known[p] = true
	}
	var left []process
	for _, row := range t.now() {
		ours := known[row.process] || (r.group > 0 && (row.group == r.group || row.session == r.group))
		if ours && row.alive() && row.pid != os.Getpid() {
			left = append(left, row.process)
		}
	}
	return left
}

// sweep ends what a run left behind: with sig, and with SIGKILL at the deadline
// or when now ends. It returns when nothing is left.
func (t *processTable) sweep(now context.Context, r remains, sig syscall.Signal, deadline time.Time) error {
	left := func() (processes []process, over bool) {
		if !r.any() {
			return nil, true
		}
		processes = r.alive(t)
		return processes, len(processes) == 0 && len(t.now()) > 0 // zombies at most, which are the reaper's
	}
	if undying, ended := endAll(now, left, r.signal, sig, deadline); !ended {
		return fmt.Errorf("%d processes that it left behind do not die of SIGKILL", undying)
	}
	return nil
}

// endAll ends the processes that left lists until it says that it is over: with sig,
// and with SIGKILL at the deadline or when now ends. It gives up on those that do
// not die of that, and tells how many it knows of.
func endAll(
	now context.Context, left func() (processes []process, over bool),
	signal func([]process, syscall.Signal), sig syscall.Signal, deadline time.Time,
) (undying int, ended bool) {
	asked, killed := false, time.Time{}
	for {
		processes, over := left()
		switch {
		case over:
			return 0, true
		case !killed.IsZero() && time.Since(killed) > killLimit:
			return len(processes), false
		case now.Err() != nil || !time.Now().Before(deadline):
			signal(processes, sigKill)
			if killed.IsZero() {
				killed = time.Now()
				deadline, now = killed.Add(killLimit), context.Background()
			}
		case !asked:
			asked = true
			signal(processes, sig)
			signal(processes, syscall.SIGCONT)
		}
		awaitEnd(now, processes, deadline)
	}
}

func (r remains) signal(left []process, sig syscall.Signal) {
	if r.group > 0 {
		_ = unix.Kill(-r.group, sig)
	}
	for _, p := range left {
		if group, err := unix.Getpgid(p.pid); err == nil && group != r.group {
			_ = unix.Kill(p.pid, sig)
		}
	}
}

// awaitEnd waits until all of some processes have ended, at most until the
// deadline or until now ends. It just waits a little if it is not told which, or
// without pidfd_open(2).
func awaitEnd(now context.Context, left []process, deadline time.Time) {
	blind := len(left) == 0
	for _, p := range left {
		fd, err := unix.PidfdOpen(p.pid, unix.PIDFD_NONBLOCK)
		if err == unix.ESRCH {
			continue // it is gone
		}
		if blind = err != nil; blind {
			break
		}
		if awaitPidfd(now, os.NewFile(uintptr(fd), "pidfd"), deadline) != nil {
			return
		}
	}
	if blind {
		pause(now, min(10*time.Millisecond, max(time.Until(deadline), time.Millisecond)))
	}
}

func awaitPidfd(now context.Context, f *os.File, deadline time.Time) error {
	defer f.Close()
	if err := f.SetReadDeadline(deadline); err != nil {
		return err
	}
	defer context.AfterFunc(now, func() { _ = f.SetReadDeadline(time.Unix(1, 0)) })()
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Read(func(fd uintptr) bool {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		return n > 0 || (err != nil && err != unix.EINTR)
	})
}

func pause(now context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-now.Done():
	}
}
