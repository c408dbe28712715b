package supervisor

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"
)

// appendText adds the lines of text, each after prefix.
func appendText(b []byte, prefix string, text []byte) []byte {
	for {
		line, rest, more := bytes.Cut(text, []byte{'\n'})
		b = append(b, prefix...)
		b = append(b, line...)
		b = append(b, '\n')
		if !more {
			return b
		}
		text = rest
	}
}

// level is that of each line of a service. How bad a line is only its service knows:
// most programs log everything to stderr, and which stream it was stands beside it.
const level = "info"

// appendJSON adds text as an object, in which invalid UTF-8 becomes U+FFFD. The keys,
// and their order, are those of baseinit's own lines and of syslog's.
func (l *lines) appendJSON(b []byte, at time.Time, text []byte, part int, more bool) []byte {
	b = append(b, `{"ts":"`...)
	b = at.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z")
	b = append(b, `","level":"`+level+`","service":`...)
	b = appendQuoted(b, []byte(l.service))
	b = append(b, `,"stream":"`...)
	b = append(b, l.stream...)
	b = append(b, `","pid":`...)
	b = strconv.AppendInt(b, int64(l.pid), 10)
	b = append(b, `,"msg":`...)
	b = appendQuoted(b, text)
	if part > 0 {
		b = append(b, `,"part":`...)
		b = strconv.AppendInt(b, int64(part), 10)
	}
	if more {
		b = append(b, `,"more":true`...)
	}
	return append(b, "}\n"...)
}

// appendQuoted adds text as a JSON string (RFC 8259, section 7).
func appendQuoted(b, text []byte) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for {
		n := bare(text)
		b = append(b, text[:n]...)
		if text = text[n:]; len(text) == 0 {
			return append(b, '"')
		}
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
		case r == '\n':
			b = append(b, `\n`...)
		case r < 0x20 || r >= 0x7f && r < 0xa0: // what terminals obey
			b = append(b, `\u00`...)
			b = append(b, hex[r>>4], hex[r&15])
		default:
			b = append(b, text[:size]...)
		}
		text = text[size:]
	}
}

// bare is how many bytes at the beginning of text stand for themselves in a string of
// JSON and are ASCII: nearly all are.
func bare(text []byte) (n int) {
	for n < len(text) && text[n] >= ' ' && text[n] < 0x7f && text[n] != '"' && text[n] != '\\' {
		n++
	}
	return n
}
