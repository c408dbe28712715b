//go:build linux

package pid1test

import (
	"fmt"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Network is a network of its own with the loopback up, for a box and for sockets
// of the test. It ends with the test and its boxes.
type Network struct {
	// Path is the namespace, as long as the test runs.
	Path string
	work chan func()
}

// NewNetwork makes a network. It needs root.
func NewNetwork(t testing.TB) *Network {
	t.Helper()
	NeedRoot(t)
	n := &Network{work: make(chan func())}
	made, ended := make(chan error), make(chan error)
	go func() { ended <- n.run(made) }()
	if err := <-made; err != nil {
		close(n.work)
		<-ended
		t.Fatalf("pid1test: cannot make a network: %v", err)
	}
	t.Cleanup(func() {
		close(n.work)
		if err := <-ended; err != nil {
			t.Errorf("pid1test: cannot leave a network: %v", err)
		}
	})
	return n
}

// Do runs f in the network, on one thread. Sockets that it opens and processes that it
// starts belong there for good; f is not to end the test.
func (n *Network) Do(f func()) {
	done := make(chan struct{})
	n.work <- func() {
		defer close(done)
		f()
	}
	<-done
}

// run runs what is to be done there. The thread goes back to where it was and lives on: boxes
// may have been started on it before, and would be killed by its end (PR_SET_PDEATHSIG(2const)).
func (n *Network) run(made chan<- error) error {
	runtime.LockOSThread()
	n.Path = fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), unix.Gettid())
	before, err := unix.Open(n.Path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		defer unix.Close(before)
		err = unix.Unshare(unix.CLONE_NEWNET)
	}
	if err == nil {
		err = loopbackUp()
	}
	made <- err
	for do := range n.work {
		do()
	}
	if err := unix.Setns(before, unix.CLONE_NEWNET); err != nil {
		return err // with the thread locked, so that nobody else gets it
	}
	runtime.UnlockOSThread()
	return nil
}
