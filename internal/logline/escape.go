package logline

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// printable returns the first character of s and its size, and whether it can be
// shown as it is: not a newline that would forge a line, nor an escape sequence
// that a terminal would obey, nor a byte that is no UTF-8.
func printable(s string) (r rune, size int, ok bool) {
	r, size = utf8.DecodeRuneInString(s)
	return r, size, strconv.IsPrint(r) && (r != utf8.RuneError || size > 1)
}

// appendPlain adds s for people to read, with what cannot be shown escaped as
// in Go.
func appendPlain(dst []byte, s string) []byte {
	for len(s) > 0 {
		_, size, ok := printable(s)
		if ok {
			dst = append(dst, s[:size]...)
		} else {
			escaped := strconv.Quote(s[:size])
			dst = append(dst, escaped[1:len(escaped)-1]...)
		}
		s = s[size:]
	}
	return dst
}

// appendWord adds s as it is if a person sees where it ends, else in quotes: if
// it is empty, holds a blank, a quote, one of the characters in special, or what
// cannot be shown.
func appendWord(dst []byte, s, special string) []byte {
	quote := s == "" || strings.ContainsAny(s, special)
	for rest := s; !quote && rest != ""; {
		r, size, ok := printable(rest)
		quote = !ok || r == ' ' || r == '"'
		rest = rest[size:]
	}
	if quote {
		return strconv.AppendQuote(dst, s)
	}
	return append(dst, s...)
}

// appendJSON adds s as a JSON string (RFC 8259, section 7) that is safe to show
// on a terminal too. What is not UTF-8 becomes U+FFFD.
func appendJSON(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for len(s) > 0 {
		r, size, ok := printable(s)
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case ok:
			dst = append(dst, s[:size]...)
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		default:
			for _, unit := range utf16.AppendRune(nil, r) {
				dst = fmt.Appendf(dst, `\u%04x`, unit)
			}
		}
		s = s[size:]
	}
	return append(dst, '"')
}
