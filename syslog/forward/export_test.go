package forward

import (
	"context"
	"net"
)

// SetDial replaces the network of a Forwarder that does not run yet.
func SetDial(f *Forwarder, dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	f.dialer.dial = dial
}

// Arrived returns how many frames, which end at these offsets, lie within the first
// bytes of what was written, if they lie from from to to of it. done of them were settled
// before, and not written.
func Arrived(ends []int, done int, from, to, bytes uint64, whole bool) int {
	p := piece{done: done, from: from, to: to}
	for _, end := range ends {
		p.frames = append(p.frames, frame{end: end})
	}
	p.at = p.rest()
	return p.arrived(bytes, whole)
}

// Unwritten is the end of a piece that was not written, or only in part.
const Unwritten = never
