//go:build linux

package pid1test

import (
	"bytes"
	"io"
	"sync"
)

// output keeps what a box prints, and tells who waits that there is more.
type output struct {
	mu      sync.Mutex
	both    bytes.Buffer // in the order of arrival
	stdout  bytes.Buffer
	stderr  bytes.Buffer
	changed chan struct{} // closed and replaced by each write
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

// text returns all that came, and what is closed when more has come.
func (o *output) text() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.both.String(), o.changed
}

func (o *output) part(b *bytes.Buffer) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return b.String()
}

// writer returns what adds to one of the two streams.
func (o *output) writer(b *bytes.Buffer) io.Writer {
	return writerFunc(func(p []byte) (int, error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.both.Write(p)
		b.Write(p)
		close(o.changed)
		o.changed = make(chan struct{})
		return len(p), nil
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
