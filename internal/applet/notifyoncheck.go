//go:build linux

package applet

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/execline"
)

// check is how s6-notifyoncheck polls.
type check struct {
	fd                         int
	initial, global, each, gap time.Duration
	tries                      int // 0: for ever
	text                       string
	detached                   bool
}

// notifyOnCheck is s6-notifyoncheck: it becomes the program, while a child of it asks
// again and again whether that is ready, and says so when it is.
func notifyOnCheck(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "d3:s:T:t:w:n:c:")
	if !ok || len(rest) == 0 {
		return nil, errUsage
	}
	c := check{fd: -1, initial: 10 * time.Millisecond, gap: time.Second, tries: 7}
	for _, o := range options {
		n, isNumber := milliseconds(o.Arg)
		ms := time.Duration(n) * time.Millisecond
		switch o.Letter {
		case 'd':
			c.detached, isNumber = true, true
		case '3':
			c.fd = n
		case 's':
			c.initial = ms
		case 'T':
			c.global = ms
		case 't':
			c.each = ms
		case 'w':
			c.gap = ms
		case 'n':
			c.tries = n
		case 'c':
			c.text, isNumber = o.Arg, true
		}
		if !isNumber {
			return nil, errUsage
		}
	}
	if c.fd < 0 {
		var err error
		if c.fd, err = notificationFD(); err != nil {
			return nil, err
		}
	}
	if err := c.spawn(p); err != nil {
		return nil, err
	}
	syscall.CloseOnExec(c.fd) // the program need not know of it
	return rest, nil
}

// notificationFD reads the file of the service that we are the run program of.
func notificationFD() (int, error) {
	data, err := os.ReadFile("notification-fd")
	if err != nil {
		return 0, fmt.Errorf("cannot tell where to say that the service is ready: %w", err)
	}
	fd, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 31)
	if err != nil {
		return 0, fmt.Errorf("cannot use notification-fd: it holds %q", data)
	}
	return int(fd), nil
}

// poller is the name under which the child that asks is started.
const poller = "baseinit-notifyoncheck"

// spawn starts the child, as a grandchild if it is to be detached: whose parent is gone
// is collected by PID 1, and not by a program which does not know it.
func (c *check) spawn(p *execline.Process) error {
	argv := []string{
		poller, strconv.Itoa(os.Getpid()), strconv.FormatBool(c.detached), strconv.Itoa(c.fd), c.initial.String(), c.global.String(),
		c.each.String(), c.gap.String(), strconv.Itoa(c.tries), c.text,
	}
	files := make([]uintptr, max(c.fd+1, 3))
	for i := range files {
		files[i] = ^uintptr(0)
	}
	for i := range 3 {
		files[i] = uintptr(i)
	}
	files[c.fd] = uintptr(c.fd)
	pid, err := syscall.ForkExec("/proc/self/exe", argv, &syscall.ProcAttr{Env: p.Env, Files: files})
	if err != nil {
		return fmt.Errorf("cannot start the check: %w", err)
	}
	if !c.detached {
		return nil
	}
	for {
		var status syscall.WaitStatus
		if _, err = syscall.Wait4(pid, &status, 0, nil); !errors.Is(err, syscall.EINTR) {
			return nil
		}
	}
}

// pollCheck is the child.
func pollCheck(p *execline.Process, argv []string) ([]string, error) {
	if len(argv) != 10 {
		return nil, errUsage
	}
	daemon, err := strconv.Atoi(argv[1])
	if err != nil {
		return nil, errUsage
	}
	if argv[2] == "true" {
		argv[2] = "false"
		_, err := syscall.ForkExec("/proc/self/exe", argv, &syscall.ProcAttr{Env: p.Env, Files: inherited(argv[3])})
		return nil, err
	}
	c := check{text: argv[9]}
	c.fd, _ = strconv.Atoi(argv[3])
	for i, d := range [...]*time.Duration{&c.initial, &c.global, &c.each, &c.gap} {
		if *d, err = time.ParseDuration(argv[4+i]); err != nil {
			return nil, errUsage
		}
	}
	c.tries, _ = strconv.Atoi(argv[8])
	syscall.CloseOnExec(c.fd)
	return nil, c.poll(p, daemon)
}

// inherited are the standard descriptors and the one with that number.
func inherited(fd string) []uintptr {
	n, _ := strconv.Atoi(fd)
	files := []uintptr{0, 1, 2}
	for len(files) < n {
		files = append(files, ^uintptr(0))
	}
	return append(files[:max(n, 3)], uintptr(n))
}

// poll asks until the answer is yes. Its codes are those of the real one.
func (c *check) poll(p *execline.Process, daemon int) error {
	var end time.Time
	if c.global > 0 {
		end = time.Now().Add(c.global)
	}
	alive, err := unix.PidfdOpen(daemon, 0)
	if err != nil {
		return exit(2) // it has died already
	}
	wait := c.initial
	for try := 1; ; try++ {
		if code := c.sleep(alive, wait, end); code != 0 {
			return exit(code)
		}
		if c.ask(p, alive, end) {
			return execline.Write(c.fd, "\n")
		}
		if try == c.tries {
			return exit(1)
		}
		wait = c.gap
	}
}

// sleep waits, and gives the code to end with if the program dies or the time is over.
func (c *check) sleep(alive int, d time.Duration, end time.Time) int {
	until := time.Now().Add(d)
	if !end.IsZero() && end.Before(until) {
		until = end
	}
	fds := []unix.PollFd{{Fd: int32(alive), Events: unix.POLLIN}}
	for {
		left := time.Until(until)
		if left <= 0 {
			break
		}
		n, err := unix.Poll(fds, int(left/time.Millisecond)+1)
		if n > 0 {
			return 2
		}
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return execline.CodeSystem
		}
	}
	if !end.IsZero() && !time.Now().Before(end) {
		return 3
	}
	return 0
}

// ask runs the check once, and kills it when it takes too long or the program dies.
func (c *check) ask(p *execline.Process, alive int, end time.Time) bool {
	argv := []string{"./data/check"}
	file := argv[0]
	if c.text != "" {
		argv, file = []string{"execlineb", "-Pc", c.text}, "/proc/self/exe"
	}
	pid, err := syscall.ForkExec(file, argv, &syscall.ProcAttr{Env: p.Env, Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Setpgid: true}})
	if err != nil {
		p.Warn(fmt.Errorf("cannot run the check %s: %w", file, err))
		return false
	}
	child, err := unix.PidfdOpen(pid, 0)
	if err == nil {
		limit := time.Time{}
		if c.each > 0 {
			limit = time.Now().Add(c.each)
		}
		if !end.IsZero() && (limit.IsZero() || end.Before(limit)) {
			limit = end
		}
		if !ended(child, alive, limit) {
			_ = syscall.Kill(-pid, syscall.SIGKILL)
		}
		_ = syscall.Close(child)
	}
	for {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(pid, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		return err == nil && status.Exited() && status.ExitStatus() == 0
	}
}

// ended waits for the end of the child, and tells whether it came before that of the
// program and before the limit.
func ended(child, alive int, limit time.Time) bool {
	fds := []unix.PollFd{{Fd: int32(child), Events: unix.POLLIN}, {Fd: int32(alive), Events: unix.POLLIN}}
	for {
		timeout := -1
		if !limit.IsZero() {
			if timeout = int(time.Until(limit)/time.Millisecond) + 1; timeout <= 0 {
				return false
			}
		}
		n, err := unix.Poll(fds, timeout)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return false
		}
		if n > 0 {
			return fds[0].Revents != 0
		}
	}
}
