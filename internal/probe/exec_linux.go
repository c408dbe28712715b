package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
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
	process, out, err := c.start()
	if err != nil {
		return err
	}
	defer out.Close()
	var said tail
	var reading sync.WaitGroup
	reading.Go(func() { said.read(out) })
	// The process group goes by this number until its leader is waited for.
	kill := sync.OnceFunc(func() { _ = unix.Kill(-process.Pid, unix.SIGKILL) })
	stop := context.AfterFunc(ctx, kill)
	await(process.Pid)
	inTime := stop()
	kill()
	_ = out.SetReadDeadline(time.Now().Add(drain))
	reading.Wait()
	said.rest(out)
	state, err := process.Wait()
	switch {
	case !inTime:
		return ended(ctx, "the command did not end"+said.after(": "))
	case err != nil:
		return fmt.Errorf("cannot tell how the command ended: %w", err)
	}
	return verdict(state, said.after(": "))
}

// rest reads what a pipe holds, and waits for nothing: on a machine at work drain may be over
// before its reader has had its turn.
func (t *tail) rest(pipe *os.File) {
	raw, err := pipe.SyscallConn()
	if err != nil || pipe.SetReadDeadline(time.Time{}) != nil {
		return
	}
	_ = raw.Read(func(fd uintptr) bool {
		var buf [4096]byte
		for range 16 { // who holds it may go on writing; 64 KiB are what a pipe has room for: pipe(7)
			n, err := unix.Read(int(fd), buf[:])
			if n <= 0 || err != nil {
				break
			}
			t.add(buf[:n])
		}
		return true
	})
}

// start starts the command. What it writes can be read from out.
func (c *command) start() (process *os.Process, out *os.File, err error) {
	path := c.spec.Program
	if path == "" {
		if path, err = program.Find(c.spec.Exec[0], c.spec.Env, c.spec.Dir); err != nil {
			return nil, nil, err
		}
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot give the command an input: %w", err)
	}
	defer null.Close()
	out, in, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("cannot make a pipe: %w", err)
	}
	defer in.Close()
	if process, err = c.fork(path, []*os.File{null, in, in}); err != nil {
		_ = out.Close()
		return nil, nil, program.Explain(path, c.spec.Dir, cause(err))
	}
	return process, out, nil
}

// fork starts a program, and a file that is neither a program nor names its interpreter as a
// shell script, as execvp(3) does.
func (c *command) fork(path string, files []*os.File) (*os.Process, error) {
	attr := &os.ProcAttr{
		Dir: c.spec.Dir, Env: c.spec.Env, Files: files,
		Sys: &syscall.SysProcAttr{Setpgid: true, Credential: c.spec.Credential},
	}
	if attr.Env == nil {
		attr.Env = []string{} // nil would be our own
	}
	process, err := os.StartProcess(path, c.spec.Exec, attr)
	if errors.Is(err, syscall.ENOEXEC) && program.IsText(path, c.spec.Dir) {
		return os.StartProcess("/bin/sh", append([]string{"sh", path}, c.spec.Exec[1:]...), attr)
	}
	return process, err
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
