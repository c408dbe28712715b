package syslog

import (
	"bytes"
	"strconv"
)

// fields are the keys and values of a line in JSON or Logfmt.
type fields struct {
	buf    []byte
	logfmt bool
}

// appendFields adds all fields before the text, and what begins that.
func (f *formatter) appendFields(dst []byte, m *Message) []byte {
	w := fields{dst, f.format == Logfmt}
	if w.logfmt {
		w.buf = appendStamp(append(w.buf, "ts="...), m.Received)
	} else {
		w.buf = append(appendStamp(append(w.buf, `{"ts":"`...), m.Received), '"')
	}
	w.text("level", []byte(level(m.Severity)))
	w.text("service", []byte(m.Service))
	w.text("stream", []byte("syslog"))
	w.number("pid", m.PID)
	if !isNumber(m.ProcID, m.PID) {
		w.text("procid", m.ProcID)
	}
	w.text("facility", []byte(m.Facility.String()))
	w.text("severity", []byte(m.Severity.String()))
	w.text("tag", m.Tag)
	w.text("comm", []byte(m.Comm))
	if m.UID >= 0 {
		w.key("uid")
		w.buf = strconv.AppendInt(w.buf, int64(m.UID), 10)
	} else {
		w.text("host", m.Hostname)
		w.text("from", []byte(m.From))
	}
	w.text("msgid", m.MsgID)
	w.text("sd", m.StructuredData)
	w.key("msg")
	return append(w.buf, '"')
}

// appendLastFields ends the text and the line, which is the part-th of m.
func (f *formatter) appendLastFields(dst []byte, part int, more bool, cut int) []byte {
	w := fields{append(dst, '"'), f.format == Logfmt}
	if !more {
		w.number("cut", cut)
	}
	if more || part > 1 {
		w.number("part", part)
	}
	if more {
		w.key("more")
		w.buf = append(w.buf, "true"...)
	}
	if !w.logfmt {
		w.buf = append(w.buf, '}')
	}
	return w.buf
}

func (w *fields) key(name string) {
	if w.logfmt {
		w.buf = append(w.buf, ' ')
		w.buf = append(w.buf, name...)
		w.buf = append(w.buf, '=')
		return
	}
	w.buf = append(w.buf, `,"`...)
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, `":`...)
}

// number adds a field unless it is 0.
func (w *fields) number(name string, n int) {
	if n != 0 {
		w.key(name)
		w.buf = strconv.AppendInt(w.buf, int64(n), 10)
	}
}

// text adds a field unless it is empty.
func (w *fields) text(name string, value []byte) {
	if len(value) == 0 {
		return
	}
	w.key(name)
	if w.logfmt && isWord(value) {
		w.buf = append(w.buf, value...)
		return
	}
	w.buf = append(w.buf, '"')
	w.buf, _ = quoted.append(w.buf, value, unlimited)
	w.buf = append(w.buf, '"')
}

// isWord says whether value can stand in Logfmt without quotes.
func isWord(value []byte) bool {
	for _, c := range value {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\' {
			return false
		}
	}
	return true
}

// level is the word that zap, and so baseinit itself, has for a severity.
func level(s Severity) string {
	switch {
	case s <= Error:
		return "error"
	case s == Warning:
		return "warn"
	case s <= Informational:
		return "info"
	default:
		return "debug"
	}
}

// isNumber says whether text is n in digits.
func isNumber(text []byte, n int) bool {
	var digits [20]byte
	return bytes.Equal(text, strconv.AppendInt(digits[:0], int64(n), 10))
}
