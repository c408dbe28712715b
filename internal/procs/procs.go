//go:build linux

// Package procs reads what /proc tells of processes. What cannot be read is left out:
// processes end while they are looked at.
package procs

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Process is one process.
type Process struct {
	PID, Parent, Group, Session int
	State                       string  // the letter of proc_pid_stat(5)
	CPU                         float64 // seconds of processor time
	Memory                      int64   // bytes resident, as the kernel estimates it
	Name                        string  // what it runs, at most 15 bytes
}

// ticks are those in a second that /proc counts by, on every architecture: times(2).
const ticks = 100

// All lists all processes, by their numbers, as the kernel does; none without /proc.
func All() []Process {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	all := make([]Process, 0, len(names))
	var buf [1024]byte
	for _, name := range names {
		if name[0] < '0' || name[0] > '9' {
			continue
		}
		if p, ok := read("/proc/"+name+"/stat", buf[:]); ok {
			all = append(all, p)
		}
	}
	return all
}

// read reads a stat file, in which the name may hold blanks and parentheses.
func read(path string, buf []byte) (p Process, ok bool) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return p, false
	}
	n, err := syscall.Read(fd, buf)
	_ = syscall.Close(fd)
	if err != nil {
		return p, false
	}
	text := string(buf[:max(n, 0)])
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return p, false
	}
	// The first of these is field 3 of proc_pid_stat(5), the last field 24.
	var fields [22]string
	found := 0
	for field := range strings.FieldsSeq(text[end+1:]) {
		if fields[found] = field; found == len(fields)-1 {
			break
		}
		found++
	}
	if fields[len(fields)-1] == "" {
		return p, false
	}
	number := func(field int) int64 {
		n, _ := strconv.ParseInt(fields[field-3], 10, 64)
		return n
	}
	pid, err := strconv.Atoi(strings.TrimSpace(text[:open]))
	return Process{
		PID: pid, Name: text[open+1 : end], State: fields[0],
		Parent: int(number(4)), Group: int(number(5)), Session: int(number(6)),
		CPU: float64(number(14)+number(15)) / ticks, Memory: number(24) * int64(os.Getpagesize()),
	}, err == nil
}

// User is the user that a process runs as; -1: unknown.
func (p Process) User() int {
	var st syscall.Stat_t
	if syscall.Stat("/proc/"+strconv.Itoa(p.PID), &st) != nil {
		return -1
	}
	return int(st.Uid)
}

// commandLimit is how much of a command line is shown.
const commandLimit = 4096

// Command is its arguments, or its name in brackets if it has none.
func (p Process) Command() string {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(p.PID) + "/cmdline")
	if len(text) == 0 {
		return "[" + p.Name + "]"
	}
	text = text[:min(len(text), commandLimit)]
	return strings.ReplaceAll(strings.TrimRight(string(text), "\x00"), "\x00", " ")
}

// Owner says to what each process belongs, "" if to nothing: to what of says, else to what
// its parent belongs, or if that is gone, the leader of its group or session. root has
// adopted it then, and what belongs to root is not inherited.
func Owner(all []Process, root int, of map[int]string) map[int]string {
	parents := make(map[int]*Process, len(all))
	for i := range all {
		parents[all[i].PID] = &all[i]
	}
	owner := make(map[int]string, len(all))
	for i := range all {
		for p := &all[i]; p != nil && p.PID != root; p = parents[p.Parent] {
			name := of[p.PID]
			if name == "" && p.Parent == root {
				if name = of[p.Group]; name == "" {
					name = of[p.Session]
				}
			}
			if name != "" {
				owner[all[i].PID] = name
				break
			}
		}
	}
	return owner
}
