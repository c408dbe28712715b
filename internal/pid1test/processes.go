//go:build linux

package pid1test

import (
	"os"
	"strconv"
	"strings"
)

// Process is a process of a box.
type Process struct {
	// PID and Parent are its process IDs in the box.
	PID, Parent int
	// Name is what it runs, at most 15 bytes: comm in proc(5).
	Name string
	// Args are its arguments; a zombie has none.
	Args []string
	// State is its state as in proc(5): R, S, D, T, Z.
	State string
}

// Processes lists the processes of the box, PID 1 first; none when it has ended.
func (r *Running) Processes() []Process {
	r.t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		r.t.Fatalf("cannot list processes: %v", err)
	}
	children := map[string][]status{} // by the parent's PID outside
	self := strconv.Itoa(r.PID())
	var todo []status
	for _, entry := range entries {
		if _, err := strconv.Atoi(entry.Name()); err != nil {
			continue
		}
		s, err := readStatus(entry.Name())
		switch {
		case err != nil: // it has ended
		case s["Pid"] == self:
			todo = append(todo, s)
		default:
			children[s["PPid"]] = append(children[s["PPid"]], s)
		}
	}
	var found []Process
	inside := map[string]int{}
	for len(todo) > 0 {
		s := todo[0]
		todo = append(todo[1:], children[s["Pid"]]...)
		p := s.process(inside[s["PPid"]])
		inside[s["Pid"]] = p.PID
		found = append(found, p)
	}
	return found
}

// status holds the lines of /proc/PID/status.
type status map[string]string

func readStatus(pid string) (status, error) {
	text, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return nil, err
	}
	s := status{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		s[name] = strings.TrimSpace(value)
	}
	return s, nil
}

func (s status) process(parent int) Process {
	ids := strings.Fields(s["NSpid"])
	pid, _ := strconv.Atoi(ids[len(ids)-1])
	p := Process{PID: pid, Parent: parent, Name: s["Name"], State: s["State"][:1]}
	if args, _ := os.ReadFile("/proc/" + s["Pid"] + "/cmdline"); len(args) > 0 {
		p.Args = strings.Split(strings.TrimSuffix(string(args), "\x00"), "\x00")
	}
	return p
}
