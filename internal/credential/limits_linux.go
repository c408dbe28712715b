package credential

import (
	"fmt"
	"syscall"
)

// raise makes hard limits as high as they are to be, which only a privileged process may.
// The rest waits for [Spec.limits]: a process that is short of memory, threads or
// descriptors may not get as far as that.
func (s *Spec) raise() error {
	for _, name := range sorted(s.Rlimits) {
		wanted := s.Rlimits[name]
		var now syscall.Rlimit
		if err := syscall.Getrlimit(resource(name), &now); err != nil {
			return fmt.Errorf("cannot read the limit %s: %w", name, err)
		}
		if wanted.Hard <= now.Max {
			continue
		}
		higher := syscall.Rlimit{Cur: now.Cur, Max: wanted.Hard}
		if err := syscall.Setrlimit(resource(name), &higher); err != nil {
			return fmt.Errorf("cannot raise the hard limit %s from %s to %s%s: %w", name, show(now.Max), show(wanted.Hard),
				needs(err, "CAP_SYS_RESOURCE, or a higher limit of the container (docker run --ulimit)"), err)
		}
	}
	return nil
}

// limits sets the limits, none of which is higher than the hard limit by now.
func (s *Spec) limits() error {
	for _, name := range sorted(s.Rlimits) {
		wanted := s.Rlimits[name]
		if err := syscall.Setrlimit(resource(name), &syscall.Rlimit{Cur: wanted.Soft, Max: wanted.Hard}); err != nil {
			return fmt.Errorf("cannot set the limit %s to %s: %w", name, wanted, err)
		}
	}
	return nil
}
