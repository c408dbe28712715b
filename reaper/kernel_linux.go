package reaper

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// adopt makes orphans come to this process, if it is asked to and has to.
func adopt(ask bool) error {
	if !ask || os.Getpid() == 1 {
		return nil
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot become a child subreaper: %w (run as PID 1, or set NoSubreaper)", err)
	}
	return nil
}

// Childless reports whether this process has no child at all, neither alive nor
// dead: waitid(2) says ECHILD. It reaps nothing. As PID 1 of a PID namespace, it
// means that no other process is left, but those that entered from outside.
func Childless() bool {
	_, err := peek()
	return errors.Is(err, unix.ECHILD)
}

// siginfo is what waitid(2) fills in of siginfo_t; the union begins at the
// alignment of a pointer.
type siginfo struct {
	signo, errno, code int32
	child              struct {
		_   [0]uintptr
		pid int32
	}
	_ [128 - 20]byte
}

// peek returns a zombie among all children without reaping it, or 0.
func peek() (pid int, err error) { return waitid(unix.P_ALL, 0) }

func isZombie(pid int) bool {
	got, _ := waitid(unix.P_PID, pid)
	return got == pid
}

func waitid(kind, id int) (pid int, err error) {
	var info siginfo
	err = unix.Waitid(kind, id, (*unix.Siginfo)(unsafe.Pointer(&info)), unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return int(info.child.pid), err
}

// birth is the start time of a process, which with its ID makes it unique:
// field 22 of /proc/PID/stat in proc_pid_stat(5); empty without /proc.
func birth(pid int) string {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // a name may hold anything
	if len(fields) < 20 {
		return ""
	}
	return string(fields[19])
}

// childList is the path of the list of the main thread's children,
// proc_tid_children(5), or empty.
type childList string

// newChildList fails without /proc, with the /proc of another PID namespace, and
// without CONFIG_PROC_CHILDREN.
func newChildList() (childList, error) {
	pid := strconv.Itoa(os.Getpid())
	switch self, err := os.Readlink("/proc/self"); {
	case err != nil:
		return "", err
	case self != pid:
		return "", fmt.Errorf("/proc is of another PID namespace: process %s is %q there", pid, self)
	}
	list := childList("/proc/" + pid + "/task/" + pid + "/children")
	if _, err := list.read(); err != nil {
		return "", err
	}
	return list, nil
}

func (l childList) read() ([]int, error) {
	if l == "" {
		return nil, fs.ErrNotExist
	}
	text, err := os.ReadFile(string(l))
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(string(text))
	pids := make([]int, len(fields))
	for i, field := range fields {
		if pids[i], err = strconv.Atoi(field); err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", l, err)
		}
	}
	return pids, nil
}
