package naming

import (
	"context"

	"github.com/sillelien/baseinit/dnsfix"
)

// DNS is the container's DNS. A nil one does nothing.
type DNS struct{ d *dnsfix.DNSBootstrap }

// Open binds the sockets, so that whatever is started after Boot finds them.
func Open(cfg dnsfix.Config) (*DNS, error) {
	d, err := dnsfix.New(cfg)
	if err != nil {
		return nil, err
	}
	return &DNS{d}, nil
}

// Boot has names resolve, and waits for linked hosts: see dnsfix.
func (n *DNS) Boot(ctx context.Context) error { return n.d.Boot(ctx) }

// Stats are dnsfix's.
func (n *DNS) Stats() dnsfix.Stats { return n.d.Stats() }

// Leave says that the container stops: see dnsfix.
func (n *DNS) Leave() {
	if n != nil {
		n.d.Leave()
	}
}

// Actor returns what run.Group.Add wants. It serves until it is interrupted; Boot is
// called by the container, which stops waiting for it when it is told to stop.
func (n *DNS) Actor() (execute func() error, interrupt func(error)) {
	ctx, cancel := context.WithCancel(context.Background())
	return func() error {
		<-ctx.Done()
		n.d.Close()
		return nil
	}, func(error) { cancel() }
}
