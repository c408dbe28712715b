package syslog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"
)

// DefaultSocket is where syslog(3) sends to: _PATH_LOG.
const DefaultSocket = "/dev/log"

// Config is what a SyslogSink may be told. The zero value of every field is its
// default, and that of all of them what a container needs.
type Config struct {
	// Listen lists the sockets: the path of a datagram socket, or stream:PATH,
	// udp:HOST:PORT, tcp:HOST:PORT. HOST must be a loopback address (default
	// 127.0.0.1), PORT is 514 by default. Sockets of chroots are further
	// paths. Streams may hold messages with their length before them and such
	// that end in a newline or NUL, also mixed (RFC 6587). Default
	// [DefaultSocket] alone.
	Listen []string
	// Fallback lists datagram sockets of which the first that can be made
	// stands in for one of Listen that cannot: on a read-only /dev, or a /dev
	// of which we are not the owner. A directory that is missing is made.
	Fallback []string
	// Required makes New fail when a socket of Listen cannot be made. Without
	// it that is a warning.
	Required bool

	// QueueMessages and QueueBytes bound what waits to be written. Default
	// 32,768 messages and 8 MiB of them.
	QueueMessages, QueueBytes int
	// Block makes senders wait when the queue is full, instead of dropping
	// what they send.
	Block bool
	// MaxMessage is how many bytes of a message are kept. Default 65,536.
	MaxMessage int

	// Service names the service that a process is the first process of, or
	// "". It is asked for the sender of a message, for the leaders of its
	// process group and session, and for its ancestors; it must not wait for
	// anything, and is called from several goroutines. Default: nobody knows
	// services.
	Service func(pid int) string

	// Filter keeps a message or not. Default: all are kept.
	Filter *Filter
	// RateLimit bounds how much a service may say. Default: as it likes.
	RateLimit RateLimit

	// Format is that of the lines. Default Text.
	Format Format
	// Timestamps puts the time before lines in Text.
	Timestamps bool
	// OctalEscapes writes what cannot be shown as #ooo, as rsyslog does,
	// instead of \xhh.
	OctalEscapes bool
	// MaxLine is how many bytes a line may have without its newline; longer
	// ones go on in further lines. Docker and containerd cut at 16 KiB
	// themselves, CRI-O at 8. Default: no limit.
	MaxLine int
	// Stderr gets the lines; it may block. Each call of Write has whole lines:
	// as many as a pipe takes in one piece (PIPE_BUF, 4,096 bytes), or
	// a longer one. Default os.Stderr, or nothing if there is a Handler.
	Stderr io.Writer
	// Stdout gets what is less severe than err, if it is not nil.
	Stdout io.Writer
	// Handler gets each message that is kept, from one goroutine. While it
	// is busy, messages wait in the queue.
	Handler func(*Message)

	// FlushTimeout is how long Run goes on writing at its end. Default 1 s.
	FlushTimeout time.Duration
	// Logger gets what is wrong with the sockets. Default: nobody.
	Logger *zap.Logger
}

// Stats counts messages. Each that was received is in one of the next five.
type Stats struct {
	Received   uint64
	Written    uint64 // all its lines, or handled by the Handler
	Dropped    uint64 // for want of room, or because writing failed
	Filtered   uint64 // not kept by the Filter
	Suppressed uint64 // by the RateLimit
	Waiting    uint64 // neither yet

	Cut uint64 // how many of those received were longer than MaxMessage
}

// SyslogSink is bound sockets and what becomes of the messages that they bring.
// Make one with New, and Run it once.
//
//nolint:revive // SyslogSink is what the parts of baseinit have called it from the start
type SyslogSink struct {
	cfg    Config
	queue  *queue
	writer *writer
	ready  chan struct{}

	leaving chan struct{} // closed by Leave
	leave   sync.Once

	mu      sync.Mutex
	sockets []socket
	readers sync.WaitGroup
}

// socket is one that is bound.
type socket interface {
	name() string
	run() error // reads until stop, then what is there
	stop()
	close()
}

// New binds the sockets. It fails if the Config is wrong, and if a socket that is
// Required cannot be made.
//
// A socket that nobody listens on any more is replaced. One on which another program
// does, a syslogd or the host's socket mounted into the container, is left to it.
func New(cfg Config) (*SyslogSink, error) {
	addresses, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	s := &SyslogSink{
		cfg:   cfg,
		queue: newQueue(cfg.QueueMessages, cfg.QueueBytes, cfg.Block),
		ready: make(chan struct{}), leaving: make(chan struct{}),
	}
	s.writer = newWriter(&cfg, s.queue)
	if err := s.listen(addresses); err != nil {
		s.closeAll()
		return nil, err
	}
	return s, nil
}

// complete puts in the defaults.
func (c *Config) complete() ([]address, error) {
	if len(c.Listen) == 0 {
		c.Listen = []string{DefaultSocket}
	}
	if c.Stderr == nil && c.Handler == nil {
		c.Stderr = os.Stderr
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	c.QueueMessages = orDefault(c.QueueMessages, 32<<10)
	c.QueueBytes = orDefault(c.QueueBytes, 8<<20)
	c.MaxMessage = orDefault(c.MaxMessage, 64<<10)
	c.FlushTimeout = orDefault(c.FlushTimeout, time.Second)
	var addresses []address
	var errs []error
	for _, text := range c.Listen {
		a, err := parseAddress(text)
		addresses, errs = append(addresses, a), append(errs, err)
	}
	for _, text := range c.Fallback {
		_, err := parsePath(text)
		if err != nil {
			err = fmt.Errorf("cannot fall back to %q: %w", text, err)
		}
		errs = append(errs, err)
	}
	return addresses, errors.Join(errs...)
}

func orDefault[T int | time.Duration](value, otherwise T) T {
	if value <= 0 {
		return otherwise
	}
	return value
}

// listen binds all sockets, as far as that can be done.
func (s *SyslogSink) listen(addresses []address) error {
	lengthenQueues()
	fallback := s.cfg.Fallback
	var errs []error
	for _, a := range addresses {
		err := s.bind(a)
		switch {
		case err == nil:
		case s.cfg.Required:
			errs = append(errs, fmt.Errorf("cannot listen on %s: %w", a, err))
		case errors.Is(err, errLive):
			s.cfg.Logger.Warn(fmt.Sprintf("syslog: %s is left alone: %v", a, err))
		default:
			fallback = s.fallBack(a, err, fallback)
		}
	}
	return errors.Join(errs...)
}

// fallBack binds the first of the paths that can be bound, and gives those that
// are left.
func (s *SyslogSink) fallBack(a address, cause error, paths []string) []string {
	for a.kind == unixDatagram && len(paths) > 0 {
		path := paths[0]
		paths = paths[1:]
		if err := s.bind(address{path: path}); err == nil {
			s.cfg.Logger.Warn(fmt.Sprintf("syslog: cannot listen on %s: %v%s: listening on %s instead, for programs that can be told so, as with logger -u", a, cause, reason(cause), path))
			return paths
		}
	}
	s.cfg.Logger.Warn(fmt.Sprintf("syslog: cannot listen on %s: %v%s: what programs send there is lost", a, cause, reason(cause)))
	return paths
}

// reason adds to an error what it takes to be rid of it.
func reason(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return " (it takes root)"
	}
	return ""
}

func (s *SyslogSink) add(sock socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets = append(s.sockets, sock)
}

// Listening lists the sockets that are bound, in the form of Config.Listen.
func (s *SyslogSink) Listening() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, sock := range s.sockets {
		names = append(names, sock.name())
	}
	return names
}

// Ready is closed when Run reads.
func (s *SyslogSink) Ready() <-chan struct{} { return s.ready }

// Leave says that the end of Run is near: a socket that is unlinked from now on is not
// bound again. To end that watch takes the kernel up to 15 ms, which Run need not
// wait for if it was told in time. It may be called at any time, also again.
func (s *SyslogSink) Leave() { s.leave.Do(func() { close(s.leaving) }) }

// Stats returns the counts as of now.
func (s *SyslogSink) Stats() Stats {
	c, waiting := s.queue.stats()
	return Stats{
		Received: c.received, Written: c.written, Dropped: c.dropped, Filtered: c.filtered,
		Suppressed: c.suppressed, Cut: c.cut, Waiting: uint64(waiting),
	}
}

// Actor gives what run.Group.Add of github.com/oklog/run wants.
func (s *SyslogSink) Actor() (execute func() error, interrupt func(error)) {
	ctx, cancel := context.WithCancel(context.Background())
	return func() error { return s.Run(ctx) }, func(error) { cancel() }
}

// Run reads and writes until ctx ends. Then the sockets take nothing more, what they
// hold is read and written, and they are closed and their paths removed. The
// error tells if messages could not be written within FlushTimeout; a goroutine
// may then still be in a Write that does not return.
func (s *SyslogSink) Run(ctx context.Context) error {
	written := make(chan struct{})
	go func() { defer close(written); s.writer.run() }()
	for _, sock := range s.bound() {
		s.read(sock)
	}
	close(s.ready)

	s.watch(ctx) // until ctx ends
	for _, sock := range s.bound() {
		sock.stop()
	}
	late, cancel := context.WithTimeout(context.Background(), s.cfg.FlushTimeout)
	defer cancel()
	context.AfterFunc(late, s.queue.close) // a reader that waits for room gives up
	s.readers.Wait()
	s.queue.close()
	err := s.flush(late, written)
	s.closeAll()
	return err
}

func (s *SyslogSink) flush(late context.Context, written <-chan struct{}) error {
	select {
	case <-written:
		return nil
	case <-late.Done():
	}
	if waiting := s.Stats().Waiting; waiting > 0 {
		return fmt.Errorf("cannot write the last %s of syslog within %v", plural(waiting, "message"), s.cfg.FlushTimeout)
	}
	return nil
}

func (s *SyslogSink) bound() []socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]socket(nil), s.sockets...)
}

// read starts to read a socket.
func (s *SyslogSink) read(sock socket) {
	s.readers.Go(func() {
		if err := sock.run(); err != nil {
			s.cfg.Logger.Error("syslog: " + err.Error())
		}
	})
}

func (s *SyslogSink) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sock := range s.sockets {
		sock.close()
	}
	s.sockets = nil
}
