//go:build !linux

package credential

import "slices"

// resource tells whether there is a limit of that name; -1: there is none.
func resource(name string) int { return slices.Index(limitNames[:], name) }
