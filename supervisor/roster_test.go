package supervisor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sillelien/baseinit/supervisor"
)

func TestRoster(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r supervisor.Roster
		want := func(when string, names map[int]string) {
			t.Helper()
			for pid, name := range names {
				if got := r.ServiceOf(pid); got != name {
					t.Errorf("%s: process %d is of service %q, want %q", when, pid, got, name)
				}
			}
		}
		want("at first", map[int]string{0: "", 1: "", 10: ""})
		leaveWeb, leaveDB := r.Add(10, "web"), r.Add(11, "db")
		want("while they run", map[int]string{10: "web", 11: "db", 12: ""})
		leaveWeb()
		time.Sleep(9 * time.Second)
		want("9 s after its end", map[int]string{10: "web", 11: "db"})
		time.Sleep(2 * time.Second)
		want("11 s after its end", map[int]string{10: "", 11: "db"})
		leaveDB()
		r.Add(11, "cache") // the process ID is given anew
		time.Sleep(time.Minute)
		want("with the ID of another", map[int]string{11: "cache"})
	})
}

// A service that fails for years leaves no trail.
func TestRosterForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r supervisor.Roster
		for pid := range 10_000 {
			r.Add(pid, "web")()
			time.Sleep(time.Second)
		}
		if n := r.Known(); n > 30 {
			t.Errorf("%d entries after 10,000 processes, of which 10 are remembered", n)
		}
	})
}

// TestRosterStarting asks for a process before the one who starts it has its number.
func TestRosterStarting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r supervisor.Roster
		r.Begin()
		r.Begin()
		names := make(chan string)
		go func() { names <- r.ServiceOf(10) }()
		synctest.Wait()
		r.Add(10, "web")
		r.End()
		r.End()
		if name := <-names; name != "web" {
			t.Errorf("process 10 is of service %q, want web", name)
		}
		r.Begin() // and execve(2) hangs
		if name := r.ServiceOf(10); name != "web" {
			t.Errorf("beside a start process 10 is of service %q, want web", name)
		}
		began := time.Now()
		if name := r.ServiceOf(11); name != "" || time.Since(began) != 20*time.Millisecond {
			t.Errorf("process 11 is of service %q after %v, want none after 20ms", name, time.Since(began))
		}
		r.End()
		if name := r.ServiceOf(11); name != "" || time.Since(began) != 20*time.Millisecond {
			t.Errorf("process 11 is of service %q after %v, want none at once", name, time.Since(began))
		}
	})
}
