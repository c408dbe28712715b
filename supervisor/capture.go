package supervisor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// maxLine is the longest line that is passed on whole; a longer one comes in
// pieces of that size, each as a line of its own.
const maxLine = 64 << 10

// readSize is how much is read at once.
const readSize = 16 << 10

// pump copies what a process writes to a pipe, line by line.
type pump struct {
	r       *os.File
	w       io.Writer
	service string
	stream  string
	pid     int
	json    bool
	done    chan struct{} // closed when all is copied
	rest    []byte        // a line whose end has not come yet
	out     []byte
}

// capture gives the write end of a pipe whose lines go to w.
func (s *Supervisor) capture(j *job, stream string, w io.Writer) (*os.File, error) {
	r, theirs, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("cannot make the pipe for %s: %w", stream, err)
	}
	j.theirs = append(j.theirs, theirs)
	j.ends.pumps = append(j.ends.pumps, &pump{
		r: r, w: w, service: j.service.Name, stream: stream, json: j.service.Output == OutputJSON,
		done: make(chan struct{}),
	})
	return theirs, nil
}

// run copies until the last writer has closed the pipe or s.dry ends.
func (p *pump) run(s *Supervisor) {
	stop := context.AfterFunc(s.dry, func() { _ = p.r.Close() })
	defer stop()
	defer p.r.Close()
	for {
		data, buf, err := s.readSome(p.r)
		if len(data) > 0 {
			p.take(data)
		}
		if buf != nil {
			s.buffers.Put(buf)
		}
		if err != nil || len(data) == 0 {
			break
		}
	}
	p.finish()
}

// finish passes on a last line without an end.
func (p *pump) finish() {
	if len(p.rest) > 0 {
		p.line(p.rest)
		p.flush()
	}
}

// readSome waits until there is something to read and only then takes a buffer,
// so that a quiet service costs none. The caller gives the buffer back.
func (s *Supervisor) readSome(f *os.File) (data []byte, buf *[readSize]byte, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, nil, err
	}
	var n int
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		if buf == nil {
			buf = s.buffers.Get().(*[readSize]byte)
		}
		for n, failed = syscall.Read(int(fd), buf[:]); failed == syscall.EINTR; {
			n, failed = syscall.Read(int(fd), buf[:])
		}
		if failed == syscall.EAGAIN {
			s.buffers.Put(buf)
			buf, n, failed = nil, 0, nil
			return false
		}
		return true
	})
	if err == nil {
		err = failed
	}
	if buf != nil {
		data = buf[:max(n, 0)]
	}
	return data, buf, err
}

// take passes the whole lines in data on, and keeps what follows the last.
func (p *pump) take(data []byte) {
	for {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			break
		}
		line := data[:end]
		if len(p.rest) > 0 {
			line = append(p.rest, line...)
			p.rest = nil
		}
		p.line(p.pieces(line))
		data = data[end+1:]
	}
	p.rest = p.pieces(append(p.rest, data...))
	p.flush()
}

// pieces passes on what is too long for one line, and gives the rest, which is
// empty only if text is.
func (p *pump) pieces(text []byte) []byte {
	if len(text) <= maxLine {
		return text
	}
	for ; len(text) > maxLine; text = text[maxLine:] {
		p.line(text[:maxLine])
	}
	return bytes.Clone(text)
}

func (p *pump) flush() {
	if len(p.out) > 0 {
		_, _ = p.w.Write(p.out) // nobody is left to tell
		p.out = p.out[:0]
	}
	if cap(p.out) > 4<<10 {
		p.out = nil // an idle service should not hold much
	}
}

// line adds one line, without its newline, in the service's format.
func (p *pump) line(text []byte) {
	if p.json {
		p.out = appendJSON(p.out, time.Now(), p.service, p.stream, p.pid, text)
	} else {
		p.out = appendTagged(p.out, p.service, text)
	}
}
