//go:build !linux

// Package addrs tells when the addresses of a network namespace change, as they do when
// a container joins a network or leaves it.
package addrs

import (
	"context"
	"errors"
	"fmt"
)

// Watch calls changed after addresses have come or gone. Here it cannot.
func Watch(context.Context, func()) error {
	return fmt.Errorf("cannot watch addresses: %w on this system", errors.ErrUnsupported)
}
