package links

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// maxLookups is how many names are looked up at once.
const maxLookups = 32

// AdditionalHosts finds short names with the first suffix with which there is an address.
// All are looked up at once. It returns the hosts in the order of names, and the
// names that were not found.
func AdditionalHosts(ctx context.Context, names, suffixes []string, lookup func(ctx context.Context, fqdn string) ([]netip.Addr, error)) (found []Link, missing []string) {
	room := make(chan struct{}, maxLookups)
	answers := make([][][]netip.Addr, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		if !IsName(name) {
			continue
		}
		answers[i] = make([][]netip.Addr, len(suffixes))
		for j, suffix := range suffixes {
			wg.Go(func() {
				select {
				case room <- struct{}{}:
				case <-ctx.Done():
					return
				}
				defer func() { <-room }()
				if addrs, err := lookup(ctx, name+"."+suffix); err == nil {
					answers[i][j] = addrs
				}
			})
		}
	}
	wg.Wait()
	for i, name := range names {
		at := slices.IndexFunc(answers[i], func(a []netip.Addr) bool { return len(a) > 0 })
		if at < 0 {
			missing = append(missing, name)
			continue
		}
		for _, addr := range answers[i][at] {
			found = append(found, Link{Name: name, Addr: addr, From: "BA_ADDITIONAL_HOSTS"})
		}
	}
	return found, missing
}

// Suffixes are what BA_ADDITIONAL_HOSTS is tried with: the search list of resolv.conf,
// and the domains of the names that Tutum gives the service and the container.
func Suffixes(environ, search []string) []string {
	env := read(environ)
	var all []string
	add := func(suffix string) {
		suffix = strings.ToLower(strings.Trim(suffix, "."))
		if IsName(suffix) && !slices.Contains(all, suffix) {
			all = append(all, suffix)
		}
	}
	for _, suffix := range search {
		add(suffix)
	}
	for _, name := range []string{"TUTUM_SERVICE_FQDN", "TUTUM_CONTAINER_FQDN"} {
		if _, domain, ok := strings.Cut(env[name], "."); ok {
			add(domain)
		}
	}
	return all
}
