package supervisor_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/supervisor"
)

// openTerminal gives both ends of a new pseudoterminal: pty(7). What comes out of
// it is collected.
func openTerminal(t *testing.T) (master, slave *os.File, screen *output) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("needs /dev/ptmx: ", err)
	}
	raw, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	if cerr := raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	}); cerr != nil || err != nil {
		t.Fatal(cerr, err)
	}
	slave, err = os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	screen = newOutput()
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			_, _ = screen.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = slave.Close()
		_ = master.Close()
		<-copied
	})
	return master, slave, screen
}

// helpTerminal says how it stands to its terminal, and waits for an interrupt.
func helpTerminal([]string) int {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	foreground, err := unix.IoctlGetInt(0, unix.TIOCGPGRP)
	session, _ := unix.Getsid(0)
	tty, ttyErr := os.Open("/dev/tty")
	if ttyErr == nil {
		tty.Close()
	}
	fmt.Fprintf(os.Stdin, "foreground=%v leader=%v tty=%v err=%v\n",
		foreground == unix.Getpgrp() && foreground == os.Getpid(), session == os.Getpid(), ttyErr == nil, err)
	select {
	case <-interrupts:
		fmt.Fprintln(os.Stdin, "interrupted")
		return 5
	case <-time.After(patience):
		return 6
	}
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	master, slave, screen := openTerminal(t)
	service := help("x", "terminal")
	service.Stdin, service.Terminal, service.Main = slave, true, true
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	screen.await(t, "foreground=true leader=true tty=true err=<nil>\r\n")
	fmt.Fprint(master, "\x03") // ^C
	screen.await(t, "interrupted")
	if err := l.done(); err == nil || err.Error() != `service "x" exited with code 5` {
		t.Errorf("Run: %v", err)
	}
}

func TestTerminalKillsWithControlC(t *testing.T) {
	t.Parallel()
	master, slave, _ := openTerminal(t)
	service := sh("x", "cat; true")
	service.Stdin, service.Terminal, service.Main = slave, true, true
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	fmt.Fprint(master, "hello\n")
	l.out.await(t, "[x] hello\n") // so cat runs
	fmt.Fprint(master, "\x03")
	if err := l.done(); err == nil || err.Error() != `service "x" was killed by SIGINT` {
		t.Errorf("Run: %v", err)
	}
}

func TestJobControl(t *testing.T) {
	t.Parallel()
	master, slave, screen := openTerminal(t)
	service := supervisor.Service{
		// Its prompt goes to stderr, which must be the terminal.
		Name: "x", Command: []string{"/bin/sh", "-c", "exec /bin/sh -i >&0 2>&0"}, Stdin: slave, Terminal: true, Main: true,
		Env: []string{"PS1=ready> ", "ENV=", "HOME=/"},
	}
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	screen.await(t, "ready> ")
	fmt.Fprint(master, "sed s/^/1st:/\nhello\n")
	screen.await(t, "1st:hello") // so sed runs in the foreground
	fmt.Fprint(master, "\x03")
	until(t, "another prompt", func() bool { // until then the terminal drops what is typed
		_, after, _ := strings.Cut(screen.String(), "^C")
		return strings.Contains(after, "ready> ")
	})
	fmt.Fprint(master, "sed s/^/2nd:/\nhello\n")
	screen.await(t, "2nd:hello")
	fmt.Fprint(master, "\x1a") // ^Z
	screen.await(t, "Stopped")
	fmt.Fprint(master, "fg\nonce more\n")
	out := screen.await(t, "2nd:once more")
	if strings.Contains(out, "job control") {
		t.Errorf("the screen shows\n%s", out)
	}
	fmt.Fprint(master, "\x04exit 7\n") // ^D
	_ = l.done()
	if st, err := l.Status("x"); err != nil || st[0].LastExit.Code != 7 {
		t.Errorf("it ended with %v, %v", st[0].LastExit, err)
	}
}

// helpForeground runs a service with our terminal, which is another session's to
// the service.
func helpForeground([]string) int {
	signal.Ignore(os.Interrupt, syscall.SIGTTOU)
	service := help("x", "terminal")
	service.Stdin, service.Terminal, service.Main = os.Stdin, true, true
	sup, err := supervisor.New(supervisor.Config{Services: []supervisor.Service{service}})
	if err != nil {
		return 97
	}
	_ = sup.Run(context.Background())
	st, err := sup.Status("x")
	if err != nil || st[0].LastExit == nil {
		return 98
	}
	if st[0].LastExit.Err != nil {
		fmt.Fprintln(os.Stderr, st[0].LastExit.Err)
	}
	return st[0].LastExit.Code
}

// TestTerminalOfAnotherSession is about a supervisor whose own controlling
// terminal it is: the service cannot have it as a session leader.
func TestTerminalOfAnotherSession(t *testing.T) {
	t.Parallel()
	master, slave, screen := openTerminal(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"=foreground")
	cmd.Stdin, cmd.Stderr = slave, os.Stderr
	// CAP_SYS_ADMIN would let it take the terminal away from us: TIOCSCTTY(2const).
	// In a user namespace of its own it has no such capability over the terminal.
	own := []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Cloneflags: syscall.CLONE_NEWUSER, UidMappings: own}
	if err := cmd.Start(); err != nil {
		t.Skip("needs user namespaces: ", err)
	}
	defer time.AfterFunc(patience, func() { _ = cmd.Process.Kill() }).Stop()
	screen.await(t, "foreground=true leader=false tty=true err=<nil>\r\n")
	fmt.Fprint(master, "\x03")
	screen.await(t, "interrupted")
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 5 {
		t.Errorf("it ended with %v", err)
	}
}
