package supervisor

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"
)

// appendTagged adds "[service] text\n".
func appendTagged(b []byte, service string, text []byte) []byte {
	b = append(b, '[')
	b = append(b, service...)
	b = append(b, "] "...)
	b = append(b, bytes.TrimSuffix(text, []byte{'\r'})...)
	return append(b, '\n')
}

// appendJSON adds a line as an object: when, which service, which stream, which
// process, and the text, in which invalid UTF-8 becomes U+FFFD.
func appendJSON(b []byte, at time.Time, service, stream string, pid int, text []byte) []byte {
	b = append(b, `{"ts":"`...)
	b = at.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z")
	b = append(b, `","service":`...)
	b = appendQuoted(b, []byte(service))
	b = append(b, `,"stream":"`...)
	b = append(b, stream...)
	b = append(b, `","pid":`...)
	b = strconv.AppendInt(b, int64(pid), 10)
	b = append(b, `,"msg":`...)
	b = appendQuoted(b, bytes.TrimSuffix(text, []byte{'\r'}))
	return append(b, "}\n"...)
}

// appendQuoted adds text as a JSON string (RFC 8259, section 7).
func appendQuoted(b, text []byte) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(b, "\uFFFD"...)
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\t':
			b = append(b, `\t`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r < 0x20 || r == 0x7f:
			b = append(b, `\u00`...)
			b = append(b, hex[r>>4], hex[r&15])
		default:
			b = append(b, text[:size]...)
		}
		text = text[size:]
	}
	return append(b, '"')
}
