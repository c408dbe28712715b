//go:build linux

package pid1test

import (
	"encoding/gob"
	"fmt"
	"math"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

const (
	// stageEnv makes Main run the stage in place of the tests.
	stageEnv = "PID1TEST_STAGE"
	// controlFD is the stage's side of the control socket: the plan comes in as
	// a gob, and out go "run" and what went wrong, if anything.
	controlFD = 3
)

// plan is what the stage does: the box, and where its root is outside.
type plan struct {
	Box  Box
	Root string
	Argv []string
	Env  []string
}

func newPlan(b *Box, root string) plan {
	p := plan{Box: *b, Root: root, Argv: b.argv(), Env: b.environ()}
	p.Box.Stdout, p.Box.Stderr = nil, nil // the stage has them as descriptors
	p.Box.Files = nil                     // are there
	return p
}

// runStage makes this process, PID 1 of fresh namespaces, into the box's PID 1.
// It returns only when something failed, after saying what.
func runStage() int {
	runtime.LockOSThread()                                                   // capabilities and groups belong to a thread
	_ = unix.CloseRange(controlFD, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) // what the test inherited, too
	_, _ = unix.Write(controlFD, []byte(stage().Error()))
	return 125
}

// stage says "run" just before its last step, execve(2), which does not return.
func stage() error {
	var p plan
	control := os.NewFile(controlFD, "control")
	defer runtime.KeepAlive(control) // or the garbage collector closes it
	if err := gob.NewDecoder(control).Decode(&p); err != nil {
		return fmt.Errorf("cannot read the plan: %w", err)
	}
	if err := p.isolate(); err != nil {
		return err
	}
	rights, err := p.attach()
	if err != nil {
		return err
	}
	if err := p.dropPrivileges(); err != nil {
		return err
	}
	unix.Umask(0o022)
	if err := unix.Sendmsg(controlFD, []byte("run"), rights, nil, 0); err != nil {
		return fmt.Errorf("cannot answer the test: %w", err)
	}
	return fmt.Errorf("cannot run %q: %w", p.Argv[0], unix.Exec(p.Argv[0], p.Argv, p.Env))
}

// attach makes a session and gives it the terminal, as runc does. It returns
// the other side of the terminal as a control message.
func (p *plan) attach() (rights []byte, err error) {
	if _, err := unix.Setsid(); err != nil {
		return nil, fmt.Errorf("cannot setsid: %w", err)
	}
	if p.Box.TTY {
		if rights, err = openTerminal(); err != nil {
			return nil, err
		}
	}
	for fd := range 3 { // so that the user can open /dev/stdout
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT != unix.S_IFREG && st.Rdev != unix.Mkdev(1, 3) {
			_ = unix.Fchown(fd, p.Box.UID, -1)
		}
	}
	return rights, nil
}

// openTerminal makes a terminal of the box's own /dev/pts the stdio and
// the controlling terminal.
func openTerminal() (rights []byte, err error) {
	ptmx, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open /dev/ptmx: %w", err)
	}
	if err := unix.IoctlSetPointerInt(ptmx, unix.TIOCSPTLCK, 0); err != nil {
		return nil, fmt.Errorf("cannot unlock the terminal: %w", err)
	}
	n, err := unix.IoctlGetInt(ptmx, unix.TIOCGPTN)
	if err != nil {
		return nil, fmt.Errorf("cannot number the terminal: %w", err)
	}
	name := fmt.Sprintf("/dev/pts/%d", n)
	pts, err := unix.Open(name, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", name, err)
	}
	for fd := range 3 {
		if err := unix.Dup3(pts, fd, 0); err != nil {
			return nil, fmt.Errorf("cannot dup %s: %w", name, err)
		}
	}
	_ = unix.IoctlSetWinsize(0, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	if err := unix.IoctlSetInt(0, unix.TIOCSCTTY, 0); err != nil {
		return nil, fmt.Errorf("cannot take %s as controlling terminal: %w", name, err)
	}
	return unix.UnixRights(ptmx), nil
}
