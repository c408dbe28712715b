package dnsmasq

import (
	"errors"
	"fmt"
	"strconv"
)

// Origin is where an option was given.
type Origin struct {
	// File is the path of the configuration file, "" for the argument list.
	File string
	// Line is the line in File, or the number of the argument, both from 1.
	Line int
}

// String is "argument 3" or "/etc/dnsmasq.conf:12".
func (o Origin) String() string {
	if o.File == "" {
		return "argument " + strconv.Itoa(o.Line)
	}
	return o.File + ":" + strconv.Itoa(o.Line)
}

// Error is an option that cannot be used. [errors.Is] of [errors.ErrUnsupported]
// holds when dnsmasq has the option, and baseinit does not.
type Error struct {
	// Option is the option with its value, as written.
	Option string
	// From is where it was given.
	From Origin
	// Err says what is wrong and what to do.
	Err error
}

func (e *Error) Error() string {
	if no, ok := errors.AsType[unsupportedError](e.Err); ok {
		return fmt.Sprintf("not supported by baseinit: %s (%s): remove it (%s)", e.Option, no.reason, e.From)
	}
	return fmt.Sprintf("cannot use %s (%s): %v", e.Option, e.From, e.Err)
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// unsupportedError is what an option of dnsmasq that baseinit does not have sets.
type unsupportedError struct{ reason string }

func (e unsupportedError) Error() string { return "not supported by baseinit: " + e.reason }

func (e unsupportedError) Is(target error) bool { return target == errors.ErrUnsupported }
