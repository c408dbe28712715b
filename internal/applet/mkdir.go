//go:build linux

package applet

import (
	"fmt"
	"os"
	"strconv"

	"github.com/sillelien/baseinit/internal/execline"
)

// mkdir is s6-mkdir.
func mkdir(_ *execline.Process, argv []string) ([]string, error) {
	options, dirs, ok := execline.Options(argv[1:], "pvm:")
	mode, parents := uint64(0o777), false
	exact := false
	for _, o := range options {
		switch o.Letter {
		case 'p':
			parents = true
		case 'm':
			n, err := strconv.ParseUint(o.Arg, 8, 12)
			ok, mode, exact = ok && err == nil, n, true
		}
	}
	if !ok || len(dirs) == 0 {
		return nil, errUsage
	}
	for _, dir := range dirs {
		create := os.Mkdir
		if parents {
			create = os.MkdirAll
		}
		if err := create(dir, os.FileMode(mode&0o777)); err != nil {
			return nil, fmt.Errorf("cannot make the directory: %w", err)
		}
		if !exact {
			continue
		}
		if err := os.Chmod(dir, fileMode(mode)); err != nil { // whatever the umask is
			return nil, fmt.Errorf("cannot make the directory: %w", err)
		}
	}
	return nil, nil
}

// fileMode makes the kernel's bits Go's.
func fileMode(bits uint64) os.FileMode {
	mode := os.FileMode(bits & 0o777)
	if bits&0o4000 != 0 {
		mode |= os.ModeSetuid
	}
	if bits&0o2000 != 0 {
		mode |= os.ModeSetgid
	}
	if bits&0o1000 != 0 {
		mode |= os.ModeSticky
	}
	return mode
}
