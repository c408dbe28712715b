//go:build linux

package applet

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/logdir"
	"github.com/sillelien/baseinit/internal/s6log"
)

// The line limit of s6-log, and the least that can be asked for.
const (
	lineLimit      = 8192
	leastLineLimit = 48
)

// logLines is s6-log. Options -t and -e and the directive e are those of s6 before 2.11,
// which scripts of old images use.
func logLines(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "qvbpted:l:")
	o := s6log.Options{LineLimit: lineLimit, Notify: -1}
	verbosity := 1
	for _, option := range options {
		n, err := strconv.ParseUint(option.Arg, 10, 31)
		switch option.Letter {
		case 'q':
			verbosity = max(verbosity-1, 0)
		case 'v':
			verbosity++
		case 'b':
			o.Blocking = true
		case 'p':
			o.Protected = true
		case 't':
			o.StampDirs = true
		case 'e':
			o.StampErr = true
		case 'l':
			ok, o.LineLimit = ok && err == nil, int(n)
		case 'd':
			ok, o.Notify = ok && err == nil, int(n)
		}
	}
	if !ok || len(rest) == 0 {
		return nil, errUsage
	}
	if o.LineLimit > 0 {
		o.LineLimit = max(o.LineLimit, leastLineLimit)
	}
	o.Quiet = verbosity == 0
	return nil, runLog(p, o, rest)
}

// runLog runs a logging script.
func runLog(p *execline.Process, o s6log.Options, rest []string) error {
	if o.Notify >= 0 {
		if err := notifiable(o.Notify); err != nil {
			return err
		}
	}
	script, err := s6log.Parse(rest)
	if err != nil {
		return fail(execline.CodeUsage, "%w", err)
	}
	if script.Extra && !o.Quiet {
		p.Warn(errors.New("what stands after the last action of the script is for nothing"))
	}
	if err := standardOpen(); err != nil {
		return err
	}
	o.Zone = zone(p)
	err = s6log.Run(o, script, p.Env)
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("%w: it must belong to user %d, who this process is", err, os.Geteuid())
	}
	if errors.Is(err, logdir.ErrLocked) {
		return fmt.Errorf("%w: each logger needs a directory of its own", err)
	}
	return err
}

// notifiable checks a descriptor that is to be told of readiness.
func notifiable(fd int) error {
	if fd < 3 {
		return fail(execline.CodeUsage, "cannot tell descriptor %d that all is ready: it must be 3 or more", fd)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
		return fail(execline.CodeUsage, "cannot tell descriptor %d that all is ready: %w", fd, err)
	}
	return nil
}

// standardOpen makes sure that no file gets the number of a standard descriptor.
func standardOpen() error {
	for fd := range 3 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			continue
		}
		if _, err := syscall.Open(os.DevNull, syscall.O_RDWR, 0); err != nil {
			return fmt.Errorf("cannot open standard descriptor %d: %w", fd, err)
		}
	}
	return nil
}
