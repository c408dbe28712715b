package hostsfile

import (
	"net/netip"
	"strings"
)

// Limits of RFC 1035, section 2.3.4, in bytes. maxWire is that of a name as it
// is in a message, which makes 253 of a name with dots.
const (
	maxLabel = 63
	maxWire  = 255
)

// hostName returns a name of a hosts file without a dot at its end, and whether
// it is one: labels of letters, digits, hyphens and underscores, of bytes above
// ASCII too, and no address.
func hostName(word string) (string, bool) {
	name := strings.TrimSuffix(word, ".")
	var wire [maxWire]byte
	if _, ok := AppendWire(wire[:0], word); !ok || name == "" {
		return "", false
	}
	for i := range len(name) {
		if !inName(name[i]) {
			return "", false
		}
	}
	if name[len(name)-1] > '9' { // nothing that is also an address
		return name, true
	}
	_, err := netip.ParseAddr(name)
	return name, err != nil
}

func inName(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c >= 0x80
}

// AppendWire appends a name with dots, with or without one at its end, in the form
// of RFC 1035, section 3.1: each label behind its length, then 0. It keeps the
// case of letters, and knows no escapes. It returns false, and dst, for a name
// with an empty label, one of more than 63 bytes, or more than 255 bytes in all.
func AppendWire(dst []byte, name string) ([]byte, bool) {
	wire := dst
	name = strings.TrimSuffix(name, ".")
	if len(name)+2 > maxWire {
		return dst, false
	}
	for name != "" {
		label, rest, more := strings.Cut(name, ".")
		if label == "" || len(label) > maxLabel || more && rest == "" {
			return dst, false
		}
		wire = append(append(wire, byte(len(label))), label...)
		name = rest
	}
	return append(wire, 0), true
}

// lower changes the letters of ASCII, the only ones that DNS takes as equal (RFC
// 4343). It does no harm to the lengths in a wire name: they are below 'A'.
func lower(wire []byte) {
	for i, c := range wire {
		if 'A' <= c && c <= 'Z' {
			wire[i] = c + 'a' - 'A'
		}
	}
}
