//go:build linux

package applet

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/sillelien/baseinit/internal/procs"
)

// psTask is a process as /proc shows it: proc(5).
type psTask struct {
	pid    int
	uid    uint32
	gid    uint32
	comm   string
	stat   []string // the fields of /proc/PID/stat from procs.FirstField on
	booted time.Time
}

// number gives a field of /proc/PID/stat.
func (t psTask) number(field int) int {
	n, _ := strconv.Atoi(t.stat[field-procs.FirstField]) // the kernel writes numbers
	return n
}

// args is the command line, or for what has none its name.
func (t psTask) args() string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", t.pid))
	if err != nil {
		return "*"
	}
	if len(data) == 0 {
		return "[" + t.comm + "]"
	}
	return strings.ReplaceAll(strings.TrimSuffix(string(data), "\x00"), "\x00", " ")
}

func (t psTask) user() string {
	id := strconv.FormatUint(uint64(t.uid), 10)
	if found, err := user.LookupId(id); err == nil {
		return found.Username
	}
	return id
}

func (t psTask) group() string {
	id := strconv.FormatUint(uint64(t.gid), 10)
	if found, err := user.LookupGroupId(id); err == nil {
		return found.Name
	}
	return id
}

// state is the state, s for a session leader or else + for the leader of the group in the
// foreground, and N or < for one that is nice or the contrary.
func (t psTask) state() string {
	text := t.stat[0]
	switch t.pid {
	case t.number(6):
		text += "s"
	case t.number(8):
		text += "+"
	}
	switch nice := t.number(19); {
	case nice > 0:
		text += "N"
	case nice < 0:
		text += "<"
	}
	return text
}

// tty is the controlling terminal: pts(4), tty(4).
func (t psTask) tty() string {
	number := t.number(7)
	major, minor := number>>8&0xfff, number&0xff|number>>12&0xfff00
	switch {
	case number == 0:
		return "-"
	case major >= 136 && major <= 143:
		return "pts/" + strconv.Itoa((major-136)<<8+minor)
	case major == 4 && minor < 64:
		return "tty" + strconv.Itoa(minor)
	case major == 5 && minor == 1:
		return "console"
	}
	return fmt.Sprintf("(%d:%d)", major, minor)
}

// took is the sum of some times.
func (t psTask) took(fields ...int) string {
	ticks := 0
	for _, f := range fields {
		ticks += t.number(f)
	}
	seconds := ticks / procs.Ticks
	return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}

// start is the time of the day, or the day before today.
func (t psTask) start() string {
	began := t.booted.Add(time.Duration(t.number(22)) * time.Second / procs.Ticks)
	if time.Since(began) < 24*time.Hour {
		return began.Format("15:04:05")
	}
	return began.Format("2006-01-02")
}
