//go:build linux

package execline

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// trap runs a program, and others when signals come.
func trap(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], "x")
	if !ok {
		return nil, Usage("trap [-x] { SIGNAL { PROGRAM... } ... } PROGRAM...")
	}
	block, rest, err := p.block(rest)
	if err != nil {
		return nil, err
	}
	if len(block) == 0 || len(rest) == 0 {
		return nil, &Exit{CodeUsage, errors.New("there is no signal to trap, or no program to run")}
	}
	traps, fallback, err := p.traps(block)
	if err != nil {
		return nil, err
	}
	caught := make(chan os.Signal, 16)
	var wanted []os.Signal
	if fallback != nil || len(options) > 0 {
		for sig := syscall.Signal(1); sig <= 31; sig++ {
			if sig != syscall.SIGCHLD && sig != syscall.SIGURG && sig != syscall.SIGPROF { // the runtime's, and ours
				wanted = append(wanted, sig)
			}
		}
	}
	for sig := range traps {
		wanted = append(wanted, sig)
	}
	signal.Notify(caught, wanted...) //nolint:forbidigo // a command of its own, never PID 1
	pid, err := p.start(rest, standard())
	if err != nil {
		return nil, err
	}
	p.Set("!", strconv.Itoa(pid))
	ended := make(chan result, 1)
	go func() {
		r, err := wait(pid)
		if err != nil {
			r = result{code: CodeSystem}
		}
		ended <- r
	}()
	running := newTrapped(p)
	for {
		select {
		case r := <-ended:
			return nil, exitOf(r)
		case sig := <-caught:
			number, _ := sig.(syscall.Signal)
			switch {
			case traps[number] != nil:
				running.start(number, traps[number])
			case fallback != nil:
				running.start(number, fallback)
			default:
				_ = syscall.Kill(pid, number)
			}
		}
	}
}

// traps reads the directives of trap. A default of nil is none.
func (p *Process) traps(block []string) (traps map[syscall.Signal][]string, fallback []string, err error) {
	traps = map[syscall.Signal][]string{}
	for len(block) > 0 {
		name := block[0]
		var program []string
		if program, block, err = p.block(block[1:]); err != nil {
			return nil, nil, err
		}
		if program == nil {
			program = []string{}
		}
		if name == "default" {
			fallback = program
			continue
		}
		sig := unix.SignalNum("SIG" + strings.TrimPrefix(strings.ToUpper(name), "SIG"))
		if n, err := strconv.ParseUint(name, 10, 8); err == nil {
			sig = syscall.Signal(n)
		}
		if sig <= 0 || sig > 64 {
			return nil, nil, &Exit{CodeUsage, fmt.Errorf("%q is no signal", name)}
		}
		traps[sig] = program
	}
	return traps, fallback, nil
}

// trapped are the programs that signals have started, at most one for each.
type trapped struct {
	p    *Process
	runs map[syscall.Signal]chan struct{}
}

func newTrapped(p *Process) *trapped {
	return &trapped{p, map[syscall.Signal]chan struct{}{}}
}

func (t *trapped) start(sig syscall.Signal, argv []string) {
	if done := t.runs[sig]; done != nil {
		select {
		case <-done:
		default:
			return
		}
	}
	sub := *t.p
	sub.Set("SIGNAL", strconv.Itoa(int(sig)))
	pid, err := sub.start(argv, standard())
	if err != nil {
		sub.warn("trap", err)
		return
	}
	done := make(chan struct{})
	t.runs[sig] = done
	go func() {
		defer close(done)
		_, _ = wait(pid)
	}()
}
