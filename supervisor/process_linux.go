package supervisor

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/supervisor/program"
)

// child is a running process. It is the leader of its process group.
type child struct {
	id    int
	pidfd *os.File // nil on kernels and in sandboxes without pidfd_open(2)
	gone  chan struct{}
	once  sync.Once

	mu     sync.Mutex
	reaped bool // the pid may be anybody's by now
}

// startProcess starts a job's program: in a session of its own, so that its
// process group can be signalled and a terminal of ours is not its.
func startProcess(j *job) (instance, error) {
	path, err := program.Find(j.program(), j.env, j.service.Dir)
	if err != nil {
		return nil, err
	}
	pidfd := -1
	attr := &syscall.ProcAttr{
		Dir: j.service.Dir, Env: j.env, Files: descriptors(j.files),
		Sys: &syscall.SysProcAttr{Setsid: true, Credential: j.service.Credential, PidFD: &pidfd},
	}
	if j.service.Terminal {
		attr.Sys.Setctty = true // Ctty 0 is the child's standard input
	}
	pid, err := forkExec(path, j.command, attr)
	if errors.Is(err, syscall.EPERM) && j.service.Terminal {
		// The terminal is another session's: be its foreground group instead.
		attr.Sys.Setsid, attr.Sys.Setctty = false, false
		attr.Sys.Foreground, attr.Sys.Ctty = true, int(j.stdin.Fd())
		pid, err = forkExec(path, j.command, attr)
	}
	if err != nil {
		return nil, program.Explain(path, j.service.Dir, err)
	}
	c := &child{id: pid, gone: make(chan struct{})}
	if pidfd >= 0 && unix.SetNonblock(pidfd, true) == nil {
		c.pidfd = os.NewFile(uintptr(pidfd), "pidfd") // non-blocking: the runtime polls it
	}
	return c, nil
}

// forkExec starts a program, and a file that is neither a program nor names its
// interpreter as a shell script, as execvp(3) does.
func forkExec(path string, argv []string, attr *syscall.ProcAttr) (int, error) {
	pid, err := syscall.ForkExec(path, argv, attr)
	if errors.Is(err, syscall.ENOEXEC) && program.IsText(path, attr.Dir) {
		return syscall.ForkExec("/bin/sh", append([]string{"sh", path}, argv[1:]...), attr)
	}
	return pid, err
}

func descriptors(files []*os.File) []uintptr {
	fds := make([]uintptr, len(files))
	for i, f := range files {
		fds[i] = ^uintptr(0) // closed in the child
		if f != nil {
			fds[i] = f.Fd()
		}
	}
	return fds
}

func (c *child) pid() int { return c.id }

func (c *child) signal(sig syscall.Signal) error      { return c.kill(c.id, sig) }
func (c *child) signalGroup(sig syscall.Signal) error { return c.kill(-c.id, sig) }

// kill signals a process or group that goes by our pid, which stays ours until
// the process is reaped.
func (c *child) kill(pid int, sig syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reaped {
		return os.ErrProcessDone
	}
	return os.NewSyscallError("kill", unix.Kill(pid, sig))
}

// wait waits for the end of the process without holding a thread: a pidfd is
// readable once the process has ended, pidfd_open(2).
func (c *child) wait() Exit {
	if c.pidfd == nil {
		return c.waitBlocking()
	}
	defer c.pidfd.Close()
	raw, err := c.pidfd.SyscallConn()
	if err != nil {
		return c.waitBlocking()
	}
	var exit Exit
	ended := false
	if err := raw.Read(func(uintptr) bool {
		exit, ended = c.reap()
		return ended
	}); err != nil && !ended {
		return Exit{Code: 137, Err: errUnkillable}
	}
	return exit
}

func (c *child) waitBlocking() Exit {
	result := make(chan Exit, 1)
	go func() { // ends with the process
		for errors.Is(unix.Waitid(unix.P_PID, c.id, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
			continue
		}
		exit, _ := c.reap()
		result <- exit
	}()
	select {
	case exit := <-result:
		return exit
	case <-c.gone:
		return Exit{Code: 137, Err: errUnkillable}
	}
}

func (c *child) abandon() {
	c.once.Do(func() {
		close(c.gone)
		if c.pidfd != nil {
			_ = c.pidfd.Close()
		}
	})
}

// reap collects the exit status if the process has ended.
func (c *child) reap() (exit Exit, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		var status syscall.WaitStatus
		got, err := syscall.Wait4(c.id, &status, unix.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		c.reaped = err != nil || got == c.id
		if err != nil {
			return Exit{Code: 111, Err: errStolen}, true
		}
		return exitFromStatus(status), c.reaped
	}
}

func pipeCloexec(p *[2]int) error { return syscall.Pipe2(p[:], syscall.O_CLOEXEC) }
