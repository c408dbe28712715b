package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/supervisor/program"
)

// drain bounds the wait for the last words of a command that has ended, where something
// outside its process group still holds its output.
const drain = 50 * time.Millisecond

func newExec(spec *Spec) (*Probe, error) {
	if spec.Exec[0] == "" {
		return nil, errors.New("cannot probe with a command without a name")
	}
	c := command{*spec}
	return &Probe{"exec " + short(strings.Join(spec.Exec, " "), 80), c.run}, nil
}

// command is a program that answers by its exit code. What it leaves in its process group
// is killed with it: a probe leaves nothing behind.
type command struct{ spec Spec }

func (c *command) run(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	cmd, err := c.prepare()
	if err != nil {
		return err
	}
	out, in, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("cannot make a pipe: %w", err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = in, in
	err = cmd.Start()
	_ = in.Close()
	if err != nil {
		return program.Explain(cmd.Path, cmd.Dir, cause(err))
	}
	var said tail
	var reading sync.WaitGroup
	reading.Go(func() { said.read(out) })
	// The process group goes by this number until its leader is waited for.
	kill := sync.OnceFunc(func() { _ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL) })
	stop := context.AfterFunc(ctx, kill)
	await(cmd.Process.Pid)
	stopped := stop()
	kill()
	_ = out.SetReadDeadline(time.Now().Add(drain))
	reading.Wait()
	_ = cmd.Wait() // its state says how it ended
	if !stopped {
		return ended(ctx, "the command did not end"+said.after(": "))
	}
	return verdict(cmd.ProcessState, said.after(": "))
}

func (c *command) prepare() (*exec.Cmd, error) {
	path := c.spec.Program
	if path == "" {
		var err error
		if path, err = program.Find(c.spec.Exec[0], c.spec.Env, c.spec.Dir); err != nil {
			return nil, err
		}
	}
	env := c.spec.Env
	if env == nil {
		env = []string{} // nil would be our own
	}
	return &exec.Cmd{
		Path: path, Args: c.spec.Exec, Dir: c.spec.Dir, Env: env,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Credential: c.spec.Credential},
	}, nil
}

// await waits until a child has ended, and leaves it to be waited for.
func await(pid int) {
	for errors.Is(unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
		continue
	}
}

// verdict is what the end of a command means.
func verdict(state *os.ProcessState, said string) error {
	status, _ := state.Sys().(syscall.WaitStatus)
	switch {
	case status.Signaled():
		return fmt.Errorf("killed by %s%s", unix.SignalName(status.Signal()), said)
	case status.ExitStatus() != 0:
		return fmt.Errorf("exited with code %d%s", status.ExitStatus(), said)
	}
	return nil
}
