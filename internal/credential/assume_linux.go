package credential

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
)

// Assume makes the process that. What is so already is not asked of the kernel, which
// refuses it without capabilities: setuid(2), setgroups(2). warn is told what could
// not be done and does not matter.
func (id Identity) Assume(warn func(error)) error {
	if err := id.assumeGroups(warn); err != nil {
		return err
	}
	if id.GID != nil && (*id.GID != os.Getgid() || *id.GID != os.Getegid()) {
		if err := syscall.Setgid(*id.GID); err != nil {
			return fmt.Errorf("cannot become group %d%s: %w", *id.GID, needs(err, "CAP_SETGID"), err)
		}
	}
	if id.UID != nil && (*id.UID != os.Getuid() || *id.UID != os.Geteuid()) {
		if err := syscall.Setuid(*id.UID); err != nil {
			return fmt.Errorf("cannot become user %d%s: %w", *id.UID, needs(err, "CAP_SETUID"), err)
		}
	}
	return nil
}

// assumeGroups sets the supplementary groups. Who may not, and keeps both user and
// group, goes on as he is with a warning: in a container without capabilities a
// script that changes to its own user works.
func (id Identity) assumeGroups(warn func(error)) error {
	if id.Groups == nil {
		return nil
	}
	err := syscall.Setgroups(id.Groups)
	if err == nil {
		return nil
	}
	have, gerr := syscall.Getgroups()
	if gerr == nil && sameGroups(have, id.Groups) {
		return nil
	}
	same := (id.UID == nil || *id.UID == os.Getuid()) && (id.GID == nil || *id.GID == os.Getgid())
	if same && errors.Is(err, syscall.EPERM) {
		warn(fmt.Errorf("the supplementary groups stay %v, as this process may not change them", have))
		return nil
	}
	return fmt.Errorf("cannot set the supplementary groups %v%s: %w", id.Groups, needs(err, "CAP_SETGID"), err)
}

func sameGroups(a, b []int) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// needs says what a process must have for what it may not do.
func needs(err error, what string) string {
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		return ", which needs " + what
	}
	return ""
}
