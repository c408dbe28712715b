// Package logging is syslog's place in baseinit: its settings, and the sink with the
// forwarder behind it as one part of the container.
package logging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/sillelien/baseinit/syslog"
	"github.com/sillelien/baseinit/syslog/forward"
)

// Config is what the container knows.
type Config struct {
	Settings
	// Stdout and Stderr may block: see package syslog.
	Stdout, Stderr io.Writer
	// ServiceOf names the service that a process was started for.
	ServiceOf func(pid int) string
	// Handler gets each message, too. Default: none.
	Handler func(*syslog.Message)
	// Fallback are paths for a socket if /dev/log cannot be it.
	Fallback []string
	// FlushTimeout bounds what is done at the end.
	FlushTimeout time.Duration
	Logger       *zap.Logger
}

// Log is the container's syslog.
type Log struct {
	sink      *syslog.SyslogSink
	forwarder *forward.Forwarder // nil: none
	fallback  []string
	logger    *zap.Logger
}

// Open binds the sockets, so that whatever is started after it finds them.
func Open(cfg Config) (*Log, error) {
	l := &Log{fallback: cfg.Fallback, logger: cfg.Logger}
	c := cfg.Sink
	c.Stderr, c.Service, c.Fallback = cfg.Stderr, cfg.ServiceOf, cfg.Fallback
	c.FlushTimeout, c.Logger, c.Handler = cfg.FlushTimeout, cfg.Logger, cfg.Handler
	if cfg.SplitStreams {
		c.Stdout = cfg.Stdout
	}
	var err error
	if cfg.Forward.Target != "" {
		f := cfg.Forward
		f.FlushTimeout, f.Logger = cfg.FlushTimeout, cfg.Logger
		if l.forwarder, err = forward.New(f); err != nil {
			return nil, fmt.Errorf("BASEINIT_SYSLOG_FORWARD: %w", err)
		}
		c.Handler = both(l.forwarder.Handle, cfg.Handler)
	}
	l.sink, err = syslog.New(c)
	return l, err
}

// both calls two handlers, of which the second may be nil.
func both(a, b func(*syslog.Message)) func(*syslog.Message) {
	if b == nil {
		return a
	}
	return func(m *syslog.Message) {
		a(m)
		b(m)
	}
}

// Environ is what processes should know: where to log, if /dev/log is not there.
func (l *Log) Environ() []string {
	if l == nil {
		return nil
	}
	for _, path := range l.sink.Listening() {
		if slices.Contains(l.fallback, path) {
			return []string{"BASEINIT_SYSLOG_SOCKET=" + path}
		}
	}
	return nil
}

// Leave says that the container stops: see syslog.SyslogSink.
func (l *Log) Leave() {
	if l != nil {
		l.sink.Leave()
	}
}

// Stats gives what counts messages; that of the forwarder is nil if there is none.
func (l *Log) Stats() (sink func() syslog.Stats, forwarder func() forward.Stats) {
	if l.forwarder != nil {
		forwarder = l.forwarder.Stats
	}
	return l.sink.Stats, forwarder
}

// Actor gives what run.Group.Add wants.
func (l *Log) Actor() (execute func() error, interrupt func(error)) {
	ctx, cancel := context.WithCancel(context.Background())
	return func() error { l.run(ctx); return nil }, func(error) { cancel() }
}

// run ends the forwarder after the sink, whose last messages it gets.
func (l *Log) run(ctx context.Context) {
	forwarded := make(chan error, 1)
	last, end := context.WithCancel(context.Background())
	defer end()
	if l.forwarder == nil {
		forwarded <- nil
	} else {
		go func() { forwarded <- l.forwarder.Run(last) }()
	}
	err := l.sink.Run(ctx)
	end()
	if err := errors.Join(err, <-forwarded); err != nil {
		l.logger.Warn(err.Error())
	}
}
