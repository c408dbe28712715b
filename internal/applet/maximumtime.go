//go:build linux

package applet

import (
	"fmt"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/execline"
)

// timeLimit is how long a child may take, and what it then gets.
type timeLimit struct {
	after  time.Duration // 0: any time
	signal syscall.Signal
}

// run runs a line as a child. Who takes too long is signalled and not waited for: a child
// that minds no signal must not hold its caller up.
func (l timeLimit) run(p *execline.Process, argv []string) (code int, err error) {
	pid, err := p.Start(argv)
	if err != nil {
		return 0, err
	}
	type end struct {
		code, signal int
		err          error
	}
	ended := make(chan end, 1)
	go func() {
		var e end
		e.code, e.signal, e.err = execline.Wait(pid)
		ended <- e
	}()
	var late <-chan time.Time
	if l.after > 0 {
		late = time.After(l.after)
	}
	select {
	case e := <-ended:
		if e.signal != 0 {
			e.err = fmt.Errorf("%s was ended by signal %d", argv[0], e.signal)
		}
		return e.code, e.err
	case <-late:
		_ = syscall.Kill(pid, l.signal)
		return 0, fail(codeTimeout, "%s took more than %v", argv[0], l.after)
	}
}

// maximumtime is s6-maximumtime.
func maximumtime(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "0abikqtx12")
	if !ok || len(rest) < 2 {
		return nil, errUsage
	}
	ms, ok := milliseconds(rest[0])
	if !ok {
		return nil, errUsage
	}
	limit := timeLimit{time.Duration(ms) * time.Millisecond, syscall.SIGTERM}
	for _, o := range options {
		limit.signal = timeSignal(o.Letter)
	}
	code, err := limit.run(p, rest[1:])
	if err == nil {
		err = exit(code)
	}
	return nil, err
}

// timeSignal gives the signal of an option of s6-maximumtime.
func timeSignal(letter byte) syscall.Signal {
	switch letter {
	case '0':
		return 0
	case 'a':
		return syscall.SIGALRM
	case 'b':
		return syscall.SIGABRT
	case 'i':
		return syscall.SIGINT
	case 'k':
		return syscall.SIGKILL
	case 'q':
		return syscall.SIGQUIT
	case 'x':
		return syscall.SIGXCPU
	case '1':
		return syscall.SIGUSR1
	case '2':
		return syscall.SIGUSR2
	}
	return syscall.SIGTERM
}

// withRetries runs a program until it ends with 0 in its time, at most so many times, and
// one right after the other.
func withRetries(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "n:t:")
	tries, ms := 3, 500
	for _, o := range options {
		n, valid := milliseconds(o.Arg)
		ok = ok && valid
		if o.Letter == 'n' {
			tries = n
		} else {
			ms = n
		}
	}
	if !ok || len(rest) == 0 {
		return nil, errUsage
	}
	limit := timeLimit{time.Duration(ms) * time.Millisecond, syscall.SIGTERM}
	for range tries {
		code, err := limit.run(p, rest)
		if err != nil {
			p.Warn(err)
		} else if code == 0 {
			return nil, nil
		}
	}
	return nil, fail(1, "%s did not end with 0 in %d tries", rest[0], tries)
}
