package dnsfix

import (
	"bytes"
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/addrs"
	"github.com/sillelien/baseinit/dnsfix/internal/upstream"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// dockerDNS is there in containers that are on a user-defined network.
var dockerDNS = netip.MustParseAddrPort("127.0.0.11:53")

// Docker sets it up within this time after the address.
const (
	dockerTries = 6
	dockerPause = 300 * time.Millisecond
)

// watchNetwork takes over that the container joins a network or leaves it. Docker writes its
// own server into resolv.conf then, but only if nobody has changed the file.
func (d *DNSBootstrap) watchNetwork() {
	d.wg.Go(func() {
		if err := addrs.Watch(d.ctx, d.networkChanged); err != nil {
			d.log.Debug("networks that the container joins later are not seen: " + err.Error())
		}
	})
}

func (d *DNSBootstrap) networkChanged() {
	d.apply() // there may be IPv6 now
	d.mu.Lock()
	follows := d.state.taken && len(d.cfg.Upstreams) == 0 && !d.options.NoResolv && len(d.options.ResolvFiles) == 0
	uses, before := slices.Contains(d.state.servers, dockerDNS), d.state.before
	original := d.state.original
	d.mu.Unlock()
	if !follows || uses && before == nil {
		return
	}
	there := false
	for range dockerTries {
		if there = d.answersDocker(); there || uses {
			break
		}
		select {
		case <-d.ctx.Done():
			return
		case <-time.After(dockerPause):
		}
	}
	started := time.Now()
	switch {
	case there == uses:
		return
	case there:
		d.adoptNetwork(dockerConf(original), original)
	default:
		d.adoptNetwork(before, nil)
	}
	d.step("the container has joined or left a network: "+d.describe(), started)
}

// answersDocker tells whether Docker's server is there. If not, the system says so at once.
func (d *DNSBootstrap) answersDocker() bool {
	ctx, cancel := context.WithTimeout(d.ctx, time.Second)
	defer cancel()
	group := d.client.Group([]netip.AddrPort{dockerDNS}, upstream.Policy{Total: time.Second})
	_, err := group.Ask(ctx, upstream.Question{Name: []byte{0, 0, wire.TypeNS, 0, wire.ClassIN}})
	return err == nil
}

// adoptNetwork goes by another resolv.conf; before is what to go back to.
func (d *DNSBootstrap) adoptNetwork(text, before []byte) {
	d.mu.Lock()
	d.state.before = before
	d.mu.Unlock()
	d.adopt(text, true)
	if err := d.takeOver(); err != nil {
		d.log.Warn(err.Error())
	}
	d.probe()
}

// dockerConf is the resolv.conf that Docker would have made of another one: its server, the
// search list, and ndots:0, as its names have no dots.
func dockerConf(original []byte) []byte {
	var b bytes.Buffer
	b.WriteString("nameserver 127.0.0.11\n")
	for line := range strings.Lines(string(original)) {
		if fields := strings.Fields(line); len(fields) > 1 && (fields[0] == "search" || fields[0] == "domain") {
			b.WriteString(strings.TrimRight(line, "\r\n") + "\n")
		}
	}
	b.WriteString("options ndots:0\n")
	return b.Bytes()
}
