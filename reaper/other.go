//go:build !linux

package reaper

import (
	"context"
	"errors"
	"fmt"
)

func adopt(bool) error {
	return fmt.Errorf("cannot reap orphans here, only on Linux: %w", errors.ErrUnsupported)
}

func (r *Reaper) run(context.Context) error { return adopt(true) }

// Childless is for Linux; it reports false elsewhere.
func Childless() bool { return false }
