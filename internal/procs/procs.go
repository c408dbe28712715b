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

// Ticks are those in a second that /proc counts by, on every architecture: times(2).
const Ticks = 100

// FirstField is the number, in proc_pid_stat(5), of the first field that Stat gives.
const FirstField = 3

// Stat takes the text of /proc/PID/stat apart: the name, which may hold blanks and
// parentheses, and the fields behind it.
func Stat(text string) (name string, fields []string, ok bool) {
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return "", nil, false
	}
	return text[open+1 : end], strings.Fields(text[end+1:]), true
}

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

// read reads a stat file.
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
	name, fields, ok := Stat(text)
	if !ok || len(fields) <= 24-FirstField {
		return p, false
	}
	number := func(field int) int64 {
		n, _ := strconv.ParseInt(fields[field-FirstField], 10, 64)
		return n
	}
	before, _, _ := strings.Cut(text, "(")
	pid, err := strconv.Atoi(strings.TrimSpace(before))
	return Process{
		PID: pid, Name: name, State: fields[0],
		Parent: int(number(4)), Group: int(number(5)), Session: int(number(6)),
		CPU: float64(number(14)+number(15)) / Ticks, Memory: number(24) * int64(os.Getpagesize()),
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
