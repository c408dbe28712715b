//go:build linux

package s6log

import (
	"time"

	"github.com/sillelien/baseinit/internal/tai64n"
)

// clock writes stamps. It formats the part of a time that is the same for a second once.
type clock struct {
	zone   *time.Location
	second int64
	text   []byte // of that second, with the point
}

const layoutSecond = "2006-01-02 15:04:05."

// iso appends the local time and two blanks, as s6-log's T does.
func (c *clock) iso(buf []byte, now time.Time) []byte {
	if unix := now.Unix(); unix != c.second || c.text == nil {
		c.second = unix
		c.text = now.In(c.zone).AppendFormat(c.text[:0], layoutSecond)
	}
	buf = append(buf, c.text...)
	var digits [9]byte
	for n, i := now.Nanosecond(), len(digits)-1; i >= 0; i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	buf = append(buf, digits[:]...)
	return append(buf, ' ', ' ')
}

// tai appends a TAI64N label and a blank.
func (c *clock) tai(buf []byte, now time.Time) []byte {
	return append(tai64n.Append(buf, now), ' ')
}
