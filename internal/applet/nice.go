//go:build linux

package applet

import (
	"fmt"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/execline"
)

// nice is s6-nice.
func nice(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "Iin:")
	more, strict := 10, false
	for _, o := range options {
		if o.Letter != 'n' {
			strict = o.Letter == 'i'
			continue
		}
		n, err := strconv.Atoi(o.Arg)
		ok, more = ok && err == nil, n
	}
	if !ok {
		return nil, errUsage
	}
	runtime.LockOSThread() // setpriority(2) is about a thread, which here becomes the program
	now, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot read the nice value: %w", err)
	}
	now = 20 - now // as the system call gives it
	if len(rest) == 0 {
		return nil, execline.Write(1, strconv.Itoa(now)+"\n")
	}
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, min(max(now+more, -20), 19)); err != nil {
		err = fmt.Errorf("cannot change the nice value by %d: %w", more, err)
		if strict {
			return nil, err
		}
		p.Warn(err)
	}
	return rest, nil
}

// syncDisks is s6-sync.
func syncDisks(_ *execline.Process, argv []string) ([]string, error) {
	if len(argv) > 1 {
		return nil, errUsage
	}
	unix.Sync()
	return nil, nil
}
