//go:build linux

package execline

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// waitWord waits for children. Without a block it is the wait of POSIX.
func waitWord(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], "Iiaort:")
	w := waiting{limit: -1}
	for _, o := range options {
		switch o.Letter {
		case 'i':
			w.strict = true
		case 'I':
			w.strict = false
		case 'o':
			w.one = true
		case 'a':
			w.one = false
		case 'r':
			w.limit = 0
		case 't':
			n, valid := natural(o.Arg, math.MaxInt32)
			ok = ok && valid
			w.limit = time.Duration(n) * time.Millisecond
		}
	}
	if !ok {
		return nil, Usage("wait [-I | -i] [-a | -o] [-r | -t MILLISECONDS] { [PID...] } [PROGRAM...]")
	}
	block, after, err := p.block(rest)
	posix := err != nil
	if posix {
		block, after = rest, nil
	}
	for _, text := range block {
		n, valid := natural(text, math.MaxInt32)
		if !valid {
			return nil, &Exit{CodeUsage, fmt.Errorf("%q is no process", text)}
		}
		w.pids = append(w.pids, n)
	}
	w.named = len(w.pids) > 0
	if err := w.wait(); err != nil {
		return nil, err
	}
	if posix {
		if w.named && w.last == 0 {
			return nil, &Exit{CodeMissing, nil}
		}
		return nil, exitOf(w.status)
	}
	if w.one {
		p.Unset("?")
		p.Unset("!")
		if w.last != 0 {
			p.Set("?", strconv.Itoa(w.status.approximate()))
			p.Set("!", strconv.Itoa(w.last))
		}
	}
	return after, nil
}

// waiting is what wait waits for.
type waiting struct {
	pids        []int
	named       bool // only those
	one, strict bool
	limit       time.Duration // negative: none

	last   int // the process that ended last
	status result
}

func (w *waiting) wait() error {
	deadline := time.Now().Add(w.limit)
	for {
		ended, none, err := w.reap()
		if err != nil || none || ended && w.one {
			return err
		}
		if ended {
			continue
		}
		if w.limit >= 0 && !time.Now().Before(deadline) {
			if w.strict {
				return &Exit{99, errors.New("they did not end in time")}
			}
			return nil
		}
		time.Sleep(time.Millisecond) // wait4(2) has no limit of time
	}
}

// reap collects one child, waiting for it if there is no limit. none says that there
// are no more.
func (w *waiting) reap() (ended, none bool, err error) {
	options := syscall.WNOHANG
	if w.limit < 0 && (!w.one || !w.named || len(w.pids) < 2) {
		options = 0
	}
	targets := w.pids
	if !w.named {
		targets = []int{-1}
	}
	if len(targets) == 0 {
		return false, true, nil
	}
	for i, target := range targets {
		pid, r, err := waitFor(target, options)
		switch {
		case errors.Is(err, syscall.ECHILD):
			if !w.named {
				return false, true, nil
			}
			w.pids = slices.Delete(targets, i, i+1)
			return w.reap()
		case err != nil:
			return false, false, err
		case pid != 0:
			w.last, w.status = pid, r
			if w.named {
				w.pids = slices.Delete(targets, i, i+1)
			}
			return true, false, nil
		}
	}
	return false, false, nil
}
