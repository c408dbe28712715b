//go:build linux

package boot

import (
	"syscall"

	"github.com/sillelien/baseinit/supervisor"
)

// The exit codes of a boot that could not be.
const (
	codeBadTree = 100 // the tree is wrong: a bad value, a loop, an unknown name
	// CodeSystem: the system refuses what was asked for by name.
	CodeSystem = 111
	// CodeDNS: names do not resolve, or linked hosts do not answer.
	CodeDNS = 112
)

// outcome is all that the container's exit code depends on.
type outcome struct {
	explicit *int             // what a script wrote into the exit code file
	critical *supervisor.Exit // of the critical service that ended the container
	command  *supervisor.Exit // of CMD
	boot     int              // why the boot failed
	signal   syscall.Signal   // what stopped the boot before it was over
}

// code is the one place where the exit code is decided. The order is that of
// docs/exit-codes.md.
func (o outcome) code() int {
	switch {
	case o.explicit != nil:
		return *o.explicit
	case o.critical != nil:
		return o.critical.Code
	case o.command != nil:
		return o.command.Code
	case o.boot != 0:
		return o.boot
	case o.signal != 0:
		return 128 + int(o.signal)
	default:
		return 0
	}
}
