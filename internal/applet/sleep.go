//go:build linux

package applet

import (
	"strconv"
	"time"

	"github.com/sillelien/baseinit/internal/execline"
)

// sleep is s6-sleep.
func sleep(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "m")
	unit := time.Second
	if len(options) > 0 {
		unit = time.Millisecond
	}
	if !ok || len(rest) != 1 {
		return nil, errUsage
	}
	n, err := strconv.ParseUint(rest[0], 10, 32)
	if err != nil {
		return nil, errUsage
	}
	time.Sleep(time.Duration(n) * unit)
	return nil, nil
}
