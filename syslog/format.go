package syslog

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Format is what a message looks like when it is written.
//
// In each of them a line is what it seems to be, whatever the sender put into
// any part of its message: control characters but TAB, characters that cannot be
// seen (those that [strconv.IsPrint] refuses) and bytes that are not UTF-8 are
// shown as `\x1b`, byte for byte, and in [JSON] and the quoted values of
// [Logfmt] as "\u001b" or U+FFFD. All output is UTF-8.
//
// Of a message that is longer than Config.MaxMessage the last line ends with
// "...[cut, 1234 bytes more]"; JSON and Logfmt have a field "cut" instead.
type Format int

// The formats.
const (
	// Text is for people, a line for each line of the message:
	//
	//	[web] daemon.info nginx[77]: text
	//
	// The service is left out where it is not known, and so is the process.
	// Without a tag the name of the program stands there, or else "-". The
	// process is the one that the kernel names: Message.PID. There is no
	// time, since a container's runtime notes it for each line.
	Text Format = iota
	// Raw is what was sent, on one line: "<30>Nov 23 13:30:05 nginx[77]: text".
	Raw
	// Traditional is what syslogd writes to files, rsyslog's
	// RSYSLOG_TraditionalFileFormat, in local time, a line for each line of
	// the message:
	//
	//	Nov 23 13:30:05 host nginx[77]: text
	Traditional
	// RFC5424 is that of RFC 5424, section 6, on one line:
	//
	//	<30>1 2026-11-23T18:05:00.123456Z host nginx 77 - - text
	//
	// Fields of the header are cut to the length that it allows, and what
	// it does not allow in them becomes "_".
	RFC5424
	// JSON is one object a line, with the keys that lines of services have:
	//
	//	{"ts":"2026-11-23T18:05:00.123456Z","level":"info","service":"web","stream":"syslog","pid":77,
	//	"facility":"daemon","severity":"info","tag":"nginx","comm":"nginx","uid":0,"msg":"text"}
	//
	// The level is debug, info, warn or error, as in the lines of baseinit
	// itself, the severity is the sender's. Further keys are procid (that of
	// the tag, if it is not the pid), msgid and sd (of RFC 5424), host and
	// from (who sent it, where the kernel does not know the user) and cut.
	// What is empty or unknown is left out, but msg never.
	JSON
	// Logfmt has the fields of JSON as key=value, with quotes where a value
	// needs them, and always around msg.
	Logfmt
)

var formatNames = [...]string{"text", "raw", "traditional", "rfc5424", "json", "logfmt"}

// ParseFormat returns the format of that name: text, raw, traditional, rfc5424,
// json or logfmt. The error lists them.
func ParseFormat(name string) (Format, error) {
	if i := slices.Index(formatNames[:], name); i >= 0 {
		return Format(i), nil
	}
	return 0, fmt.Errorf("cannot use the format %q: the formats are %s", name, strings.Join(formatNames[:], ", "))
}

// String is the name that [ParseFormat] takes.
func (f Format) String() string {
	if f >= 0 && int(f) < len(formatNames) {
		return formatNames[f]
	}
	return "format " + strconv.Itoa(int(f))
}

// Append adds the message to dst, as one line or, in Text and Traditional, as
// many as it has. Each ends with a newline.
func (f Format) Append(dst []byte, m *Message) []byte {
	dst, _ = (&formatter{format: f}).append(dst, m)
	return dst
}

// formatter makes lines of messages.
type formatter struct {
	format Format
	// stamps puts the time before the lines of Text, in UTC and as in JSON.
	stamps bool
	// octal shows a control character as rsyslog does, "#033".
	octal bool
	// maxLine is how many bytes a line may have, without its newline; 0 for
	// any number. What is longer goes on in further lines with the same
	// beginning; JSON and Logfmt count them in a field "part", and have
	// more=true in all but the last. A line has room for minRoom bytes
	// of text, if need be by being longer.
	maxLine int
}

// minRoom is more than the longest escape, so that each line gets on.
const minRoom = 32

// append adds the lines of m, and says how many they are. A line is a head, which
// all lines repeat, text, and a tail.
func (f *formatter) append(dst []byte, m *Message) (out []byte, lines int) {
	start := len(dst)
	dst = f.appendHead(dst, m)
	head := len(dst) - start
	text, room, escapes := f.text(m), f.room(head, m.Cut), f.style()
	for {
		line, newline := f.firstLine(text, room)
		var n int
		dst, n = escapes.append(dst, line, room)
		if n == len(line) {
			n += newline
		}
		text = text[n:]
		lines++
		dst = f.appendTail(dst, lines, len(text) > 0, m.Cut)
		dst = append(dst, '\n')
		if len(text) == 0 {
			return dst, lines
		}
		dst = append(dst, dst[start:start+head]...)
	}
}

func (f *formatter) appendHead(dst []byte, m *Message) []byte {
	switch f.format {
	case Raw:
		return dst
	case Traditional:
		return f.appendTraditional(dst, m)
	case RFC5424:
		return f.appendRFC5424(dst, m)
	case JSON, Logfmt:
		return f.appendFields(dst, m)
	default:
		return f.appendText(dst, m)
	}
}

// appendTail adds what follows the text of the part-th line; more of the message
// may follow in the next.
func (f *formatter) appendTail(dst []byte, part int, more bool, cut int) []byte {
	switch {
	case f.format == JSON || f.format == Logfmt:
		return f.appendLastFields(dst, part, more, cut)
	case cut > 0 && !more:
		dst = append(dst, "...[cut, "...)
		dst = strconv.AppendInt(dst, int64(cut), 10)
		return append(dst, " bytes more]"...)
	}
	return dst
}

// room is how many bytes of text fit between a head and a tail.
func (f *formatter) room(head, cut int) int {
	if f.maxLine <= 0 {
		return unlimited
	}
	const digits = "1234567890"
	tail := 0
	switch {
	case f.format == JSON || f.format == Logfmt:
		tail = len(`","cut":` + digits + `,"part":` + digits + `,"more":true}`)
	case cut > 0:
		tail = len("...[cut, " + digits + " bytes more]")
	}
	return max(f.maxLine-head-tail, minRoom)
}

func (f *formatter) style() style {
	switch {
	case f.format == JSON || f.format == Logfmt:
		return quoted
	case f.octal:
		return octal
	}
	return hexadecimal
}

func (f *formatter) text(m *Message) []byte {
	if f.format == Raw {
		return m.Raw
	}
	return m.Text
}

// firstLine returns the first line of text, or more of it than there is room
// for, and how many bytes the newline after it has. A newline at the end begins
// no further line.
func (f *formatter) firstLine(text []byte, room int) (line []byte, newline int) {
	if f.format != Text && f.format != Traditional {
		return text, 0
	}
	line = text[:min(len(text), room+len("\r\n"))]
	i := bytes.IndexByte(line, '\n')
	switch {
	case i < 0:
		return line, 0
	case i > 0 && line[i-1] == '\r':
		return line[:i-1], 2
	}
	return line[:i], 1
}
