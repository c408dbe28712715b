package dnsfix

import (
	"bytes"
	"context"
	"os"
	"slices"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/resolvconf"
)

// Run boots, if Boot has not been called, and serves until ctx ends: queries that have
// been accepted by then get their answers. Then resolv.conf is put back. The error is
// that of Boot; it is nil if ctx ended meanwhile.
func (d *DNSBootstrap) Run(ctx context.Context) error {
	err := d.Boot(ctx)
	if err == nil {
		<-ctx.Done()
	} else if ctx.Err() != nil {
		err = nil
	}
	d.end()
	return err
}

// Close ends what New and Boot have begun, for a DNSBootstrap that is not Run.
func (d *DNSBootstrap) Close() { d.end() }

// end stops serving. Programs must ask others before nobody answers: musl waits 5 s
// for a nameserver that nobody is.
func (d *DNSBootstrap) end() {
	d.stop.Do(func() {
		d.Leave()
		d.putBack()
		d.cancel()
		if d.server != nil {
			d.wg.Wait()
			_ = d.server.Close()
		}
		d.client.Close()
		d.wg.Wait()
		d.resolver.Close()
	})
}

// Leave says that the container begins to stop: files are not watched any more, as the
// kernel takes up to 15 ms to forget a watch when the process ends. It does not wait, may
// be called at any time and more than once.
func (d *DNSBootstrap) Leave() {
	d.mu.Lock()
	w := d.watcher
	d.mu.Unlock()
	if w != nil {
		w.Leave()
	}
}

// Ready is closed when Boot has succeeded.
func (d *DNSBootstrap) Ready() <-chan struct{} { return d.ready }

// Actor returns what run.Group.Add of github.com/oklog/run wants.
func (d *DNSBootstrap) Actor() (execute func() error, interrupt func(error)) {
	ctx, cancel := context.WithCancel(context.Background())
	return func() error { return d.Run(ctx) }, func(error) { cancel() }
}

// watched are the files and directories whose changes matter.
func (d *DNSBootstrap) watched() []string {
	var all []string
	if !d.options.NoPoll {
		all = append(all, d.paths.resolv)
	}
	if !d.options.NoHosts {
		all = append(all, d.paths.hosts)
	}
	for _, path := range slices.Concat(d.options.HostsFiles, d.options.HostsDirs, d.options.ResolvFiles) {
		all = append(all, d.cfg.Root+path)
	}
	return all
}

// changed takes over what others have written.
func (d *DNSBootstrap) changed(paths []string) {
	started := time.Now()
	if slices.Contains(paths, d.paths.resolv) {
		d.resolvConfChanged(started)
	}
	others := slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return p == d.paths.resolv })
	if len(others) == 0 {
		return
	}
	if slices.Contains(others, d.paths.hosts) {
		d.writeHosts() // what is ours in it, if somebody took it out
	}
	d.readHosts()
	d.apply()
	if d.options.ClearOnReload {
		d.resolver.Flush()
	}
	d.log.Debug("dns: hosts and servers were read again")
}

// resolvConfChanged adopts a resolv.conf that somebody else has written, and takes it over again.
func (d *DNSBootstrap) resolvConfChanged(started time.Time) {
	text, existed, err := d.readResolvConf()
	if err != nil || !existed {
		return // it is being replaced
	}
	d.mu.Lock()
	same := bytes.Equal(text, d.state.original)
	d.mu.Unlock()
	if !same {
		d.adopt(text, existed)
		d.probe()
	}
	if now, ok := d.isTakenOver(); ok && !now {
		if err := d.takeOver(); err != nil {
			d.log.Warn(err.Error())
		}
	}
	if !same {
		d.step("resolv.conf was changed: "+d.describe(), started)
	}
}

// isTakenOver tells whether resolv.conf is ours; ok is false if that cannot be known.
func (d *DNSBootstrap) isTakenOver() (taken, ok bool) {
	text, err := os.ReadFile(d.paths.resolv)
	return err == nil && resolvconf.IsOurs(text), err == nil
}
