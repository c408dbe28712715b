//go:build linux

package pid1test

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// dockerCaps is what Docker leaves to root.
const dockerCaps = 1<<unix.CAP_CHOWN | 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_FSETID | 1<<unix.CAP_FOWNER |
	1<<unix.CAP_MKNOD | 1<<unix.CAP_NET_RAW | 1<<unix.CAP_SETGID | 1<<unix.CAP_SETUID | 1<<unix.CAP_SETFCAP |
	1<<unix.CAP_SETPCAP | 1<<unix.CAP_NET_BIND_SERVICE | 1<<unix.CAP_SYS_CHROOT | 1<<unix.CAP_KILL |
	1<<unix.CAP_AUDIT_WRITE

// dropPrivileges leaves the process, in the order that needs what goes last,
// with the capabilities and the user of the box.
func (p *plan) dropPrivileges() error {
	keep := p.capabilities()
	for c := range unix.CAP_LAST_CAP + 1 {
		if keep&(1<<c) != 0 {
			continue
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0); err != nil && err != unix.EINVAL {
			return fmt.Errorf("cannot drop capability %d: %w", c, err)
		}
	}
	if err := p.become(); err != nil {
		return err
	}
	if p.Box.UID == 0 {
		if err := setCapabilities(keep); err != nil {
			return fmt.Errorf("cannot set the capabilities: %w", err)
		}
	}
	if p.Box.NoNewPrivs {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return fmt.Errorf("cannot set no_new_privs: %w", err)
		}
	}
	return nil
}

func (p *plan) capabilities() uint64 {
	switch {
	case p.Box.DropCaps:
		return 0
	case p.Box.Privileged:
		return 1<<(unix.CAP_LAST_CAP+1) - 1
	}
	return dockerCaps
}

// become takes the user of the box. Where setgroups(2) is forbidden, which is
// so in a user namespace without root, the groups of the test stay.
func (p *plan) become() error {
	if err := syscall.Setgroups(nil); err != nil && err != syscall.EPERM {
		return fmt.Errorf("cannot drop the groups: %w", err)
	}
	if err := syscall.Setgid(p.Box.GID); err != nil {
		return fmt.Errorf("cannot become group %d: %w", p.Box.GID, err)
	}
	if err := syscall.Setuid(p.Box.UID); err != nil {
		return fmt.Errorf("cannot become user %d: %w", p.Box.UID, err)
	}
	return nil
}

// setCapabilities sets the permitted and the effective set to the part of keep
// that this process has: capset(2).
func setCapabilities(keep uint64) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	for i := range data {
		data[i].Permitted &= uint32(keep >> (32 * i))
		data[i].Effective = data[i].Permitted
		data[i].Inheritable = 0
	}
	return unix.Capset(&header, &data[0])
}
