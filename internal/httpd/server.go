package httpd

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Config says what is served and what clients may take. The zero value of each field but
// Handler is the default.
type Config struct {
	// Handler answers a request. It is called from several goroutines.
	Handler func(w *Response, r *http.Request)
	// Admit gives an error for who may not ask, which is told with status 403.
	// Default: all may.
	Admit func(conn net.Conn) error
	// Problem makes the body of an answer that says what is wrong, and names its type.
	// Default: the text and a newline, text/plain.
	Problem func(text string) (contentType string, body []byte)
	// MaxConns is how many connections are served at once; others wait in the kernel's
	// queue. Default 32.
	MaxConns int
	// MaxLong is how many more may have answers that take long; others get status 503.
	// Default 32.
	MaxLong int
	// HeaderTimeout is how long a client may take to send a request. Default 5 s.
	HeaderTimeout time.Duration
	// IdleTimeout is how long a connection is kept for another request. Default 30 s.
	IdleTimeout time.Duration
	// WriteTimeout is how long a client may take to read an answer. Default 10 s; for each
	// part of one that takes long 30 times that.
	WriteTimeout time.Duration
	// Logger is told of faults of ours. Default: none.
	Logger *zap.Logger
}

// What a request may have, in bytes.
const (
	maxHeader = 16 << 10
	maxBody   = 64 << 10
)

// stopGrace is how long answers may still take when the server ends.
const stopGrace = 100 * time.Millisecond

// Server serves the connections of one or more listeners. Make one with New.
type Server struct {
	cfg   Config
	slots chan struct{} // one for each connection that is served
	long  chan struct{} // one for each answer that takes long
	tasks sync.WaitGroup

	mu      sync.Mutex
	conns   map[*conn]struct{}
	idle    map[*conn]struct{}
	waiting int  // listeners that have a connection and no slot for it
	closed  bool // no request is begun any more
}

// New gives a server that serves nothing yet.
func New(cfg Config) *Server {
	if cfg.Problem == nil {
		cfg.Problem = func(text string) (string, []byte) { return "text/plain; charset=utf-8", []byte(text + "\n") }
	}
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	for _, d := range []struct {
		field *int
		value int
	}{{&cfg.MaxConns, 32}, {&cfg.MaxLong, 32}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&cfg.HeaderTimeout, 5 * time.Second}, {&cfg.IdleTimeout, 30 * time.Second}, {&cfg.WriteTimeout, 10 * time.Second}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return &Server{
		cfg: cfg, slots: make(chan struct{}, cfg.MaxConns), long: make(chan struct{}, cfg.MaxLong),
		conns: map[*conn]struct{}{}, idle: map[*conn]struct{}{},
	}
}

// Serve serves what l accepts until ctx ends, closes l, and returns when all is answered or
// cut off. The server is of no use then. The error is that of l, if that failed.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	err := s.accept(ctx, l)
	_ = l.Close()
	s.shut()
	defer time.AfterFunc(stopGrace, s.cut).Stop()
	s.tasks.Wait()
	return err
}

func (s *Server) accept(ctx context.Context, l net.Listener) error {
	for {
		nc, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = nc.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // too many open files, most likely: others will be closed
			s.cfg.Logger.Warn("cannot accept a connection", zap.Error(err))
			if !pause(ctx) {
				return nil
			}
			continue
		}
		if !s.slot(ctx) {
			_ = nc.Close()
			return nil
		}
		c := newConn(s, nc)
		s.mu.Lock()
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		s.tasks.Go(func() { c.serve(ctx) })
	}
}

// pause waits a moment before the next try; false: it is over.
func pause(ctx context.Context) bool {
	timer := time.NewTimer(100 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// slot waits for a slot, for which a connection that idles has to go.
func (s *Server) slot(ctx context.Context) bool {
	select {
	case s.slots <- struct{}{}:
		return true
	default:
	}
	s.wait(1)
	defer s.wait(-1)
	select {
	case s.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// wait says that one more waits for a slot, or one less.
func (s *Server) wait(change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting += change; change < 0 {
		return
	}
	for c := range s.idle {
		delete(s.idle, c)
		c.wake()
		return
	}
}

// crowded tells whether a connection should go once it has its answer.
func (s *Server) crowded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting > 0 || s.closed
}

// rest notes that a connection idles; false: it should not.
func (s *Server) rest(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting > 0 || s.closed {
		return false
	}
	s.idle[c] = struct{}{}
	return true
}

func (s *Server) awake(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.idle, c)
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// shut ends what idles at once, and all else after a grace.
func (s *Server) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.idle {
		c.wake()
	}
	for c := range s.conns {
		_ = c.SetDeadline(time.Now().Add(stopGrace))
	}
}

// cut closes what is still there.
func (s *Server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}
