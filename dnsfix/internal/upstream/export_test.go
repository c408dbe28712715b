package upstream

import "net/netip"

// TakeForPublic has a server on loopback treated as one far away.
func TakeForPublic(c *Client, addr netip.AddrPort) { c.server(addr).near = false }
