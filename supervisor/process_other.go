//go:build !linux

package supervisor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"
)

// This file stands in for what needs Linux. Services that are Funcs work, those
// that are processes fail to start.

var errPlatform = fmt.Errorf("not on %s: %w", runtime.GOOS, errors.ErrUnsupported)

func startProcess(j *job) (instance, error) {
	return nil, fmt.Errorf("cannot start %s: %w", j.command[0], errPlatform)
}

func pipeCloexec(*[2]int) error { return errPlatform }

type mailbox struct{}

func (s *Supervisor) openMailbox(*unit) (*mailbox, error) {
	return nil, fmt.Errorf("cannot make the notification socket: %w", errPlatform)
}

func (m *mailbox) address() string { return "" }
func (m *mailbox) close()          {}

type process struct{}

type processTable struct{}

func (t *processTable) kin(int) []process { return nil }

func (t *processTable) sweep(context.Context, remains, syscall.Signal, time.Time) error { return nil }

type remains struct {
	group int
	kin   []process
}

func (r remains) any() bool { return false }

// StopDescendants stops every process that descends from the calling one. It
// needs Linux.
func StopDescendants(context.Context, time.Duration) error { return errPlatform }
