//go:build linux

package applet

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/procs"
)

const (
	psFields     = "user,pid,tty,s,start,args"
	psLongFields = "user,pid,vsize,rss,tty,s,start,cttime,args"
)

// ps is s6-ps without its tree: a list of all processes, in the order of their numbers.
func ps(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "lo:w:")
	list, spacing := psFields, 2
	for _, o := range options {
		switch o.Letter {
		case 'l':
			list = psLongFields
		case 'o':
			list = o.Arg
		case 'w':
			n, valid := milliseconds(o.Arg)
			ok, spacing = ok && valid && n >= 1 && n <= 256, n
		}
	}
	if !ok || len(rest) > 0 {
		return nil, errUsage
	}
	fields := strings.Split(list, ",")
	rows := [][]string{make([]string, len(fields))}
	for i, name := range fields {
		if psField(name) == nil {
			return nil, fail(execline.CodeUsage, "cannot show %q: there is no such field, or not in this s6-ps", name)
		}
		rows[0][i] = strings.ToUpper(name)
	}
	tasks, err := psTasks()
	if err != nil {
		return nil, err
	}
	for _, t := range tasks {
		row := make([]string, len(fields))
		for i, name := range fields {
			row[i] = psField(name)(t)
		}
		rows = append(rows, row)
	}
	return nil, execline.Write(1, alignColumns(rows, spacing))
}

// alignColumns makes all columns but the last as wide as what is in them.
func alignColumns(rows [][]string, spacing int) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], len(text))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		for i, text := range row {
			if i == len(row)-1 {
				b.WriteString(text + "\n")
			} else {
				fmt.Fprintf(&b, "%-*s", widths[i]+spacing, text)
			}
		}
	}
	return b.String()
}

func psTasks() ([]psTask, error) {
	booted, err := bootTime()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("cannot list the processes: %w", err)
	}
	var tasks []psTask
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if t, ok := readTask(pid); ok { // else it has ended meanwhile
			t.booted = booted
			tasks = append(tasks, t)
		}
	}
	sort.Slice(tasks, func(i, j int) bool { return tasks[i].pid < tasks[j].pid })
	return tasks, nil
}

// readTask reads /proc/PID/stat.
func readTask(pid int) (psTask, bool) {
	dir := "/proc/" + strconv.Itoa(pid)
	var st syscall.Stat_t
	data, err := os.ReadFile(dir + "/stat")
	if err != nil || syscall.Stat(dir, &st) != nil {
		return psTask{}, false
	}
	name, stat, ok := procs.Stat(string(data))
	return psTask{pid: pid, uid: st.Uid, gid: st.Gid, comm: name, stat: stat}, ok && len(stat) > 24-procs.FirstField
}

// bootTime is what the start of processes counts from.
func bootTime() (time.Time, error) {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot tell when the machine was started: %w", err)
	}
	_, after, _ := strings.Cut(string(data), "\nbtime ")
	line, _, _ := strings.Cut(after, "\n")
	seconds, err := strconv.ParseInt(line, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot tell when the machine was started: %w", err)
	}
	return time.Unix(seconds, 0), nil
}

// psField gives what shows a field, or nil.
func psField(name string) func(psTask) string {
	switch name {
	case "pid":
		return func(t psTask) string { return strconv.Itoa(t.pid) }
	case "comm":
		return func(t psTask) string { return t.comm }
	case "args":
		return psTask.args
	case "user":
		return psTask.user
	case "group":
		return psTask.group
	case "s":
		return psTask.state
	case "ppid":
		return func(t psTask) string { return t.stat[4-procs.FirstField] }
	case "pgrp":
		return func(t psTask) string { return t.stat[5-procs.FirstField] }
	case "sess":
		return func(t psTask) string { return t.stat[6-procs.FirstField] }
	case "tty":
		return psTask.tty
	case "tpgid":
		return func(t psTask) string { return t.stat[8-procs.FirstField] }
	case "prio":
		return func(t psTask) string { return t.stat[18-procs.FirstField] }
	case "nice":
		return func(t psTask) string { return t.stat[19-procs.FirstField] }
	case "thcount":
		return func(t psTask) string { return t.stat[20-procs.FirstField] }
	case "utime":
		return func(t psTask) string { return t.took(14) }
	case "stime":
		return func(t psTask) string { return t.took(15) }
	case "ttime":
		return func(t psTask) string { return t.took(14, 15) }
	case "cttime":
		return func(t psTask) string { return t.took(14, 15, 16, 17) }
	case "start":
		return psTask.start
	case "vsize":
		return func(t psTask) string { return strconv.Itoa(t.number(23) >> 10) }
	case "rss":
		return func(t psTask) string { return strconv.Itoa(t.number(24) * (os.Getpagesize() >> 10)) }
	}
	return nil
}
