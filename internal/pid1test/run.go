//go:build linux

package pid1test

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Run starts a box and returns when its PID 1 has been executed. What goes wrong
// until then is t.Fatal; what is left at the end of the test is killed.
func Run(t testing.TB, b Box) *Running {
	t.Helper()
	Need(t)
	if b.UID != 0 || b.GID != 0 || len(b.Owner) > 0 || b.Network != nil {
		NeedRoot(t)
	}
	root := "/"
	if !b.HostRoot {
		var err error
		if root, err = newRoot(&b); err != nil {
			t.Fatalf("pid1test: cannot make the box: %v", err)
		}
		t.Cleanup(func() { os.RemoveAll(root) }) // after the box's own
	}
	r, err := start(&b, root)
	if err != nil {
		t.Fatalf("pid1test: %v", err)
	}
	r.t = t
	t.Cleanup(r.cleanup)
	return r
}

// start runs a box without a test around it.
func start(b *Box, root string) (*Running, error) {
	if len(b.argv()) == 0 {
		return nil, errors.New("cannot run a box without Binary and Args")
	}
	ours, theirs, err := socketpair()
	if err != nil {
		return nil, err
	}
	defer ours.Close()
	defer theirs.Close()

	r := &Running{root: root, out: newOutput(), ended: make(chan struct{})}
	r.cmd = command()
	r.cmd.ExtraFiles = []*os.File{controlFD - 3: theirs}
	if err := r.connect(b); err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot make namespaces: %w", err)
	}
	theirs.Close() // or the end of ours would never come
	terminal, err := handshake(ours, newPlan(b, root))
	if err != nil {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
		return nil, err
	}
	if terminal != nil {
		r.stdin = terminal
	}
	r.watch(b, terminal)
	return r, nil
}

// command is the stage: this test binary in the namespaces of the box.
func command() *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", "-test.run=^$") // without Main it does nothing
	cmd.Env = []string{stageEnv + "=1", "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	if uid := os.Geteuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return cmd
}

// connect gives the command its stdio; a TTY replaces all of it later.
func (r *Running) connect(b *Box) (err error) {
	if b.TTY {
		return nil
	}
	r.cmd.Stdout, r.cmd.Stderr = r.out.writer(&r.out.stdout), r.out.writer(&r.out.stderr)
	if b.Stdout != nil {
		r.cmd.Stdout = b.Stdout
	}
	if b.Stderr != nil {
		r.cmd.Stderr = b.Stderr
	}
	if b.Stdin != "" || b.Interactive {
		r.stdin, err = r.cmd.StdinPipe()
	}
	return err
}

// socketpair returns the two sides of the stage's control socket.
func socketpair() (ours *net.UnixConn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot make a socket pair: %w", err)
	}
	file := os.NewFile(uintptr(fds[0]), "control")
	defer file.Close()
	theirs = os.NewFile(uintptr(fds[1]), "control")
	conn, err := net.FileConn(file)
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return conn.(*net.UnixConn), theirs, nil
}

// handshake sends the plan and waits for the execve, which closes the other
// side. It returns the terminal of a box that has one.
func handshake(conn *net.UnixConn, p plan) (*os.File, error) {
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if err := gob.NewEncoder(conn).Encode(p); err != nil {
		return nil, fmt.Errorf("cannot send the plan (does TestMain call pid1test.Main?): %w", err)
	}
	var said []byte
	var terminal *os.File
	buf, rights := make([]byte, 4096), make([]byte, unix.CmsgSpace(4))
	for {
		n, rn, _, _, err := conn.ReadMsgUnix(buf, rights)
		said = append(said, buf[:n]...)
		if rn > 0 {
			terminal = received(rights[:rn])
		}
		if n == 0 || errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return terminal, fmt.Errorf("cannot hear from the box: %w", err)
		}
	}
	switch text, ran := strings.CutPrefix(string(said), "run"); {
	case text != "":
		return terminal, errors.New(text)
	case !ran:
		return terminal, errors.New("the box died before its program ran (does TestMain call pid1test.Main?)")
	}
	return terminal, nil
}

// received is the descriptor in a control message, for Go's poller.
func received(rights []byte) *os.File {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil || len(messages) == 0 {
		return nil
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return nil
	}
	unix.CloseOnExec(fds[0])
	_ = unix.SetNonblock(fds[0], true)
	return os.NewFile(uintptr(fds[0]), "terminal")
}
