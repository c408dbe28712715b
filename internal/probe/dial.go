package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// address is where a probe connects to.
type address struct{ network, address string }

// socket reads the path of a unix socket.
func socket(path, dir string) address {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return address{"unix", path}
}

// tcpAddress reads HOST:PORT.
func tcpAddress(text string) (address, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return address{}, fmt.Errorf("%q is not HOST:PORT, such as localhost:80 or [::1]:80", text)
	}
	if n, err := net.LookupPort("tcp", port); err != nil || n == 0 {
		return address{}, fmt.Errorf("%q has no port that there is", text)
	}
	return address{"tcp", net.JoinHostPort(host, port)}, nil
}

func newTCP(spec *Spec) (*Probe, error) {
	to, err := address{}, error(nil)
	if path, ok := strings.CutPrefix(spec.TCP, "unix:"); ok {
		to = socket(path, spec.Dir)
	} else if to, err = tcpAddress(spec.TCP); err != nil {
		return nil, fmt.Errorf("cannot probe tcp: %w", err)
	}
	return &Probe{"tcp " + short(spec.TCP, 80), func(ctx context.Context) error {
		conn, err := to.dial(ctx)
		if err != nil {
			return err
		}
		return conn.Close()
	}}, nil
}

// dial connects, and says in few words why not.
func (a address) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, a.network, a.address)
	if err == nil {
		return conn, nil
	}
	// A connection has the deadline of ctx for its own, which may be over first.
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, ended(ctx, "could not connect")
	}
	return nil, cause(err)
}

// ended is the error for a ctx that has ended, or is about to; what says what was going on.
func ended(ctx context.Context, what string) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return late("timed out: " + what)
}

// late is a context.DeadlineExceeded that says what took too long.
type late string

func (l late) Error() string { return string(l) }
func (l late) Unwrap() error { return context.DeadlineExceeded }

// cause is what went wrong in the end, without the names of Go and of system calls.
func cause(err error) error {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Errorf("cannot find %s: %s", dns.Name, dns.Err)
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}

// bind ends what goes on over a connection when ctx ends. The caller calls stop.
func bind(ctx context.Context, conn net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
}

func newFile(spec *Spec) *Probe {
	path := spec.File
	if !filepath.IsAbs(path) {
		path = filepath.Join(spec.Dir, path)
	}
	return &Probe{"file " + short(spec.File, 80), func(context.Context) error {
		_, err := os.Stat(path)
		if pathErr, ok := errors.AsType[*os.PathError](err); ok {
			return pathErr.Err
		}
		return err
	}}
}
