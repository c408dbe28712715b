package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// appendLower appends name with A-Z as a-z. The lengths of labels are below 'A', so
// that a whole name in wire form may be given.
func appendLower(dst, name []byte) []byte {
	for ; len(name) >= 8; name = name[8:] {
		dst = binary.LittleEndian.AppendUint64(dst, lowerWord(word(name)))
	}
	for _, c := range name {
		dst = append(dst, byte(lowerWord(uint64(c))))
	}
	return dst
}

// word returns the first eight bytes of b.
func word(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// shortWord returns b, which has at most eight bytes, in a word.
func shortWord(b []byte) (w uint64) {
	for i, c := range b {
		w |= uint64(c) << (8 * i)
	}
	return w
}

// lowerWord makes those of eight bytes that are A-Z a-z.
func lowerWord(x uint64) uint64 {
	const ones = 0x0101010101010101
	low := x &^ (0x80 * ones)
	fromA, aboveZ := low+(0x80-'A')*ones, low+(0x7F-'Z')*ones
	upper := (fromA ^ aboveZ) &^ x & (0x80 * ones)
	return x | upper>>2
}

// equalFold compares names in wire form as DNS does (RFC 4343).
func equalFold(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for len(a) >= 8 {
		if x, y := word(a), word(b); x != y && lowerWord(x) != lowerWord(y) {
			return false
		}
		a, b = a[8:], b[8:]
	}
	return lowerWord(shortWord(a)) == lowerWord(shortWord(b))
}

// isWithin tells whether name is zone or below it. Both are in wire form.
func isWithin(name, zone []byte) bool {
	for len(name) > len(zone) {
		name = name[1+int(name[0]):]
	}
	return equalFold(name, zone)
}

// skipName returns the offset behind the name at off, which may end in a pointer.
func skipName(msg []byte, off int) (end int, ok bool) {
	for off < len(msg) {
		switch n := int(msg[off]); {
		case n == 0:
			return off + 1, true
		case n < 64:
			off += 1 + n
		case n >= 0xC0:
			return off + 2, off+2 <= len(msg)
		default:
			return 0, false
		}
	}
	return 0, false
}

// maxSteps is how many labels and pointers a name of 255 bytes may have: 127 of each.
const maxSteps = 256

// pointer returns where the pointer at off leads to. That must be further back than
// before, where the pointer before led, which ends all loops and is all that RFC 1035
// 4.1.4 allows ("a prior occurrence").
func pointer(msg []byte, off, before int) (to int, ok bool) {
	if off+1 >= len(msg) || msg[off] < 0xC0 {
		return 0, false
	}
	to = int(be16(msg[off:]) &^ 0xC000)
	return to, headerLen <= to && to < before
}

// expand appends the name at off without its pointers, and returns the offset behind
// it.
func expand(dst, msg []byte, off int) (name []byte, end int, ok bool) {
	start, before := len(dst), off
	for range maxSteps {
		if off >= len(msg) {
			break
		}
		n := int(msg[off])
		if n == 0 {
			if end == 0 {
				end = off + 1
			}
			return append(dst, 0), end, true
		}
		if n < 64 {
			if off+1+n > len(msg) || len(dst)-start+1+n >= MaxName {
				break
			}
			dst = append(dst, msg[off:off+1+n]...)
			off += 1 + n
			continue
		}
		to, ok := pointer(msg, off, before)
		if !ok {
			break
		}
		if end == 0 {
			end = off + 2
		}
		off, before = to, to
	}
	return dst[:start], 0, false
}

// nameBuffer is room for one name, on the stack.
type nameBuffer [MaxName]byte

// isName tells whether the name at off of msg is name, which has no pointers. It reads
// no further than they are equal.
func isName(msg []byte, off int, name []byte) bool {
	before := off
	for range maxSteps {
		if off >= len(msg) {
			return false
		}
		n := int(msg[off])
		if n < 64 {
			if off+1+n > len(msg) || 1+n > len(name) || !equalFold(msg[off:off+1+n], name[:1+n]) {
				return false
			}
			if off, name = off+1+n, name[1+n:]; n == 0 {
				return len(name) == 0
			}
			continue
		}
		to, ok := pointer(msg, off, before)
		if !ok {
			return false
		}
		off, before = to, to
	}
	return false
}

var errName = errors.New("a name has at most 255 bytes, in labels of 1 to 63")

// AppendName appends text, such as "www.example.com" with or without the final dot,
// in wire form and in the case it has. "" and "." are the root. A backslash takes the
// meaning of the next character, or stands with three digits for a byte (RFC 1035
// 5.1). The error names text.
func AppendName(dst []byte, text string) ([]byte, error) {
	start, label := len(dst), len(dst)
	dst = append(dst, 0)
	bad := func() ([]byte, error) {
		return dst[:start], fmt.Errorf("cannot use %q as a host name: %w", text, errName)
	}
	if text == "." {
		return dst, nil
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '.' {
			if len(dst)-label == 1 {
				return bad()
			}
			label = len(dst)
			dst = append(dst, 0)
			continue
		}
		if c == '\\' {
			var n int
			if c, n = unescape(text[i+1:]); n == 0 {
				return bad()
			}
			i += n
		}
		dst = append(dst, c)
		if dst[label]++; dst[label] > 63 {
			return bad()
		}
	}
	if dst[label] > 0 {
		dst = append(dst, 0)
	}
	if len(dst)-start > MaxName {
		return bad()
	}
	return dst, nil
}

// unescape reads what follows a backslash, and says how much of text that was.
func unescape(text string) (c byte, n int) {
	if text == "" {
		return 0, 0
	}
	if text[0] < '0' || text[0] > '9' {
		return text[0], 1
	}
	if len(text) < 3 {
		return 0, 0
	}
	v := 0
	for _, digit := range []byte(text[:3]) {
		if digit < '0' || digit > '9' {
			return 0, 0
		}
		v = 10*v + int(digit-'0')
	}
	if v > 255 {
		return 0, 0
	}
	return byte(v), 3
}

// AppendText appends the name at the start of wire as text that AppendName reads,
// with the final dot. What is no name is cut off where it ceases to be one.
func AppendText(dst, wire []byte) []byte {
	if len(wire) == 0 || wire[0] == 0 {
		return append(dst, '.')
	}
	for len(wire) > 0 && wire[0] > 0 && int(wire[0]) < len(wire) && wire[0] < 64 {
		n := 1 + int(wire[0])
		for _, c := range wire[1:n] {
			dst = appendEscaped(dst, c)
		}
		dst = append(dst, '.')
		wire = wire[n:]
	}
	return dst
}

func appendEscaped(dst []byte, c byte) []byte {
	switch {
	case c <= ' ' || c >= 0x7F:
		return append(dst, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
	case c == '.' || c == '\\' || c == '"' || c == '(' || c == ')' || c == ';' || c == '@' || c == '$':
		return append(dst, '\\', c)
	}
	return append(dst, c)
}
