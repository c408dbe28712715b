//go:build linux

package applet

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/execline"
)

const (
	codeWrote = 102 // the program wrote where it must not
	fghackFDs = 30  // more than a daemon closes that does not close all
)

// fghack is s6-fghack: the program and its children have many descriptors of one pipe
// open. When all are closed, they have all ended: also those that went into the background.
func fghack(p *execline.Process, argv []string) ([]string, error) {
	if len(argv) < 2 {
		return nil, errUsage
	}
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("cannot make a pipe: %w", err)
	}
	copies := make([]int, fghackFDs)
	for i := range copies {
		fd, err := syscall.Dup(ends[1])
		if err != nil {
			return nil, fmt.Errorf("cannot copy a descriptor: %w", err)
		}
		copies[i] = fd
	}
	pid, err := p.Start(argv[1:])
	if err != nil {
		return nil, err
	}
	for _, fd := range append(copies, ends[1]) {
		_ = unix.Close(fd)
	}
	if n, _ := execline.Descriptor(ends[0]).Read(make([]byte, 1)); n > 0 {
		return nil, fail(codeWrote, "%s wrote to a descriptor that is not its own", argv[1])
	}
	code, signal, err := execline.Wait(pid)
	switch {
	case err != nil:
		return nil, err
	case signal != 0:
		return nil, fmt.Errorf("%s was ended by signal %d", argv[1], signal)
	}
	return nil, exit(code)
}
