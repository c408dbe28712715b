//go:build linux

package applet

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/execline"
)

// mkfifo is s6-mkfifo.
func mkfifo(_ *execline.Process, argv []string) ([]string, error) {
	options, names, ok := execline.Options(argv[1:], "m:")
	mode := uint64(0o666)
	for _, o := range options {
		n, err := strconv.ParseUint(o.Arg, 8, 12)
		ok, mode = ok && err == nil, n
	}
	if !ok || len(names) == 0 {
		return nil, errUsage
	}
	for _, name := range names {
		if err := unix.Mkfifo(name, uint32(mode)); err != nil {
			return nil, fmt.Errorf("cannot make the FIFO %s: %w", name, err)
		}
		if len(options) == 0 {
			continue
		}
		if err := os.Chmod(name, fileMode(mode)); err != nil { // whatever the umask is
			return nil, fmt.Errorf("cannot make the FIFO: %w", err)
		}
	}
	return nil, nil
}
