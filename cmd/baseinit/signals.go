//go:build linux

package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/sillelien/baseinit/internal/boot"
)

// signals hears what is sent to the process, from the first statement of main to
// its last.
type signals struct {
	heard  chan os.Signal
	caught chan struct{}
	quit   chan struct{}
	once   sync.Once
}

// catchSignals catches those that would end the process: with an exit code of 2, for
// that is what Go's runtime does to a PID 1, whom a signal cannot kill. Each costs a
// twentieth of a millisecond, so that is done beside what comes next. Until caught is
// closed, nothing may be started that a signal could interrupt.
func catchSignals() *signals {
	s := &signals{heard: make(chan os.Signal, 64), caught: make(chan struct{}), quit: make(chan struct{})}
	go func() {
		defer close(s.caught)
		signal.Notify(s.heard, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
	}()
	return s
}

// catchOthers catches all that CMD may want. Not among them: SIGCHLD, which is the
// reaper's; SIGURG and SIGPROF, which Go's runtime needs for itself; SIGPIPE,
// which comes of our own writes; those that mean a fault of ours.
func (s *signals) catchOthers() {
	signal.Notify(s.heard, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGPWR,
		syscall.SIGALRM, syscall.SIGCONT, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU,
		syscall.SIGIO, syscall.SIGVTALRM, syscall.SIGXCPU, syscall.SIGXFSZ)
	for sig := rtMin; sig <= rtMax; sig++ {
		signal.Notify(s.heard, sig)
	}
}

// The real-time signals that C libraries leave to programs: signal(7). musl keeps
// 34 for itself, and Go's runtime therefore leaves it alone.
const (
	rtMin = syscall.Signal(35)
	rtMax = syscall.Signal(64)
)

// actor hands the signals to the container until it is interrupted.
func (s *signals) actor(container *boot.Container) (execute func() error, interrupt func(error)) {
	execute = func() error {
		up := container.Up()
		for {
			select {
			case <-up: // not before: CMD is to start at once
				up = nil
				s.catchOthers()
			case sig := <-s.heard:
				container.Signal(sig.(syscall.Signal))
			case <-s.quit:
				return nil
			}
		}
	}
	return execute, func(error) { s.once.Do(func() { close(s.quit) }) }
}
