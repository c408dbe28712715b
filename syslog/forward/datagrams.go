package forward

import (
	"context"
	"errors"
	"net"
	"time"
)

// doubt is how long it may take to hear that nobody listens at a port.
const doubt = 50 * time.Millisecond

// datagrams is a UDP socket. That nobody listens is an answer to an earlier
// datagram, an ICMP message that the kernel turns into an error of the socket:
// udp(7). Nothing is read, which would take the error away.
type datagrams struct {
	conn net.Conn

	sent   uint64    // bytes
	last   uint64    // of the last datagram, while it may be refused
	when   time.Time // it was sent; zero at first
	broken error     // the first error
}

// write sends the first datagram of a socket alone, and waits whether it is
// refused, before the others can be lost with it.
func (d *datagrams) write(ctx context.Context, p *piece) error {
	p.from, p.to = d.sent, d.sent+uint64(len(p.data)-p.at)
	start := p.at
	for _, f := range p.frames[p.done:] {
		first := d.when.IsZero()
		if _, d.broken = d.conn.Write(p.data[start:f.end]); d.broken != nil {
			return d.broken
		}
		d.last = uint64(f.end - start)
		d.sent += d.last
		d.when = time.Now()
		start = f.end
		if first {
			d.hold(ctx)
		}
		if err := errors.Join(ctx.Err(), d.broken); err != nil {
			return err
		}
	}
	return nil
}

func (d *datagrams) hold(ctx context.Context) {
	timer := time.NewTimer(doubt)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	d.check()
}

func (d *datagrams) check() {
	if d.broken == nil {
		d.broken = socketError(d.conn)
	}
}

// arrived leaves out the last datagram for a while: if it was refused, the next write
// or this will say so.
func (d *datagrams) arrived() (uint64, error) {
	d.check()
	if d.broken == nil && time.Since(d.when) >= doubt {
		d.last = 0
	}
	return d.sent - d.last, d.broken
}

func (d *datagrams) whole() bool           { return false }
func (d *datagrams) delay() time.Duration  { return doubt }
func (d *datagrams) gone() <-chan struct{} { return nil }
func (d *datagrams) err() error            { return nil }
func (d *datagrams) close(bool)            { d.conn.Close() }
