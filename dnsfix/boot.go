package dnsfix

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/reach"
	"github.com/sillelien/baseinit/dnsfix/internal/watch"
)

// TimeoutError is that the boot sequence has not ended within its time.
type TimeoutError struct {
	// Limit is that time.
	Limit time.Duration
	// Hosts are those that did not answer.
	Hosts []string
	err   error
}

// Error names the hosts, and how to have more time.
func (e *TimeoutError) Error() string {
	what := "is not ready"
	if len(e.Hosts) > 0 {
		what = "waits for " + strings.Join(e.Hosts, ", ")
	}
	return fmt.Sprintf("dns still %s after %v (DNS_INIT_TIMEOUT): %v", what, e.Limit, e.err)
}

// Unwrap returns what ended the wait.
func (e *TimeoutError) Unwrap() error { return e.err }

// Boot goes through the boot sequence, once however often it is called: the forwarder
// answers, resolv.conf names it, hosts are known and reachable. Each step has a line in the
// log. What takes longer than Config.InitTimeout is a TimeoutError. After an error nothing
// is left running, and resolv.conf is as it was.
func (d *DNSBootstrap) Boot(ctx context.Context) error {
	d.once.Do(func() {
		if d.bootErr = d.boot(ctx); d.bootErr != nil {
			d.end()
			return
		}
		close(d.ready)
	})
	return d.bootErr
}

var errInitTimeout = errors.New("the time is over")

func (d *DNSBootstrap) boot(ctx context.Context) error {
	if d.ctx.Err() != nil {
		return errors.New("dns was closed")
	}
	if limit := d.cfg.InitTimeout; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, errInitTimeout)
		defer cancel()
	}
	if err := d.serve(); err != nil {
		return err
	}
	targets, err := d.learnHosts(ctx)
	if err != nil {
		return d.timedOut(err, nil)
	}
	return d.awaitHosts(ctx, targets)
}

// serve has the forwarder answer, and programs ask it.
func (d *DNSBootstrap) serve() error {
	started := time.Now()
	original, existed, err := d.readResolvConf()
	if err != nil {
		if d.cfg.Required {
			return fmt.Errorf("cannot read the nameservers: %w", err)
		}
		d.warnOnce("cannot read the nameservers: " + err.Error())
	}
	d.adopt(original, existed)
	if d.server != nil {
		d.wg.Go(func() {
			if err := d.server.Run(d.ctx); err != nil {
				d.log.Error("dns: " + err.Error())
			}
		})
	}
	if err := d.takeOver(); err != nil {
		return err
	}
	d.probe()
	if err := d.monitor(); err != nil {
		d.warnOnce("changes of files are not seen: " + err.Error())
	}
	d.watchNetwork()
	d.step(d.describe(), started)
	return nil
}

// describe is who answers, and whom it asks.
func (d *DNSBootstrap) describe() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := "no forwarder"
	if d.server != nil {
		text = "answering on " + join(d.server.Addrs())
	}
	if len(d.state.servers) == 0 {
		text += ", with nobody to ask"
	} else {
		text += ", asking " + join(d.state.servers)
	}
	if len(d.state.conf.Search) > 0 {
		text += ", searching " + strings.Join(d.state.conf.Search, " ")
	}
	return text
}

func join(addrs []netip.AddrPort) string {
	var all []string
	for _, addr := range addrs {
		text := addr.String()
		if addr.Port() == 53 {
			text = addr.Addr().String()
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// probe finds servers that ask us, in the background.
func (d *DNSBootstrap) probe() {
	d.mu.Lock()
	servers := d.state.servers
	d.mu.Unlock()
	if d.server == nil || len(servers) == 0 {
		return
	}
	d.wg.Go(func() { d.client.Probe(d.ctx, servers) })
}

// awaitHosts waits until they are reachable.
func (d *DNSBootstrap) awaitHosts(ctx context.Context, targets []reach.Target) error {
	if len(targets) == 0 || d.policy == reach.Off {
		return nil
	}
	started := time.Now()
	err := reach.Wait(ctx, targets, reach.Config{Policy: d.policy, Logger: d.log})
	if err != nil {
		var names []string
		if unreachable, ok := errors.AsType[*reach.UnreachableError](err); ok {
			for _, t := range unreachable.Targets {
				names = append(names, t.Name)
			}
		}
		return d.timedOut(err, names)
	}
	d.step(fmt.Sprintf("%d linked hosts are reachable", len(targets)), started)
	return nil
}

// timedOut makes a TimeoutError of an error if that is what it comes from.
func (d *DNSBootstrap) timedOut(err error, hosts []string) error {
	if !errors.Is(err, errInitTimeout) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &TimeoutError{Limit: d.cfg.InitTimeout, Hosts: hosts, err: err}
}

// monitor begins to watch the files.
func (d *DNSBootstrap) monitor() error {
	w, err := watch.New(watch.Config{Paths: d.watched(), Logger: d.log})
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.watcher = w
	d.mu.Unlock()
	d.wg.Go(func() {
		if err := w.Run(d.ctx, d.changed); err != nil && d.ctx.Err() == nil {
			d.warnOnce("changes of files are not seen any more: " + err.Error())
		}
	})
	return nil
}
