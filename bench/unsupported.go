//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: cannot measure: PID namespaces are Linux's alone")
	os.Exit(1)
}
