package dnsfix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/hostsfile"
	"github.com/sillelien/baseinit/dnsfix/internal/inplace"
	"github.com/sillelien/baseinit/dnsfix/internal/links"
	"github.com/sillelien/baseinit/dnsfix/internal/reach"
	"github.com/sillelien/baseinit/dnsfix/internal/tutum"
)

// Host is a name and an address that a HostSource knows.
type Host struct {
	Name string
	Addr netip.Addr
	// Ports are TCP ports by which it can be found out whether the host is up.
	Ports []uint16
	// Optional: Boot does not wait for it.
	Optional bool
}

// HostSource knows hosts that no server and no file tells of: those of an orchestrator,
// of a configuration store. Boot asks it once.
type HostSource interface {
	// Name is for the log.
	Name() string
	// Hosts returns what is known now. An error is logged; what came with it counts.
	Hosts(ctx context.Context) ([]Host, error)
}

// marker is what the lines in /etc/hosts that are ours stand between.
const marker = "baseinit"

// learnHosts collects hosts, and writes them into /etc/hosts.
func (d *DNSBootstrap) learnHosts(ctx context.Context) ([]reach.Target, error) {
	started := time.Now()
	all := d.linked()
	for _, source := range d.sources() {
		hosts, err := source.Hosts(ctx)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("hosts of %s: %w", source.Name(), context.Cause(ctx))
		}
		if err != nil {
			d.log.Warn("hosts of " + source.Name() + ": " + err.Error())
		}
		all = append(all, hosts...)
	}
	additional, err := d.additional(ctx)
	if err != nil {
		return nil, err
	}
	all = append(all, additional...)
	d.setLinked(all)
	if len(all) > 0 {
		d.step(fmt.Sprintf("%d hosts are known by name", len(all)), started)
	}
	var targets []reach.Target
	for _, h := range all {
		if !h.Optional && !slices.ContainsFunc(targets, func(t reach.Target) bool { return t.Name == h.Name && t.Addr == h.Addr }) {
			targets = append(targets, reach.Target{Name: h.Name, Addr: h.Addr, TCP: h.Ports})
		}
	}
	return targets, nil
}

// linked are the hosts that the environment tells of.
func (d *DNSBootstrap) linked() []Host {
	found, notes := links.FromEnviron(d.cfg.Environ)
	if variable(d.cfg.Environ, "TUTUM_CONTAINER_FQDN") != "" {
		more, moreNotes := links.FromTutumEnviron(d.cfg.Environ)
		found, notes = append(more, found...), append(notes, moreNotes...)
	}
	for _, note := range notes {
		d.log.Warn(note.String())
	}
	return hostsOf(found, false)
}

// hostsOf leaves out the services of Kubernetes, which the cluster's DNS knows, and which
// are not there to be waited for.
func hostsOf(found []links.Link, optional bool) (all []Host) {
	for _, link := range found {
		if link.Service {
			continue
		}
		h := Host{Name: link.Name, Addr: link.Addr, Optional: optional}
		for _, port := range link.Ports {
			if !port.UDP {
				h.Ports = append(h.Ports, port.Number)
			}
		}
		all = append(all, h)
	}
	return all
}

// sources are those of the Config, and Tutum's API if there is access to it.
func (d *DNSBootstrap) sources() []HostSource {
	env := func(name string) string { return variable(d.cfg.Environ, name) }
	if env("TUTUM_CONTAINER_FQDN") == "" || env("TUTUM_API_CALLS_FOR_DNS") == "" || env("TUTUM_AUTH") == "" {
		return d.cfg.Sources
	}
	client, err := tutum.New(tutum.Config{Host: env("TUTUM_REST_HOST"), Auth: env("TUTUM_AUTH"), Dial: d.dial, Logger: d.log})
	if err != nil {
		d.log.Warn("hosts of Tutum: " + err.Error())
		return d.cfg.Sources
	}
	return append([]HostSource{tutumSource{client}}, d.cfg.Sources...)
}

type tutumSource struct{ client *tutum.Client }

func (tutumSource) Name() string { return "Tutum" }

// Hosts are all containers and services of the account. Not all are linked with this one.
func (s tutumSource) Hosts(ctx context.Context) ([]Host, error) {
	found, err := s.client.Hosts(ctx)
	return hostsOf(found, true), err
}

// dial connects to a name that is resolved here.
func (d *DNSBootstrap) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs, err := d.Resolver().LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	var errs []error
	for _, addr := range addrs {
		conn, err := dialer.DialContext(ctx, network, net.JoinHostPort(addr.String(), port))
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// additional are the names of BA_ADDITIONAL_HOSTS, tried with every suffix.
func (d *DNSBootstrap) additional(ctx context.Context) ([]Host, error) {
	names := strings.FieldsFunc(variable(d.cfg.Environ, "BA_ADDITIONAL_HOSTS"), func(r rune) bool { return r == ',' || r <= ' ' })
	if len(names) == 0 {
		return nil, nil
	}
	d.mu.Lock()
	search := d.state.conf.Search
	d.mu.Unlock()
	lookup := func(ctx context.Context, name string) ([]netip.Addr, error) {
		return d.Resolver().LookupNetIP(ctx, "ip", name+".")
	}
	found, missing := links.AdditionalHosts(ctx, names, links.Suffixes(d.cfg.Environ, search), lookup)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("BA_ADDITIONAL_HOSTS: %w", context.Cause(ctx))
	}
	if len(missing) > 0 {
		d.log.Warn("BA_ADDITIONAL_HOSTS: no server knows " + strings.Join(missing, ", ") + " with any suffix")
	}
	return hostsOf(found, true), nil
}

// setLinked writes the hosts into /etc/hosts, and answers for them.
func (d *DNSBootstrap) setLinked(hosts []Host) {
	entries := make([]hostsfile.Entry, 0, len(hosts))
	for _, h := range hosts {
		entries = append(entries, hostsfile.Entry{Addr: h.Addr, Names: []string{h.Name}})
	}
	d.mu.Lock()
	d.state.linked = entries
	d.mu.Unlock()
	d.writeHosts()
	d.readHosts()
	d.apply()
}

// writeHosts brings our block of /etc/hosts up to date. A file that has it already is not touched.
func (d *DNSBootstrap) writeHosts() {
	if d.options.NoHosts {
		return
	}
	d.mu.Lock()
	entries := d.state.linked
	d.mu.Unlock()
	_, err := inplace.Update(d.paths.hosts, func(old []byte) []byte {
		if old == nil && len(entries) == 0 {
			return old
		}
		return hostsfile.Merge(old, entries, marker)
	})
	if err != nil && len(entries) > 0 {
		d.warnOnce("linked hosts are known to those who ask the forwarder only: " + err.Error())
	}
}

// readHosts reads all files with hosts.
func (d *DNSBootstrap) readHosts() {
	var files [][]hostsfile.Entry
	for _, path := range d.hostsFiles() {
		text, err := os.ReadFile(path)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) || path != d.paths.hosts {
				d.warnOnce("hosts: " + err.Error())
			}
			continue
		}
		entries, notes := hostsfile.Parse(text)
		for _, note := range notes {
			d.log.Debug(fmt.Sprintf("%s:%d: %s", path, note.Line, note.Text))
		}
		files = append(files, entries)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	domain := ""
	if d.options.ExpandHosts {
		domain = d.options.Domain
		if d.options.DomainFromSearch && len(d.state.conf.Search) > 0 {
			domain = d.state.conf.Search[0]
		}
	}
	d.state.hosts = hostsfile.NewTable(domain, append(files, d.state.linked)...)
}

// hostsFiles are all files with hosts that there are now.
func (d *DNSBootstrap) hostsFiles() (all []string) {
	if !d.options.NoHosts {
		all = append(all, d.paths.hosts)
	}
	for _, path := range slices.Concat(d.options.HostsFiles, d.options.HostsDirs) {
		path = d.cfg.Root + path
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			all = append(all, path)
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			d.warnOnce("hosts: " + err.Error())
		}
		for _, entry := range entries {
			name := entry.Name()
			// dnsmasq(8), --hostsdir: what editors and packages leave behind.
			if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#") {
				continue
			}
			if info, err := os.Stat(filepath.Join(path, name)); err == nil && info.Mode().IsRegular() {
				all = append(all, filepath.Join(path, name))
			}
		}
	}
	return all
}
