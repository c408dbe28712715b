package syslog

import (
	"encoding/binary"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// style is how a line shows what it must not hold as it is: control characters
// but TAB, which could forge a line or which a terminal would obey, characters
// that nobody sees ([strconv.IsPrint]), and bytes that are not UTF-8.
type style uint8

const (
	// hexadecimal is `\x1b`, for each byte.
	hexadecimal style = iota
	// octal is "#033", for each byte, as rsyslog does.
	octal
	// quoted is what stands in a JSON string (RFC 8259, section 7): "\u001b" for
	// a character, U+FFFD for a byte that is not UTF-8. It also escapes TAB,
	// quotes and backslashes.
	quoted
)

// unlimited is more than any text has.
const unlimited = 1 << 30

const hexDigits = "0123456789abcdef"

// append adds so much of text as fits into room bytes, and says how much of text
// that is. It parts neither a character nor what stands for one.
func (s style) append(dst, text []byte, room int) (out []byte, used int) {
	for {
		n := min(s.plain(text[used:]), room)
		dst = append(dst, text[used:used+n]...)
		used += n
		room -= n
		if used == len(text) || room == 0 {
			return dst, used
		}
		before := len(dst)
		dst, n = s.appendRune(dst, text[used:])
		if len(dst)-before > room {
			return dst[:before], used
		}
		room -= len(dst) - before
		used += n
	}
}

// plain is how many bytes at the beginning of text are ASCII that needs no
// escape. It looks at eight at a time: nearly all text is nothing else.
func (s style) plain(text []byte) int {
	const (
		ones = 0x0101010101010101
		high = 0x80 * ones
	)
	i := 0
	for ; i+8 <= len(text); i += 8 {
		x := binary.LittleEndian.Uint64(text[i:])
		// The high bit of a byte is set where it was, in x+1 for DEL, in
		// x-0x20 for what is less. A byte that carries to the next has
		// its own bit set.
		odd := x | (x + ones) | (x - 0x20*ones)
		if s == quoted {
			odd |= ((x ^ '"'*ones) - ones) | ((x ^ '\\'*ones) - ones)
		}
		if odd&high != 0 {
			break
		}
	}
	for i < len(text) && text[i] >= ' ' && text[i] < 0x7f && (s != quoted || text[i] != '"' && text[i] != '\\') {
		i++
	}
	return i
}

// appendRune adds the first character of text, and says how many bytes it has.
func (s style) appendRune(dst, text []byte) (out []byte, size int) {
	r, size := utf8.DecodeRune(text)
	bad := r == utf8.RuneError && size == 1
	switch {
	case s == quoted && bad:
		return append(dst, "\uFFFD"...), size
	case s == quoted && (r < utf8.RuneSelf || !strconv.IsPrint(r)):
		return appendQuoted(dst, r), size
	case !bad && (r == '\t' || strconv.IsPrint(r)):
		return append(dst, text[:size]...), size
	}
	for _, c := range text[:size] {
		dst = s.appendByte(dst, c)
	}
	return dst, size
}

// appendByte adds a byte for hexadecimal and octal.
func (s style) appendByte(dst []byte, c byte) []byte {
	if s == octal {
		return append(dst, '#', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
	}
	return append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
}

// appendQuoted adds a character as an escape of JSON.
func appendQuoted(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	if r > 0xffff {
		first, second := utf16.EncodeRune(r)
		return appendQuoted(appendQuoted(dst, first), second)
	}
	return append(dst, '\\', 'u', hexDigits[r>>12], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// appendWord adds a name, in which blanks and brackets are escaped too: where it
// ends must not be its own choice.
func (s style) appendWord(dst, word []byte) []byte {
	start := 0
	for i, c := range word {
		if c == ' ' || c == '\t' || c == '[' || c == ']' {
			dst, _ = s.append(dst, word[start:i], unlimited)
			dst = s.appendByte(dst, c)
			start = i + 1
		}
	}
	dst, _ = s.append(dst, word[start:], unlimited)
	return dst
}
