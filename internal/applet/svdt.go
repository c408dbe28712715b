//go:build linux

package applet

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/servicedir"
	"github.com/sillelien/baseinit/internal/tai64n"
)

// svdt is s6-svdt: how a service died.
func svdt(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "sSn:")
	if !ok || len(rest) != 1 {
		return nil, errUsage
	}
	numbers, most := false, -1
	for _, o := range options {
		switch o.Letter {
		case 'n':
			if most, ok = milliseconds(o.Arg); !ok {
				return nil, errUsage
			}
		default:
			numbers = o.Letter == 's'
		}
	}
	deaths, err := servicedir.ReadTally(serviceDir(p, rest[0]))
	if err != nil {
		return nil, err
	}
	if most >= 0 {
		deaths = deaths[max(len(deaths)-most, 0):]
	}
	var text strings.Builder
	for _, d := range deaths {
		text.Write(tai64n.Append(nil, d.Time))
		switch {
		case d.Signal == 0:
			fmt.Fprintf(&text, " exitcode %d\n", d.Code)
		case numbers:
			fmt.Fprintf(&text, " signal %d\n", d.Signal)
		default:
			fmt.Fprintf(&text, " signal %s\n", signalName(d.Signal))
		}
	}
	return nil, execline.Write(1, text.String())
}

// svdtClear is s6-svdt-clear.
func svdtClear(p *execline.Process, argv []string) ([]string, error) {
	if len(argv) != 2 {
		return nil, errUsage
	}
	dir := serviceDir(p, argv[1])
	err := servicedir.WriteTally(dir, nil)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("cannot clear the death tally of %s: %w", dir, servicedir.ErrUnsupervised)
	}
	return nil, err
}

// permafailon is s6-permafailon: code 125, which ends a service for good, if it died too
// often lately.
func permafailon(_ *execline.Process, argv []string) ([]string, error) {
	_, rest, ok := execline.Options(argv[1:], "")
	if !ok || len(rest) < 4 {
		return nil, errUsage
	}
	within, err1 := strconv.ParseUint(rest[0], 10, 31)
	count, err2 := strconv.ParseUint(rest[1], 10, 31)
	causes, ok := parseCauses(rest[2])
	if err1 != nil || err2 != nil || !ok || count == 0 {
		return nil, errUsage
	}
	deaths, err := servicedir.ReadTally(".")
	if err != nil {
		return nil, err
	}
	n := uint64(0)
	for _, d := range deaths {
		if causes.hold(d) && uint64(max(time.Since(d.Time).Seconds(), 0)) <= within {
			n++
		}
	}
	if n >= count {
		return nil, fail(125, "permanent failure: %d deaths in the last %d seconds", n, within)
	}
	return rest[3:], nil
}

// causes are exit codes and signals.
type causes struct {
	codes   [256]bool
	signals [65]bool
}

func (c *causes) hold(d servicedir.Death) bool {
	if d.Signal != 0 {
		return d.Signal < len(c.signals) && c.signals[d.Signal]
	}
	return c.codes[d.Code]
}

// parseCauses reads "1,101-103,SIGSEGV,sig11".
func parseCauses(text string) (c causes, ok bool) {
	for word := range strings.SplitSeq(text, ",") {
		if sig, found := signalNumber(word); found {
			c.signals[sig] = true
			continue
		}
		from, to, isRange := strings.Cut(word, "-")
		if !isRange {
			to = from
		}
		first, err1 := strconv.ParseUint(from, 10, 8)
		last, err2 := strconv.ParseUint(to, 10, 8)
		if err1 != nil || err2 != nil {
			return c, false
		}
		for ; first <= last; first++ {
			c.codes[first] = true
		}
	}
	return c, true
}
