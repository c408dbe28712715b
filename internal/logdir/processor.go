//go:build linux

package logdir

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/sillelien/baseinit/internal/rawfile"
)

// process starts the processor. Reap ends the step.
func (d *Dir) process() error {
	files := []uintptr{0: 0, 1: 0, 2: 2, 3: ^uintptr(0), 4: 0, 5: 0}
	defer func() {
		for _, i := range [...]int{0, 1, 4, 5} {
			if files[i] != 0 {
				_ = syscall.Close(int(files[i]))
			}
		}
	}()
	const replace = syscall.O_WRONLY | syscall.O_CREAT | syscall.O_TRUNC
	for _, f := range [...]struct {
		fd    int
		name  string
		flags int
	}{
		{0, "previous", syscall.O_RDONLY},
		{1, "processed", replace},
		{4, "state", syscall.O_RDONLY | syscall.O_CREAT},
		{5, "newstate", replace},
	} {
		fd, err := rawfile.Open(d.path(f.name), f.flags)
		if err != nil {
			return err
		}
		files[f.fd] = uintptr(fd)
	}
	pid, err := syscall.ForkExec(d.config.Program, d.config.Processor, &syscall.ProcAttr{Dir: d.config.Path, Env: d.config.Env, Files: files})
	if err != nil {
		return fmt.Errorf("cannot run the processor: %w", err)
	}
	d.child = pid
	return nil
}

// Reap looks whether the processor has ended, as is told by SIGCHLD. One that fails is
// run again later; what it has written so far is thrown away then.
func (d *Dir) Reap() {
	if d.child == 0 {
		return
	}
	var status syscall.WaitStatus
	pid, err := syscall.Wait4(d.child, &status, syscall.WNOHANG, nil)
	if pid == 0 && err == nil || errors.Is(err, syscall.EINTR) {
		return
	}
	d.child = 0
	switch {
	case err == nil && status.Exited() && status.ExitStatus() == 0:
		d.steps = d.steps[1:]
	case d.ending:
		d.steps, d.abandoned = nil, true
		d.config.Warn(fmt.Errorf("the processor failed in %s (%s): what it was to read is left in previous", d.config.Path, how(status)))
	default:
		d.later(fmt.Errorf("the processor failed in %s (%s)", d.config.Path, how(status)))
	}
}

func how(status syscall.WaitStatus) string {
	if status.Signaled() {
		return fmt.Sprintf("signal %d", status.Signal())
	}
	return fmt.Sprintf("exit code %d", status.ExitStatus())
}
