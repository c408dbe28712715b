//go:build linux

package applet

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/sillelien/baseinit/internal/execline"
)

// nuke is s6-nuke: it signals all processes of the container but PID 1 and itself, which is
// what kill(2) does with -1. Where PID 1 is another program, those are the machine's or
// another container's, and it does nothing.
func nuke(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "htk")
	if !ok || len(rest) > 0 {
		return nil, errUsage
	}
	if len(options) == 0 {
		return nil, nil
	}
	if err := inOurContainer(); err != nil {
		return nil, fmt.Errorf("cannot signal all processes: %w (s6-svscanctl -t /run/service stops a container)", err)
	}
	for _, sig := range nukeSignals(execline.Given(options)) {
		if err := syscall.Kill(-1, sig); err != nil && !errors.Is(err, syscall.ESRCH) { // there may be no other
			return nil, fmt.Errorf("cannot signal all processes: %w", err)
		}
	}
	return nil, nil
}

func nukeSignals(given map[byte]bool) (signals []syscall.Signal) {
	if given['h'] {
		signals = append(signals, syscall.SIGHUP)
	}
	if given['t'] {
		signals = append(signals, syscall.SIGTERM, syscall.SIGCONT)
	}
	if given['k'] {
		signals = append(signals, syscall.SIGKILL)
	}
	return signals
}

// inOurContainer tells whether PID 1 is this program: then all processes that can be seen
// are those of its container.
func inOurContainer() error {
	first, err := os.Stat("/proc/1/exe")
	if err != nil {
		return fmt.Errorf("PID 1 does not show what it is: %w", err)
	}
	self, err := os.Stat("/proc/self/exe")
	if err != nil {
		return err
	}
	if !os.SameFile(first, self) {
		return errors.New("PID 1 is another program, so they are not those of a container of ours")
	}
	return nil
}
