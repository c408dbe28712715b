//go:build linux

package applet

import (
	"fmt"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/execline"
)

// limits gives what an option of s6-softlimit limits: setrlimit(2).
func limits(letter byte) []int {
	switch letter {
	case 'a':
		return []int{unix.RLIMIT_AS}
	case 'c':
		return []int{unix.RLIMIT_CORE}
	case 'd':
		return []int{unix.RLIMIT_DATA}
	case 'f':
		return []int{unix.RLIMIT_FSIZE}
	case 'l':
		return []int{unix.RLIMIT_MEMLOCK}
	case 'm':
		return []int{unix.RLIMIT_DATA, unix.RLIMIT_STACK, unix.RLIMIT_MEMLOCK, unix.RLIMIT_AS}
	case 'o':
		return []int{unix.RLIMIT_NOFILE}
	case 'p':
		return []int{unix.RLIMIT_NPROC}
	case 'r':
		return []int{unix.RLIMIT_RSS}
	case 's':
		return []int{unix.RLIMIT_STACK}
	}
	return []int{unix.RLIMIT_CPU}
}

// softlimit is s6-softlimit: it sets soft limits, to at most the hard ones.
func softlimit(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "a:c:d:f:l:m:o:p:r:s:t:")
	if !ok || len(rest) == 0 {
		return nil, errUsage
	}
	for _, o := range options {
		wanted, err := strconv.ParseUint(o.Arg, 10, 64)
		if err != nil && o.Arg != "=" {
			return nil, errUsage
		}
		for _, resource := range limits(o.Letter) {
			var limit syscall.Rlimit
			if err := syscall.Getrlimit(resource, &limit); err != nil {
				return nil, fmt.Errorf("cannot read a limit: %w", err)
			}
			limit.Cur = min(wanted, limit.Max)
			if o.Arg == "=" {
				limit.Cur = limit.Max
			}
			if err := syscall.Setrlimit(resource, &limit); err != nil {
				return nil, fmt.Errorf("cannot set the limit -%c to %s: %w", o.Letter, o.Arg, err)
			}
		}
	}
	return rest, nil
}
