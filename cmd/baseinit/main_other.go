//go:build !linux

package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "baseinit: cannot be a container's first process here:", errors.ErrUnsupported)
	os.Exit(1)
}
