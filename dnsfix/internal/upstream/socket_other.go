//go:build !linux

package upstream

import (
	"net"
	"net/netip"
)

// dial returns a socket that is connected to a server. Ports are the system's choice.
func (c *Client) dial(addr netip.AddrPort) (socket, error) {
	if c.cfg.QueryPort > 0 {
		c.port.Lock()
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addr))
	if err != nil && c.cfg.QueryPort > 0 {
		c.port.Unlock()
	}
	return conn, err
}
