package syslog

import (
	"bytes"
	"errors"
)

// errIncomplete is a frame whose end has not come yet.
var errIncomplete = errors.New("the frame is not whole yet")

// maxCount is how many digits a frame's length may have.
const maxCount = 7

// nextFrame takes the first message off a stream. RFC 6587 knows two ways to say
// where one ends, and each message may do it its own way: its length goes before
// it ("11 <13>tag: hi"), or a newline or NUL comes after it. A digit at the
// start is a length only if a priority follows: text may begin with a digit.
//
// size is how many bytes the frame takes. If it is more than there are, the
// message goes on in what will come.
func nextFrame(data []byte) (message []byte, size int, err error) {
	count, digits, err := frameLength(data)
	if err != nil {
		return nil, 0, err
	}
	if digits > 0 {
		size = digits + 1 + count
		return data[digits+1 : min(size, len(data))], size, nil
	}
	end := bytes.IndexAny(data, "\n\x00")
	if end < 0 {
		return nil, 0, errIncomplete
	}
	return data[:end], end + 1, nil
}

// frameLength reads "LENGTH <"; without a length digits is 0.
func frameLength(data []byte) (count, digits int, err error) {
	for digits < len(data) && digits < maxCount && data[digits] >= '0' && data[digits] <= '9' {
		count = 10*count + int(data[digits]-'0')
		digits++
	}
	rest := data[digits:]
	switch {
	case len(data) == 0:
		return 0, 0, errIncomplete
	case digits == 0, data[0] == '0':
		return 0, 0, nil
	case len(rest) == 0, len(rest) == 1 && rest[0] == ' ':
		return 0, 0, errIncomplete
	case rest[0] != ' ', rest[1] != '<', count < len("<0>"):
		return 0, 0, nil
	}
	return count, digits, nil
}
