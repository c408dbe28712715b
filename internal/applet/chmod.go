//go:build linux

package applet

import (
	"fmt"
	"os"
	"strconv"

	"github.com/sillelien/baseinit/internal/execline"
)

// chmod is s6-chmod.
func chmod(_ *execline.Process, argv []string) ([]string, error) {
	_, rest, ok := execline.Options(argv[1:], "")
	if !ok || len(rest) != 2 {
		return nil, errUsage
	}
	mode, err := strconv.ParseUint(rest[0], 8, 12)
	if err != nil {
		return nil, errUsage
	}
	if err := os.Chmod(rest[1], fileMode(mode)); err != nil {
		return nil, fmt.Errorf("cannot change the mode: %w", err)
	}
	return nil, nil
}
