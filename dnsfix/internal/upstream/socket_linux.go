package upstream

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// dial returns a socket that is connected to a server, from a port as Config says. It is
// half of what net.DialUDP costs, which asks for both addresses and makes objects of them.
func (c *Client) dial(addr netip.AddrPort) (socket, error) {
	if c.cfg.QueryPort > 0 {
		c.port.Lock()
	}
	sock, err := c.open(addr)
	if err != nil && c.cfg.QueryPort > 0 {
		c.port.Unlock()
	}
	return sock, err
}

func (c *Client) open(addr netip.AddrPort) (socket, error) {
	to := sockaddr(addr)
	family := unix.AF_INET
	if addr.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot make a socket: %w", err)
	}
	if err := c.bind(fd, family); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	if err := unix.Connect(fd, to); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "udp"), nil
}

// bind chooses a port if the kernel is not to.
func (c *Client) bind(fd, family int) error {
	low, high := c.cfg.MinPort, c.cfg.MaxPort
	if c.cfg.QueryPort > 0 {
		low, high = c.cfg.QueryPort, c.cfg.QueryPort
	}
	if low <= 0 || high < low {
		return nil
	}
	var err error
	for range 16 {
		port := uint16(low + rand.IntN(high-low+1))
		from := netip.IPv4Unspecified()
		if family == unix.AF_INET6 {
			from = netip.IPv6Unspecified()
		}
		if err = unix.Bind(fd, sockaddr(netip.AddrPortFrom(from, port))); err == nil {
			return nil
		}
	}
	return fmt.Errorf("cannot ask from ports %d to %d: %w", low, high, err)
}

func sockaddr(addr netip.AddrPort) unix.Sockaddr {
	if addr.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}
	}
	sa := &unix.SockaddrInet6{Port: int(addr.Port()), Addr: addr.Addr().As16()}
	if zone := addr.Addr().Zone(); zone != "" {
		if i, err := net.InterfaceByName(zone); err == nil {
			sa.ZoneId = uint32(i.Index)
		} else if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
			sa.ZoneId = uint32(n)
		}
	}
	return sa
}
