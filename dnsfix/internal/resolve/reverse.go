package resolve

import (
	"net/netip"
	"strconv"
)

// reverseAddr returns the address that a name below in-addr.arpa or ip6.arpa stands for
// (RFC 1035 3.5, RFC 3596 2.5). The name is in wire form, in any case.
func reverseAddr(name []byte) (netip.Addr, bool) {
	var parts [35][]byte
	n := 0
	for len(name) > 0 && name[0] > 0 {
		end := int(name[0]) + 1
		if n == len(parts) || end > len(name) {
			return netip.Addr{}, false
		}
		parts[n] = name[1:end]
		n++
		name = name[end:]
	}
	if n < 3 || !foldEqual(parts[n-1], "arpa") {
		return netip.Addr{}, false
	}
	switch {
	case n == 6 && foldEqual(parts[n-2], "in-addr"):
		var ip [4]byte
		for i := range ip {
			v, err := strconv.ParseUint(string(parts[3-i]), 10, 8)
			if err != nil {
				return netip.Addr{}, false
			}
			ip[i] = byte(v)
		}
		return netip.AddrFrom4(ip), true
	case n == 34 && foldEqual(parts[n-2], "ip6"):
		var ip [16]byte
		for i := range 32 {
			v, err := strconv.ParseUint(string(parts[31-i]), 16, 4)
			if err != nil || len(parts[31-i]) != 1 {
				return netip.Addr{}, false
			}
			ip[i/2] = ip[i/2]<<4 | byte(v)
		}
		return netip.AddrFrom16(ip).Unmap(), true
	}
	return netip.Addr{}, false
}

// reverseName is the name in wire form that stands for an address.
func reverseName(addr netip.Addr) []byte {
	var name []byte
	label := func(s string) { name = append(append(name, byte(len(s))), s...) }
	if addr.Is4() {
		ip := addr.As4()
		for i := range ip {
			label(strconv.Itoa(int(ip[3-i])))
		}
		label("in-addr")
	} else {
		ip := addr.As16()
		for i := range ip {
			label(strconv.FormatUint(uint64(ip[15-i]&15), 16))
			label(strconv.FormatUint(uint64(ip[15-i]>>4), 16))
		}
		label("ip6")
	}
	label("arpa")
	return append(name, 0)
}
