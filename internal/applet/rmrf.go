//go:build linux

package applet

import (
	"fmt"
	"os"

	"github.com/sillelien/baseinit/internal/execline"
)

// rmrf is s6-rmrf: it removes trees and follows no links. What is not there is no error.
func rmrf(_ *execline.Process, argv []string) ([]string, error) {
	_, paths, ok := execline.Options(argv[1:], "")
	if !ok || len(paths) == 0 {
		return nil, errUsage
	}
	for _, path := range paths {
		if err := os.RemoveAll(path); err != nil {
			return nil, fmt.Errorf("cannot remove: %w", err)
		}
	}
	return nil, nil
}
