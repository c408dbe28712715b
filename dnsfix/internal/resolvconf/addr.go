package resolvconf

import (
	"net/netip"
	"strconv"
	"strings"
)

// parseAddr reads an address as both C libraries do: inet_aton(3) for IPv4, then
// inet_pton(3) with a zone behind "%".
func parseAddr(text string) (netip.Addr, bool) {
	if addr, ok := parseIPv4(text); ok {
		return addr, true
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is6() {
		return netip.Addr{}, false
	}
	addr = addr.Unmap()
	if !addr.IsLinkLocalUnicast() && !addr.IsLinkLocalMulticast() {
		addr = addr.WithZone("") // no meaning, and the C libraries drop it
	}
	return addr, true
}

// parseIPv4 reads what inet_aton(3) reads: 10.1 is 10.0.0.1, and a part can be
// octal (010) or hexadecimal (0x0a).
func parseIPv4(text string) (netip.Addr, bool) {
	parts := strings.Split(text, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var ip uint64
	for i, part := range parts {
		n, ok := parseC(part)
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (4 - i) // the last part fills the rest
		}
		if !ok || n >= 1<<bits {
			return netip.Addr{}, false
		}
		ip = ip<<bits | n
	}
	return netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)}), true
}

// parseC reads a number as strtoul(3) with base 0 does, if it begins with a digit.
func parseC(text string) (uint64, bool) {
	digits, base := text, 10
	switch {
	case text == "" || text[0] < '0' || text[0] > '9':
		return 0, false
	case strings.HasPrefix(text, "0x"), strings.HasPrefix(text, "0X"):
		digits, base = text[2:], 16
	case text[0] == '0':
		base = 8
	}
	n, err := strconv.ParseUint(digits, base, 64)
	return n, err == nil
}
