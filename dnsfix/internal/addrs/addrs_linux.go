// Package addrs tells when the addresses of a network namespace change, as they do when
// a container joins a network or leaves it.
package addrs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// settle is how long nothing more must happen until a change is told. After soon it is told
// in any case.
const (
	settle = 100 * time.Millisecond
	soon   = 5 * settle
)

// Watch calls changed after addresses have come or gone, one call after the other, until
// ctx ends. The error is that the kernel does not tell (rtnetlink(7)); it is nil if ctx has ended.
func Watch(ctx context.Context, changed func()) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("cannot watch addresses: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR}); err != nil {
		_ = unix.Close(fd)
		return fmt.Errorf("cannot watch addresses: %w", err)
	}
	socket := os.NewFile(uintptr(fd), "rtnetlink")
	defer context.AfterFunc(ctx, func() { _ = socket.Close() })()
	defer func() { _ = socket.Close() }()
	buf := make([]byte, 4096)
	for {
		_, err := socket.Read(buf)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !errors.Is(err, unix.ENOBUFS): // ENOBUFS: so much has happened that some of it was lost
			return fmt.Errorf("cannot watch addresses: %w", err)
		}
		for first := time.Now(); err == nil && time.Since(first) < soon; { // what follows at once belongs to it
			_ = socket.SetReadDeadline(time.Now().Add(settle))
			_, err = socket.Read(buf)
		}
		_ = socket.SetReadDeadline(time.Time{})
		if ctx.Err() != nil {
			return nil
		}
		changed()
	}
}
