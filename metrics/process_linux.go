package metrics

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clockTicks is how many there are in a second, which Linux promises to programs.
const clockTicks = 100

// ReadProcess reads /proc/self. What it cannot find out is 0.
func ReadProcess() Process {
	p := Process{Goroutines: runtime.NumGoroutine()}
	if text, err := os.ReadFile("/proc/self/stat"); err == nil {
		p.stat(text, bootTime())
	}
	if dir, err := os.Open("/proc/self/fd"); err == nil {
		names, _ := dir.Readdirnames(-1)
		_ = dir.Close()
		p.FDs = max(len(names)-1, 0) // dir itself
	}
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		p.MaxFDs = int(min(limit.Cur, 1<<31-1))
	}
	return p
}

// stat takes what it needs from proc_pid_stat(5). The second field is a name in brackets
// that may hold anything.
func (p *Process) stat(text []byte, boot int64) {
	const utime, stime, threads, start, vsize, rss = 14, 15, 20, 22, 23, 24
	const first = 3 // field after the name
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	field := func(n int) int64 {
		if n-first >= len(fields) {
			return 0
		}
		value, _ := strconv.ParseInt(fields[n-first], 10, 64)
		return value
	}
	p.CPU = time.Duration(field(utime)+field(stime)) * (time.Second / clockTicks)
	p.Threads = int(field(threads))
	p.Virtual, p.Resident = field(vsize), field(rss)*int64(os.Getpagesize())
	if boot != 0 {
		p.Start = time.Unix(boot, 0).Add(time.Duration(field(start)) * (time.Second / clockTicks))
	}
}

// bootTime is when the machine was started, in seconds since 1970, or 0.
func bootTime() int64 {
	text, _ := os.ReadFile("/proc/stat")
	_, after, _ := strings.Cut(string(text), "\nbtime ")
	line, _, _ := strings.Cut(after, "\n")
	value, _ := strconv.ParseInt(line, 10, 64)
	return value
}
