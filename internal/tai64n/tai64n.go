// Package tai64n writes and reads TAI64N labels, the time stamps of s6-log and its
// like: "@" and 24 hexadecimal digits. They count seconds of atomic time, as skalibs
// does: UTC's with all leap seconds. See https://cr.yp.to/libtai/tai64.html.
package tai64n

import (
	"encoding/binary"
	"strconv"
	"time"
)

// Length is that of a label.
const Length = 25

const (
	epoch  = 1 << 62 // the label of TAI's second 0
	before = 10      // leap seconds before 1972
)

// leaps are the days after a leap second, from IERS Bulletin C. There was none since
// 2017, and none is to come after 2035.
var leaps = [...]int64{
	78796800, 94694400, 126230400, 157766400, 189302400, 220924800, 252460800, 283996800, 315532800, 362793600, 394329600, 425865600,
	489024000, 567993600, 631152000, 662688000, 709948800, 741484800, 773020800, 820454400, 867715200, 915148800, 1136073600,
	1230768000, 1341100800, 1435708800, 1483228800,
}

// offset is TAI less UTC at a UTC time.
func offset(unix int64) int64 {
	n := len(leaps)
	for n > 0 && unix < leaps[n-1] {
		n--
	}
	return before + int64(n)
}

const digits = "0123456789abcdef"

// Append appends the label of a time.
func Append(buf []byte, t time.Time) []byte {
	unix := t.Unix()
	buf = append(buf, '@')
	buf = appendHex(buf, uint64(epoch+unix+offset(unix)), 16)
	return appendHex(buf, uint64(t.Nanosecond()), 8)
}

func appendHex(buf []byte, value uint64, width int) []byte {
	for shift := 4 * (width - 1); shift >= 0; shift -= 4 {
		buf = append(buf, digits[value>>shift&15])
	}
	return buf
}

// Parse reads the label that text begins with. It is not ok if there is none.
func Parse(text []byte) (t time.Time, ok bool) {
	if len(text) < Length || text[0] != '@' {
		return t, false
	}
	seconds, err := strconv.ParseUint(string(text[1:17]), 16, 64)
	if err != nil {
		return t, false
	}
	nanos, err := strconv.ParseUint(string(text[17:Length]), 16, 32)
	if err != nil || nanos >= uint64(time.Second) {
		return t, false
	}
	return fromTAI(int64(seconds)-epoch, int64(nanos)), true
}

func fromTAI(tai, nanos int64) time.Time {
	unix := tai - offset(tai)
	unix = tai - offset(unix) // near a leap second the first guess is one too early
	return time.Unix(unix, nanos)
}

// Layout is how s6 shows a time to people, in the local time zone.
const Layout = "2006-01-02 15:04:05.000000000"

// PackedLength is that of a label in binary form: 8 bytes of seconds, 4 of nanoseconds.
const PackedLength = 12

// AppendPacked appends the label of a time in binary form, big endian.
func AppendPacked(buf []byte, t time.Time) []byte {
	unix := t.Unix()
	buf = binary.BigEndian.AppendUint64(buf, uint64(epoch+unix+offset(unix)))
	return binary.BigEndian.AppendUint32(buf, uint32(t.Nanosecond()))
}

// ParsePacked reads a label in binary form from the front of buf, which must hold one.
func ParsePacked(buf []byte) time.Time {
	return fromTAI(int64(binary.BigEndian.Uint64(buf))-epoch, int64(binary.BigEndian.Uint32(buf[8:])))
}
