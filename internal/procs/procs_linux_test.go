package procs_test

import (
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/procs"
)

// TestAll: this process and a child of it are there, with what is known of them otherwise.
func TestAll(t *testing.T) {
	t.Parallel()
	child := exec.Command("sh", "-c", "read x", "two words")
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait() //nolint:errcheck // its code is nobody's business
	defer in.Close()
	all := procs.All()
	find := func(pid int) procs.Process {
		i := slices.IndexFunc(all, func(p procs.Process) bool { return p.PID == pid })
		if i < 0 {
			t.Fatalf("process %d is not there", pid)
		}
		return all[i]
	}
	self, sub := find(os.Getpid()), find(child.Process.Pid)
	if self.Parent != os.Getppid() || self.Memory < 1<<20 || self.CPU < 0 || self.User() != os.Getuid() {
		t.Errorf("we are %+v", self)
	}
	if sub.Parent != os.Getpid() || sub.Name != "sh" || sub.Command() != "sh -c read x two words" || sub.Group != self.Group {
		t.Errorf("the child is %+v, %q", sub, sub.Command())
	}
	if !slices.IsSortedFunc(all, func(a, b procs.Process) int { return a.PID - b.PID }) {
		t.Error("they are not in order")
	}
	if p := (procs.Process{PID: 1 << 30, Name: "gone"}); p.User() != -1 || p.Command() != "[gone]" {
		t.Errorf("one that is gone: %d, %q", p.User(), p.Command())
	}
}

// TestOwner: to whom processes belong that a service has started, directly or not.
func TestOwner(t *testing.T) {
	t.Parallel()
	all := []procs.Process{
		{PID: 1},
		{PID: 2, Parent: 1, Group: 2, Session: 2},   // web
		{PID: 3, Parent: 2, Group: 2, Session: 2},   // its child
		{PID: 4, Parent: 3, Group: 4, Session: 4},   // and that one's, a session of its own
		{PID: 5, Parent: 1, Group: 2, Session: 2},   // adopted, of web's group
		{PID: 6, Parent: 5, Group: 6, Session: 2},   // a child of that
		{PID: 7, Parent: 1, Group: 7, Session: 2},   // adopted, of web's session
		{PID: 8, Parent: 1, Group: 8, Session: 8},   // nobody's
		{PID: 9, Parent: 0, Group: 9, Session: 9},   // docker exec
		{PID: 10, Parent: 9, Group: 2, Session: 9},  // is not adopted
		{PID: 11, Parent: 2, Group: 11, Session: 2}, // db, which web has started
		{PID: 12, Parent: 11, Group: 11, Session: 2},
		{PID: 13, Parent: 99, Group: 13, Session: 13}, // its parent was not seen
	}
	got := procs.Owner(all, 1, map[int]string{2: "web", 11: "db"})
	want := map[int]string{2: "web", 3: "web", 4: "web", 5: "web", 6: "web", 7: "web", 11: "db", 12: "db"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
