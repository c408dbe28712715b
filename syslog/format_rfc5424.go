package syslog

import "strconv"

// The lengths of RFC 5424, section 6.
const (
	maxHostname = 255
	maxAppName  = 48
	maxProcID   = 128
	maxMsgID    = 32
)

// appendRFC5424 adds all that comes before the text.
func (f *formatter) appendRFC5424(dst []byte, m *Message) []byte {
	dst = append(dst, '<')
	dst = strconv.AppendInt(dst, int64(m.Facility)<<3|int64(m.Severity&7), 10)
	dst = append(dst, ">1 "...)
	dst = appendStamp(dst, m.Received)
	dst = appendHeaderField(dst, m.Hostname, maxHostname)
	if len(m.Tag) > 0 {
		dst = appendHeaderField(dst, m.Tag, maxAppName)
	} else {
		dst = appendHeaderField(dst, []byte(m.Comm), maxAppName)
	}
	if m.PID != 0 {
		dst = strconv.AppendInt(append(dst, ' '), int64(m.PID), 10)
	} else {
		dst = appendHeaderField(dst, m.ProcID, maxProcID)
	}
	dst = appendHeaderField(dst, m.MsgID, maxMsgID)
	dst = append(dst, ' ')
	if len(m.StructuredData) > 0 {
		dst, _ = f.style().append(dst, m.StructuredData, unlimited)
	} else {
		dst = append(dst, '-')
	}
	return append(dst, ' ')
}

// appendHeaderField adds a blank and the field: PRINTUSASCII, or "-" for none.
func appendHeaderField(dst, field []byte, limit int) []byte {
	dst = append(dst, ' ')
	if len(field) == 0 {
		return append(dst, '-')
	}
	for _, c := range field[:min(len(field), limit)] {
		if c <= ' ' || c >= 0x7f {
			c = '_'
		}
		dst = append(dst, c)
	}
	return dst
}
