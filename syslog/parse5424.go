package syslog

import "bytes"

// headerLimits are how long the fields of a header may be: RFC 5424, section 6.
// The stamp's own length is left to isoStamp.
var headerLimits = [...]int{maxHostname, maxHostname, maxAppName, maxProcID, maxMsgID}

// parse5424 takes apart what follows the priority if all of it is as RFC 5424,
// section 6, says. Else it leaves m alone: half a header is text.
//
// A stamp may have nanoseconds, or no zone, though the RFC forbids both: senders
// write it, and nothing depends on it here.
func parse5424(m *Message, s []byte) bool {
	if len(s) < 2 || s[0] != '1' || s[1] != ' ' {
		return false
	}
	s = s[2:]
	var header [len(headerLimits)][]byte
	for i, limit := range headerLimits {
		n := fieldLen(s, limit)
		if n == 0 {
			return false
		}
		header[i], s = fieldValue(s[:n]), s[n+1:]
	}
	stamp, host := header[0], header[1]
	n := structuredLen(s)
	if n == 0 || isoStamp(stamp) != len(stamp) || (n < len(s) && s[n] != ' ') {
		return false
	}
	if host != nil {
		m.Hostname = host
	}
	m.Stamp, m.Tag, m.ProcID, m.MsgID = stamp, header[2], header[3], header[4]
	m.StructuredData = fieldValue(s[:n])
	m.Text = bytes.TrimPrefix(s[min(n+1, len(s)):], []byte("\xef\xbb\xbf"))
	return true
}

// fieldValue is what the field says, or nil for the "-" that says nothing: NILVALUE.
func fieldValue(field []byte) []byte {
	if len(field) == 1 && field[0] == '-' {
		return nil
	}
	return field
}

// fieldLen is how long the field of a header is that s starts with: up to limit
// characters of ASCII that can be seen, and a blank that is not counted.
func fieldLen(s []byte, limit int) int {
	for i, c := range s[:min(len(s), limit+1)] {
		if c == ' ' {
			return i
		}
		if c < ' ' || c >= 0x7f {
			return 0
		}
	}
	return 0
}

// structuredLen is how long the STRUCTURED-DATA is that s starts with, or 0.
func structuredLen(s []byte) int {
	if len(s) > 0 && s[0] == '-' {
		return 1
	}
	n := 0
	for n < len(s) && s[n] == '[' {
		element := elementLen(s[n:])
		if element == 0 {
			return 0
		}
		n += element
	}
	return n
}

// elementLen is how long the SD-ELEMENT is that s starts with, [ID NAME="VALUE" ...],
// or 0.
func elementLen(s []byte) int {
	n := 1 + sdNameLen(s[1:])
	if n == 1 {
		return 0
	}
	for n < len(s) && s[n] == ' ' {
		param := paramLen(s[n+1:])
		if param == 0 {
			return 0
		}
		n += 1 + param
	}
	if n == len(s) || s[n] != ']' {
		return 0
	}
	return n + 1
}

// paramLen is how long the SD-PARAM is that s starts with, NAME="VALUE", or 0.
func paramLen(s []byte) int {
	n := sdNameLen(s)
	if n == 0 || len(s) < n+2 || s[n] != '=' || s[n+1] != '"' {
		return 0
	}
	for n += 2; n < len(s); n++ {
		switch s[n] {
		case '"':
			return n + 1
		case ']':
			return 0 // it had to be escaped
		case '\\':
			// Before anything else than these the backslash is just one.
			if n+1 < len(s) && (s[n+1] == '"' || s[n+1] == '\\' || s[n+1] == ']') {
				n++
			}
		}
	}
	return 0
}

// sdNameLen is how long the SD-NAME is that s starts with, at most 32.
func sdNameLen(s []byte) int {
	s = s[:min(len(s), 32)]
	for i, c := range s {
		if c <= ' ' || c >= 0x7f || c == '=' || c == ']' || c == '"' {
			return i
		}
	}
	return len(s)
}
