package credential

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// sets are the capabilities of a thread: capget(2). Bit N of each is capability N.
type sets struct{ effective, permitted, inheritable uint64 }

func getSets() (sets, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var d [2]unix.CapUserData
	if err := unix.Capget(&header, &d[0]); err != nil {
		return sets{}, fmt.Errorf("cannot read the capabilities: %w", err)
	}
	return sets{
		uint64(d[1].Effective)<<32 | uint64(d[0].Effective), uint64(d[1].Permitted)<<32 | uint64(d[0].Permitted),
		uint64(d[1].Inheritable)<<32 | uint64(d[0].Inheritable),
	}, nil
}

func setSets(s sets) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	d := [2]unix.CapUserData{
		{Effective: uint32(s.effective), Permitted: uint32(s.permitted), Inheritable: uint32(s.inheritable)},
		{Effective: uint32(s.effective >> 32), Permitted: uint32(s.permitted >> 32), Inheritable: uint32(s.inheritable >> 32)},
	}
	if err := unix.Capset(&header, &d[0]); err != nil {
		return fmt.Errorf("cannot set the capabilities: %w", err)
	}
	return nil
}

// mask gives the capabilities of a Spec as bits.
func (s *Spec) mask() (mask uint64) {
	for _, name := range *s.Capabilities {
		mask |= 1 << capability(name)
	}
	return mask
}

// bound takes what is not kept out of the bounding set, and makes sure that what is
// kept is there and outlives a change of user. It is for before that change.
func bound(keep uint64) error {
	have, err := getSets()
	if err != nil {
		return err
	}
	for n := range 64 {
		bit := uint64(1) << n
		inBound, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(n), 0, 0, 0)
		switch {
		case err != nil: // the kernel has no more
			if keep&^(bit-1) != 0 {
				return fmt.Errorf("cannot keep %s: this kernel does not have it", capabilityName(n))
			}
			return keepCaps()
		case keep&bit != 0 && have.permitted&bit == 0:
			return fmt.Errorf("cannot keep %s, which baseinit itself has not got: give it to the container "+
				"(docker run --cap-add), and run it as root", capabilityName(n))
		case keep&bit == 0 && inBound == 1:
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(n), 0, 0, 0); err != nil {
				return fmt.Errorf("cannot give up %s%s: %w", capabilityName(n), needs(err, "CAP_SETPCAP, or --cap-drop for the container"), err)
			}
		}
	}
	return keepCaps()
}

// keepCaps lets the permitted set outlive setuid(2).
func keepCaps() error {
	if err := unix.Prctl(unix.PR_SET_KEEPCAPS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot keep capabilities as another user: %w", err)
	}
	return nil
}

// restrict makes those all capabilities of the thread. By the ambient set they outlive
// execve(2) for users other than root. It is for after the change of user.
func restrict(keep uint64) error {
	if err := setSets(sets{keep, keep, keep}); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot clear the ambient capabilities: %w", err)
	}
	for n := range 64 {
		if keep&(1<<n) == 0 {
			continue
		}
		if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, uintptr(n), 0, 0); err != nil {
			return fmt.Errorf("cannot make %s ambient: %w", capabilityName(n), err)
		}
	}
	return nil
}
