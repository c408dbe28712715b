//go:build linux

package s6log

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/logdir"
)

// mostAhead is how many bytes are read ahead of a destination that is slow.
const mostAhead = 1 << 20

// logger is a script at work.
type logger struct {
	options Options
	script  *Script
	dirs    []*logdir.Dir
	in      *input
	out     []byte // for standard output
	deaf    bool   // which takes nothing
	regular bool   // but is a file, which takes all
	status  map[*action][]byte
	clock   clock
	signals int // where they can be read, a byte each
}

// Run does what the script says with standard input, until that ends or SIGTERM or
// SIGHUP comes, and all is where it belongs. env is the environment of processors.
// It takes the signals of the process, so it is for a command of its own.
func Run(options Options, script *Script, env []string) error {
	l := &logger{options: options, script: script, in: newInput(options.LineLimit), clock: clock{zone: options.Zone}}
	var st unix.Stat_t
	l.regular = unix.Fstat(1, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG
	if err := l.listen(); err != nil {
		return err
	}
	if err := l.openDirs(env); err != nil {
		return err
	}
	if options.Notify >= 0 {
		_, _ = syscall.Write(options.Notify, []byte("\n")) // who asked may be gone
		_ = syscall.Close(options.Notify)
	}
	for {
		wait, busy := l.work()
		if l.in.ended && !busy {
			break
		}
		if err := l.await(wait); err != nil {
			return err
		}
	}
	for _, d := range l.dirs {
		if err := d.Close(); err != nil {
			l.warn(err)
		}
	}
	return nil
}

// listen makes signals bytes in a pipe, which poll(2) can wait for.
func (l *logger) listen() error {
	var pipe [2]int
	if err := syscall.Pipe2(pipe[:], syscall.O_CLOEXEC); err != nil {
		return fmt.Errorf("cannot make a pipe: %w", err)
	}
	l.signals = pipe[0]
	heard := make(chan os.Signal, 16)
	signal.Notify(heard, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGALRM, syscall.SIGCHLD) //nolint:forbidigo // a command of its own, never PID 1
	go func() {
		for sig := range heard {
			number, _ := sig.(syscall.Signal)
			_, _ = syscall.Write(pipe[1], []byte{byte(number)}) // only a lack of memory stops it
		}
	}()
	return nil
}

func (l *logger) openDirs(env []string) error {
	for _, config := range l.script.dirs {
		config.Env, config.Warn = env, l.warn
		d, err := logdir.Open(config)
		if err != nil {
			return err
		}
		l.dirs = append(l.dirs, d)
	}
	return nil
}

// work does what can be done now, and tells how long there is nothing to do unless
// something happens (negative: for ever), and whether there is more to do.
func (l *logger) work() (wait time.Duration, busy bool) {
	wait, busy = -1, len(l.out) > 0
	for _, d := range l.dirs {
		if l.in.ended {
			d.End()
		}
		if d.Busy() {
			d.Work()
		}
		if !d.Busy() {
			continue
		}
		busy = true
		if w := d.Wait(time.Now()); w >= 0 && (wait < 0 || w < wait) {
			wait = w
		}
	}
	return wait, busy
}

// await waits until something happens, and deals with it.
func (l *logger) await(wait time.Duration) error {
	fds := []unix.PollFd{{Fd: int32(l.signals), Events: unix.POLLIN}, {Fd: -1}, {Fd: -1}}
	ahead := mostAhead
	if l.options.Blocking {
		ahead = 0
	}
	if !l.in.ended && l.pending() <= ahead {
		fds[1] = unix.PollFd{Fd: 0, Events: unix.POLLIN}
	}
	if len(l.out) > 0 {
		fds[2] = unix.PollFd{Fd: 1, Events: unix.POLLOUT}
	}
	timeout := -1
	if wait >= 0 {
		timeout = int((wait + time.Millisecond - 1) / time.Millisecond)
	}
	if _, err := unix.Poll(fds, timeout); err != nil {
		if errors.Is(err, syscall.EINTR) {
			return nil
		}
		return fmt.Errorf("cannot wait for input: %w", err)
	}
	if fds[0].Revents != 0 {
		l.handle()
	}
	if fds[2].Revents != 0 {
		l.writeOut()
	}
	if fds[1].Revents != 0 && !l.in.ended {
		if err := l.in.read(l.line); err != nil {
			l.warn(fmt.Errorf("cannot read standard input: %w", err))
		}
		l.writeStatus()
	}
	return nil
}

// pending is how many bytes wait for the slowest destination.
func (l *logger) pending() int {
	most := len(l.out)
	for _, d := range l.dirs {
		most = max(most, d.Pending())
	}
	return most
}

// handle deals with the signals that have come.
func (l *logger) handle() {
	var numbers [16]byte
	n, _ := syscall.Read(l.signals, numbers[:])
	for _, number := range numbers[:max(n, 0)] {
		switch syscall.Signal(number) {
		case syscall.SIGALRM:
			for _, d := range l.dirs {
				d.Rotate()
			}
		case syscall.SIGCHLD:
			for _, d := range l.dirs {
				d.Reap()
			}
		case syscall.SIGTERM:
			if !l.options.Protected {
				l.in.end()
			}
		case syscall.SIGHUP:
			l.in.end()
		}
	}
}

// warn says what stops nothing.
func (l *logger) warn(err error) {
	if !l.options.Quiet {
		l.say(fmt.Appendf(nil, "s6-log: warning: %v\n", err))
	}
}
