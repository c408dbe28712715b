package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// readSize is how much is read at once.
const readSize = 16 << 10

// output is what becomes of the service's output: who looks for a line must see it.
func (v *Service) output() Output {
	if v.Output == OutputRaw && v.Readiness.Line != nil {
		return OutputPlain
	}
	return v.Output
}

// Captured tells whether the lines of a service that Services has given pass through the
// supervisor, and so through Config.OnLine. Of one with LogTo, only stderr does, unless
// its Readiness has a Line.
func (v *Service) Captured() bool { return v.Func == nil && v.output() != OutputRaw }

// pump copies what a process writes to a pipe, line by line.
type pump struct {
	lines
	r    *os.File
	done chan struct{} // closed when all is copied
}

// capture gives the write end of a pipe whose lines go to w.
func (s *Supervisor) capture(j *job, stream string, w io.Writer, as Output) (*os.File, error) {
	r, theirs, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("cannot make the pipe for %s: %w", stream, err)
	}
	j.theirs = append(j.theirs, theirs)
	p := &pump{r: r, done: make(chan struct{})}
	p.lines = lines{
		w: w, as: as, service: j.service.Name, stream: stream, join: j.service.JoinLines || s.cfg.JoinLines,
		onLine: s.cfg.OnLine, prefix: "[" + j.service.Name + "] ",
	}
	if s.cfg.Prefix != nil && as == OutputText {
		p.prefix = s.cfg.Prefix(j.service.Name, stream)
	}
	j.ends.pumps = append(j.ends.pumps, p)
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
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			p.conclude()
			p.flush()
		case err != nil || len(data) == 0:
			p.finish()
			return
		}
		p.hurry()
	}
}

// hurry sees to it that a record does not wait long for a line that may belong to it.
func (p *pump) hurry() {
	if !p.join {
		return
	}
	var limit time.Time // none
	if p.open {
		limit = time.Now().Add(joinPatience)
	}
	_ = p.r.SetReadDeadline(limit) // a pipe can have one
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

// awaited is the line that makes a run of a service ready. It is looked for in
// stdout and stderr, one line at a time.
type awaited struct {
	mu    sync.Mutex
	line  func([]byte) bool // nil: it has come
	ready func()
}

// await gives the job's pumps the line to look for.
func (j *job) await() {
	if j.service.Readiness.Line == nil || j.ready == nil {
		return
	}
	wanted := &awaited{line: j.service.Readiness.Line, ready: j.ready}
	for _, p := range j.ends.pumps {
		p.wanted = wanted
	}
}

// look tells whether the line has come.
func (a *awaited) look(text []byte) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.line != nil && a.line(text) {
		a.line = nil
		a.ready()
	}
	return a.line == nil
}
