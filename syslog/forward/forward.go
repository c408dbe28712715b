package forward

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/sillelien/baseinit/syslog"
)

// Config says where messages go, and how. Only Target must be set.
type Config struct {
	// Target is the server: udp://HOST, tcp://HOST or tls://HOST, with :PORT
	// behind it if that is not 514, or for TLS 6514. An IPv6 address stands in
	// brackets. Names are looked up when a connection is made.
	Target string
	// LineFeed ends each message with a newline instead of beginning it
	// with its length, for servers that know only the former: RFC 6587,
	// section 3.4.2. Control characters in messages, newlines above all, are
	// then escaped as in [syslog.RFC5424]. For TCP only.
	LineFeed bool

	// CAFile holds the certificates, in PEM, of the authorities that may
	// vouch for the server. Default: those of the system. For TLS, like the
	// next three; the files are read once, by New.
	CAFile string
	// CertFile and KeyFile are the certificate that is shown to a server which
	// asks for one, with what leads from it to the authority, and its key.
	// In PEM; both or none. Default: none.
	CertFile, KeyFile string
	// ServerName is the name or address that the server's certificate must
	// be for. Default: HOST of Target.
	ServerName string

	// QueueBytes bounds the messages, as they are sent, that are kept in
	// memory: those that wait and those that are on their way. Default 1 MiB.
	QueueBytes int
	// QueueMessages bounds their number. Default: any.
	QueueMessages int
	// MaxDatagram is how many bytes a message over UDP may have, at least 480
	// and at most 65507. The rest is cut off. Default 8192: RFC 5426, section
	// 3.2, asks servers for 2048, but they take more (rsyslog 8 KiB) or cut it
	// themselves.
	MaxDatagram int

	// Timeout is how long the server may take to accept a connection, for the TLS
	// handshake included, and how long it may take nothing of what is
	// sent, before the connection counts as broken. Default 30 s.
	Timeout time.Duration
	// FlushTimeout is how long Run goes on sending after its ctx has ended.
	// Default 2 s.
	FlushTimeout time.Duration

	// Logger gets one Warn line when the server cannot be reached, and one Info
	// line when it can be again. It may be one whose lines come
	// back to Handle. Default: none.
	Logger *zap.Logger
}

// maxUDP is what a datagram can hold in IPv4: 65535 less 20 and 8 of headers.
const maxUDP = 65507

// minDatagram is what every server must take: RFC 5426, section 3.2.
const minDatagram = 480

// Forwarder forwards messages. Make it with New; its methods may be called from
// any goroutine.
type Forwarder struct {
	cfg    Config
	target target
	log    *zap.Logger
	dialer dialer

	mu      sync.Mutex // guards the next two
	encoder encoder
	scratch []byte

	queue   *queue
	counts  counts
	started atomic.Bool
	ready   chan struct{}
}

// counts are Run's part of Stats.
type counts struct {
	connections, failures atomic.Uint64
}

// Stats counts what a Forwarder was given and what became of it. Each message that
// Handle got is in exactly one of Sent, Dropped and Waiting.
type Stats struct {
	Sent    uint64 // see the package comment for what that means
	Dropped uint64 // for want of room, or not sent when Run ended
	Waiting uint64 // neither yet
	Cut     uint64 // shortened to fit into a datagram

	Connections uint64 // made; UDP: sockets
	Failures    uint64 // attempts that failed, and connections that broke within a second or stalled
}

// New checks c, reads the files that it names, and returns a Forwarder. It does
// not touch the network: a server that is not there yet is no error.
func New(c Config) (*Forwarder, error) {
	t, err := parseTarget(c.Target)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(c.complete(), c.fits(t)); err != nil {
		return nil, fmt.Errorf("cannot forward to %s: %w", t, err)
	}
	tlsConfig, err := c.tls(t)
	if err != nil {
		return nil, fmt.Errorf("cannot forward to %s: %w", t, err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "" // "-" in a message
	}
	f := &Forwarder{
		cfg:     c,
		target:  t,
		log:     c.Logger.Named("forward"),
		dialer:  dialer{target: t, tls: tlsConfig, timeout: c.Timeout, dial: (&net.Dialer{}).DialContext},
		encoder: encoder{framing: c.framing(t), limit: c.MaxDatagram},
		ready:   make(chan struct{}),
	}
	note := encoder{framing: f.encoder.framing, limit: c.MaxDatagram}
	f.queue = newQueue(c.QueueBytes, c.QueueMessages, func(missing uint64) []byte {
		return note.dropped([]byte(host), missing)
	})
	return f, nil
}

// complete fills in defaults, and reports numbers that make no sense.
func (c *Config) complete() error {
	if c.QueueBytes < 0 || c.QueueMessages < 0 || c.MaxDatagram < 0 || c.Timeout < 0 || c.FlushTimeout < 0 {
		return errors.New("a limit is negative")
	}
	setDefault(&c.QueueBytes, 1<<20)
	setDefault(&c.MaxDatagram, 8192)
	setDefault(&c.Timeout, 30*time.Second)
	setDefault(&c.FlushTimeout, 2*time.Second)
	setDefault(&c.Logger, zap.NewNop())
	if c.MaxDatagram < minDatagram || c.MaxDatagram > maxUDP {
		return fmt.Errorf("a datagram has %d to %d bytes, not %d", minDatagram, maxUDP, c.MaxDatagram)
	}
	return nil
}

// fits reports settings that this target has no use for: whoever made them
// expects something that would not happen.
func (c *Config) fits(t target) error {
	var errs []error
	if c.LineFeed && t.network != "tcp" {
		errs = append(errs, errors.New("only tcp:// has messages that end with a newline"))
	}
	if (c.CAFile != "" || c.CertFile != "" || c.KeyFile != "" || c.ServerName != "") && t.network != "tls" {
		errs = append(errs, errors.New("only tls:// has certificates and a server name"))
	}
	return errors.Join(errs...)
}

func (c *Config) framing(t target) framing {
	switch {
	case t.network == "udp":
		return datagram
	case c.LineFeed:
		return lines
	}
	return octets
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Handle takes a message, for Run to send. It keeps nothing of m, and never
// waits: a message for which there is no room is dropped and counted, and so are those
// that follow, until half of the room is free. A message from facility syslog then
// says at that place how many are missing.
func (f *Forwarder) Handle(m *syslog.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.queue.open() {
		return
	}
	var cut bool
	f.scratch, cut = f.encoder.append(f.scratch[:0], m)
	f.queue.put(f.scratch, cut)
}

// Ready is closed when Run has begun. It does not wait for the server.
func (f *Forwarder) Ready() <-chan struct{} { return f.ready }

// Actor returns Run and what ends it, for run.Group of github.com/oklog/run. What
// Handle gets after that is no longer sent: end the sink first.
func (f *Forwarder) Actor() (execute func() error, interrupt func(error)) {
	ctx, cancel := context.WithCancel(context.Background())
	return func() error { return f.Run(ctx) }, func(error) { cancel() }
}

// Stats returns the counts of one moment.
func (f *Forwarder) Stats() Stats {
	s := f.queue.count()
	s.Connections, s.Failures = f.counts.connections.Load(), f.counts.failures.Load()
	return s
}
