package forward

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/sillelien/baseinit/syslog"
)

// framing is how the server finds the end of a message.
type framing int

const (
	datagram framing = iota // RFC 5426: one each
	octets                  // RFC 6587, section 3.4.1: "MSG-LEN SP SYSLOG-MSG"
	lines                   // RFC 6587, section 3.4.2: a newline at the end
)

// encoder makes of a message what is sent. Its buffers make it one for a
// single goroutine at a time.
type encoder struct {
	framing framing
	limit   int // of a datagram

	head []byte // what comes before the text
	data []byte // the structured data
}

// append adds the frame of m, and says whether text had to be cut off.
func (e *encoder) append(dst []byte, m *syslog.Message) (out []byte, cut bool) {
	header := *m
	header.StructuredData = e.structuredData(m)
	if e.framing == lines {
		return syslog.RFC5424.Append(dst, &header), false
	}
	header.Text, header.Cut = nil, 0
	e.head = bytes.TrimSuffix(syslog.RFC5424.Append(e.head[:0], &header), []byte{'\n'})

	text, missing := m.Text, m.Cut
	if e.framing == datagram {
		text, missing = e.fit(text, missing)
		cut = missing > m.Cut
	}
	var buf [maxMark]byte
	mark := appendMark(buf[:0], missing)
	if e.framing == octets {
		dst = strconv.AppendInt(dst, int64(len(e.head)+len(text)+len(mark)), 10)
		dst = append(dst, ' ')
	}
	start := len(dst)
	dst = append(dst, e.head...)
	dst = append(dst, text...)
	dst = append(dst, mark...)
	if e.framing == datagram && len(dst)-start > e.limit { // structured data alone is too long
		return dst[:start+e.limit], true
	}
	return dst, cut
}

// fit cuts text so that it, and the mark that says so, have room in a datagram.
func (e *encoder) fit(text []byte, missing int) ([]byte, int) {
	room := e.limit - len(e.head)
	whole := len(text)
	if missing > 0 {
		whole += maxMark
	}
	if whole <= room {
		return text, missing
	}
	keep := min(max(room-maxMark, 0), len(text))
	for i := 0; i < utf8.UTFMax-1 && keep > 0 && keep < len(text) && !utf8.RuneStart(text[keep]); i++ {
		keep--
	}
	return text[:keep], missing + len(text) - keep
}

// maxMark is how long a mark can be.
const maxMark = len("...[cut, 1234567890 bytes more]")

// appendMark adds what the formats of package syslog add to a message that is not whole.
func appendMark(dst []byte, missing int) []byte {
	if missing == 0 {
		return dst
	}
	dst = append(dst, "...[cut, "...)
	dst = strconv.AppendInt(dst, int64(missing), 10)
	return append(dst, " bytes more]"...)
}

// serviceID is the SD-ID of the element that names the service.
const serviceID = "baseinit@32473"

// structuredData returns that of m, with the service in front if it is known. An
// element of that name from the sender is then left out: it may say what it likes, and
// an SD-ID must not come twice (RFC 5424, section 6.3.2).
func (e *encoder) structuredData(m *syslog.Message) []byte {
	if m.Service == "" {
		return m.StructuredData
	}
	dst := e.data[:0]
	dst = append(dst, "["+serviceID+` service="`...)
	for _, r := range m.Service {
		if r == '"' || r == '\\' || r == ']' { // section 6.3.3
			dst = append(dst, '\\')
		}
		dst = utf8.AppendRune(dst, r)
	}
	dst = append(dst, `"]`...)
	for rest := m.StructuredData; len(rest) > 0; {
		n := elementEnd(rest)
		if !isService(rest[:n]) {
			dst = append(dst, rest[:n]...)
		}
		rest = rest[n:]
	}
	e.data = dst
	return dst
}

// elementEnd returns the length of the element that data begins with. Quotes may
// hold brackets.
func elementEnd(data []byte) int {
	quoted := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == ']' && !quoted:
			return i + 1
		}
	}
	return len(data)
}

func isService(element []byte) bool {
	rest, found := bytes.CutPrefix(element, []byte("["+serviceID))
	return found && (len(rest) == 0 || rest[0] == ' ' || rest[0] == ']')
}

// dropped returns the frame of a message that says how many are missing.
func (e *encoder) dropped(host []byte, missing uint64) []byte {
	text := append(strconv.AppendUint([]byte("dropped "), missing, 10), " messages here: the queue for this server was full"...)
	if missing == 1 {
		text = []byte("dropped 1 message here: the queue for this server was full")
	}
	frame, _ := e.append(nil, &syslog.Message{
		Received: time.Now(),
		Facility: syslogFacility,
		Severity: syslog.Warning,
		Hostname: host,
		Tag:      []byte("baseinit"),
		Text:     text,
	})
	return frame
}

// syslogFacility is "messages generated internally by syslogd", RFC 5424,
// section 6.2.1.
const syslogFacility syslog.Facility = 5
