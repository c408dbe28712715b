package syslog

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// freshness is how long what is known of a process is not asked again. Its
	// name changes with execve(2), its number is not given to another so soon.
	freshness = 250 * time.Millisecond
	// maxSenders bounds what is remembered.
	maxSenders = 1024
	// maxAncestors is how far up a service is looked for.
	maxAncestors = 32
)

// senders knows whom messages come from. A sender may be gone a moment after its
// message, so it is asked for when that is read. One goroutine uses it.
type senders struct {
	service func(pid int) string // may be nil
	self    int
	byPID   map[int]*sender
	path    []byte
	stat    []byte
}

func newSenders(service func(pid int) string) *senders {
	return &senders{service: service, self: os.Getpid(), byPID: map[int]*sender{}, stat: make([]byte, 1024)}
}

// of gives what is known of a process.
func (c *senders) of(pid int, now time.Time) *sender {
	known := c.byPID[pid]
	if known != nil && now.Sub(known.asked) < freshness {
		return known
	}
	asked, gone := c.ask(pid)
	if known != nil && asked.service == "" && asked.started == known.started {
		asked.service = known.service // its ancestors are gone, it is the same process
	}
	switch {
	case known != nil && (gone || asked.is(known)):
		known.asked = now // if it is gone, what it was is still true
		return known
	case len(c.byPID) >= maxSenders:
		clear(c.byPID)
	}
	found := asked
	found.asked = now
	c.byPID[pid] = &found
	return &found
}

// ask finds out about a process, and tells whether it is gone.
func (c *senders) ask(pid int) (s sender, gone bool) {
	if c.service != nil {
		s.service = c.near(pid) // first: it may be gone before /proc has been read
	}
	p, ok := c.read(pid)
	if !ok {
		s.child = pid // it may have been one
		return s, true
	}
	s.comm, s.started = string(p.comm), p.started
	if c.service != nil && s.service == "" {
		s.service, s.child = c.above(pid, p.parent)
	}
	return s, false
}

// near asks for a process itself, its process group and its session.
func (c *senders) near(pid int) string {
	if name := c.service(pid); name != "" {
		return name
	}
	group, err := unix.Getpgid(pid)
	if err != nil {
		return ""
	}
	if name := c.service(group); name != "" {
		return name
	}
	if session, err := unix.Getsid(pid); err == nil && session != group {
		return c.service(session)
	}
	return ""
}

// above asks for the ancestors of a process. If that leads to a child of ours, it is
// given, too: it may be a service that has just been started.
func (c *senders) above(pid, parent int) (service string, child int) {
	for range maxAncestors {
		switch {
		case parent == c.self:
			return "", pid
		case parent <= 1:
			return "", 0
		}
		if name := c.near(parent); name != "" {
			return name, 0
		}
		p, ok := c.read(parent)
		if !ok {
			break
		}
		pid, parent = parent, p.parent
	}
	return "", 0
}

// process is what /proc/PID/stat tells: proc(5).
type process struct {
	comm    []byte // valid until the next read
	parent  int
	started uint64 // in ticks since the boot
}

func (c *senders) read(pid int) (p process, ok bool) {
	c.path = append(c.path[:0], "/proc/"...)
	c.path = strconv.AppendInt(c.path, int64(pid), 10)
	c.path = append(c.path, "/stat"...)
	fd, err := unix.Open(string(c.path), os.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return p, false
	}
	n, err := unix.Read(fd, c.stat)
	_ = unix.Close(fd)
	if err != nil {
		return p, false
	}
	return parseStat(c.stat[:n])
}

// The fields of /proc/PID/stat behind COMM, counted from 0, and how many there
// must be.
const (
	statParent = 1
	statStart  = 19
	statFields = statStart + 1
)

// parseStat reads "PID (COMM) STATE PPID ...". COMM may hold anything, parentheses
// too.
func parseStat(stat []byte) (p process, ok bool) {
	first, last := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if first < 0 || last < first {
		return p, false
	}
	p.comm = stat[first+1 : last]
	rest := stat[last+1:]
	for i := range statFields {
		var word []byte
		word, rest, _ = bytes.Cut(bytes.TrimLeft(rest, " "), []byte{' '})
		if len(word) == 0 {
			return p, false
		}
		var err error
		switch i {
		case statParent:
			p.parent, err = strconv.Atoi(string(word))
		case statStart:
			p.started, err = strconv.ParseUint(string(word), 10, 64)
		}
		if err != nil {
			return p, false
		}
	}
	return p, true
}
