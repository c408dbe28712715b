//go:build !linux

package probe

import (
	"errors"
	"fmt"
)

func newExec(*Spec) (*Probe, error) {
	return nil, fmt.Errorf("cannot probe with a command on this system: %w", errors.ErrUnsupported)
}
