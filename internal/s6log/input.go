//go:build linux

package s6log

import (
	"bytes"
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	readSize = 64 << 10 // what a pipe holds
	mostLeft = 1 << 20  // what is read after SIGTERM
)

// input is standard input, as lines. A zero byte ends a line, too.
type input struct {
	buf    []byte
	held   int // how much of buf is the beginning of a line
	limit  int
	ended  bool
	ending bool // to end soon: left more bytes, and then at the end of the line
	left   int
}

func newInput(limit int) *input {
	return &input{buf: make([]byte, max(readSize, 2*limit)), limit: limit}
}

// end makes the input end where it now does: what has been written to it already, and the
// rest of the line that this ends in, are still read. The real one leaves what is in the
// pipe to the next s6-log, which at the end of a container does not come.
func (in *input) end() {
	if in.ending {
		return
	}
	in.ending = true
	if n, err := unix.IoctlGetInt(0, unix.TIOCINQ); err == nil {
		in.left = min(n, mostLeft)
	}
	in.ended = in.left == 0 && in.held == 0
}

// read reads once and gives each line, without its end, to a function.
func (in *input) read(line func([]byte)) error {
	if in.held == len(in.buf) {
		in.buf = append(in.buf, make([]byte, len(in.buf))...)
	}
	room := in.buf[in.held:]
	if in.ending {
		room = room[:min(len(room), max(in.left, 1))]
	}
	n, err := syscall.Read(0, room)
	switch {
	case errors.Is(err, syscall.EINTR), errors.Is(err, syscall.EAGAIN):
		return nil
	case err != nil || n == 0:
		if in.held > 0 {
			line(in.buf[:in.held])
		}
		in.held, in.ended = 0, true
		return err
	}
	in.left = max(in.left-n, 0)
	in.split(in.buf[:in.held+n], line)
	in.ended = in.ending && in.left == 0 && in.held == 0
	return nil
}

// split gives away the lines of data, which buf begins with, and holds what is left.
func (in *input) split(data []byte, line func([]byte)) {
	for {
		end := lineEnd(data)
		switch {
		case in.limit > 0 && (end > in.limit || end < 0 && len(data) > in.limit):
			line(data[:in.limit])
			data = data[in.limit:]
		case end < 0:
			in.held = copy(in.buf, data)
			return
		default:
			line(data[:end])
			data = data[end+1:]
		}
	}
}

// lineEnd is where the first line ends, or negative.
func lineEnd(data []byte) int {
	end := bytes.IndexByte(data, '\n')
	if end >= 0 {
		data = data[:end]
	}
	if zero := bytes.IndexByte(data, 0); zero >= 0 {
		return zero
	}
	return end
}
