package dnsfix

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/hostsfile"
	"github.com/sillelien/baseinit/dnsfix/internal/inplace"
	"github.com/sillelien/baseinit/dnsfix/internal/resolvconf"
	"github.com/sillelien/baseinit/dnsfix/internal/resolve"
	"github.com/sillelien/baseinit/dnsfix/internal/upstream"
)

// paths are the files that are read and written.
type paths struct{ resolv, kept, hosts string }

func (p *paths) set(root string) {
	p.resolv, p.kept, p.hosts = root+"/etc/resolv.conf", root+"/etc/dnsmasq-resolv.conf", root+"/etc/hosts"
}

// state is what the files say now.
type state struct {
	original []byte            // of resolv.conf
	existed  bool              // resolv.conf
	conf     resolvconf.Config // original, read
	servers  []netip.AddrPort
	hosts    *hostsfile.Table
	linked   []hostsfile.Entry // of hosts that sources know
	taken    bool              // resolv.conf is ours
	before   []byte            // the original, while another network's is gone by
}

// readResolvConf returns the resolv.conf that is not of our making: the file itself, or
// the original that ours has in it.
func (d *DNSBootstrap) readResolvConf() (original []byte, existed bool, err error) {
	text, err := os.ReadFile(d.paths.resolv)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if inside, ok := resolvconf.Original(text); ok && resolvconf.IsOurs(text) {
		return inside, true, err
	}
	return text, true, err
}

// isServedBySibling tells whether it is another baseinit that listens where we would: in
// a pod the containers share resolv.conf, and that is ours already.
func (d *DNSBootstrap) isServedBySibling() bool {
	text, err := os.ReadFile(d.paths.resolv)
	return err == nil && resolvconf.IsOurs(text)
}

// adopt goes by the servers, the search list and the options of a resolv.conf from now on.
func (d *DNSBootstrap) adopt(original []byte, existed bool) {
	d.mu.Lock()
	d.state.original, d.state.existed = original, existed
	d.state.conf = resolvconf.Parse(original)
	conf := d.state.conf
	d.mu.Unlock()
	for _, note := range conf.Notes {
		d.log.Debug(d.paths.resolv + ": " + note.Text)
	}
	d.readHosts() // whose domain may be the search list's
	d.apply()
}

// servers are the standard ones, in the order in which they are asked.
func (d *DNSBootstrap) servers(conf *resolvconf.Config) []netip.AddrPort {
	if len(d.cfg.Upstreams) > 0 {
		return d.cfg.Upstreams
	}
	all := slices.Clone(d.rules.Upstreams())
	switch {
	case d.options.NoResolv:
	case len(d.options.ResolvFiles) > 0:
		for _, path := range d.options.ResolvFiles {
			text, err := os.ReadFile(d.cfg.Root + path)
			if err != nil {
				d.warnOnce("--resolv-file: " + err.Error())
				continue
			}
			if inside, ok := resolvconf.Original(text); ok {
				text = inside
			}
			other := resolvconf.Parse(text)
			all = append(all, other.Nameservers...)
		}
	default:
		all = append(all, conf.Nameservers...)
	}
	return all
}

// apply has the resolver go by what the files say now.
func (d *DNSBootstrap) apply() {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &d.state
	s.servers = d.servers(&s.conf)
	policy := d.policyOf(&s.conf)
	group := d.client.Group(s.servers, policy)
	view := resolve.View{
		Hosts: s.hosts, Options: d.options, Rules: d.rules, Servers: s.servers,
		Group:  func(servers []netip.AddrPort) resolve.Asker { return d.client.Group(servers, policy) },
		Search: s.conf.Search, Resolv: s.conf.Options, IPv6: hasIPv6(),
	}
	if len(s.servers) > 0 {
		view.Default = group
	}
	view.HostName, _ = os.Hostname()
	if _, domain, ok := strings.Cut(view.HostName, "."); ok && !s.conf.HasSearch {
		view.Search = []string{strings.ToLower(strings.Trim(domain, "."))} // as glibc does, resolv.conf(5)
	}
	d.resolver.SetView(view)
}

// policyOf is how the servers are asked: as resolv.conf and the options say.
func (d *DNSBootstrap) policyOf(conf *resolvconf.Config) upstream.Policy {
	p := upstream.Policy{
		Timeout: conf.Options.Timeout, Attempts: conf.Options.Attempts, UseTCP: conf.Options.UseVC,
		Strict: d.options.StrictOrder, Resend: d.options.FastRetry,
	}
	switch {
	case d.options.AllServers:
		p.Order = upstream.Race
	case conf.Options.Rotate:
		p.Order = upstream.Rotate
	}
	return p
}

// hasIPv6 tells whether there is an address from which IPv6 reaches others.
func hasIPv6() bool {
	addrs, _ := net.InterfaceAddrs()
	for _, addr := range addrs {
		if prefix, err := netip.ParsePrefix(addr.String()); err == nil && prefix.Addr().Is6() && prefix.Addr().IsGlobalUnicast() {
			return true
		}
	}
	return false
}

// takeOver makes the forwarder the container's nameserver. The original is kept beside
// the file and inside it.
func (d *DNSBootstrap) takeOver() error {
	if d.server == nil || d.cfg.KeepResolvConf {
		return nil
	}
	server := d.cfg.Listen[0]
	if server.Port() != 53 {
		d.warnOnce(d.paths.resolv + " cannot name a port: programs do not ask " + server.String() + " on their own")
		return nil
	}
	d.mu.Lock()
	original := d.state.original
	d.mu.Unlock()
	output := resolvconf.Output{Server: server.Addr()}
	if err := inplace.Write(d.paths.kept, original); err == nil {
		output.Kept = strings.TrimPrefix(d.paths.kept, d.cfg.Root)
	} else {
		d.log.Debug("the original resolv.conf is in the new one only: " + err.Error())
	}
	err := inplace.Write(d.paths.resolv, resolvconf.Render(original, output))
	d.mu.Lock()
	d.state.taken = err == nil
	d.mu.Unlock()
	if err == nil || d.cfg.Required {
		return err
	}
	remedy := "give the container --dns 127.0.0.1 and its servers in BASEINIT_DNS_UPSTREAM, or a resolv.conf that can be written"
	if errors.Is(err, fs.ErrPermission) {
		remedy = "run it as root, or " + remedy
	}
	if errors.Is(err, syscall.EROFS) {
		remedy = "mount a writable file over " + d.paths.resolv + ", or " + remedy
	}
	d.warnOnce("programs ask the nameservers of resolv.conf and not this forwarder: " + err.Error() + ": " + remedy)
	return nil
}

// putBack restores resolv.conf if it is still ours.
func (d *DNSBootstrap) putBack() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.state.taken {
		return
	}
	d.state.taken = false
	if !d.state.existed {
		if text, err := os.ReadFile(d.paths.resolv); err == nil && resolvconf.IsOurs(text) {
			_ = os.Remove(d.paths.resolv)
		}
		return
	}
	_, err := inplace.Update(d.paths.resolv, func(now []byte) []byte {
		if inside, ok := resolvconf.Original(now); ok && resolvconf.IsOurs(now) && bytes.Equal(inside, d.state.original) {
			return d.state.original
		}
		return now
	})
	if err != nil {
		d.log.Warn(err.Error())
	}
}

// step is a line of the boot sequence.
func (d *DNSBootstrap) step(text string, since time.Time) {
	d.log.Info("dns: " + text + " in " + time.Since(since).Round(10*time.Microsecond).String())
}
