//go:build linux

package applet

import (
	"fmt"
	"io"
	"os"

	"github.com/sillelien/baseinit/internal/execline"
)

// cat is s6-cat: standard input to standard output.
func cat(*execline.Process, []string) ([]string, error) {
	if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
		return nil, fmt.Errorf("cannot copy: %w", err)
	}
	return nil, nil
}
