// Package tutum asks the API of Tutum, later Docker Cloud, which containers and services
// an account has. The service is gone; who runs something compatible names it in
// TUTUM_REST_HOST.
//
// What surprises most: HTTP and JSON are read by some lines of our own. net/http and
// encoding/json would make every container start later, whether it is on Tutum or
// not (2.6 ms for the first, facts/performance.md). So there are no proxies, no HTTP/2,
// and one connection for each page.
package tutum

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"sort"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/sillelien/baseinit/dnsfix/internal/links"
)

// DefaultHost is where the API was.
const DefaultHost = "https://dashboard.tutum.co"

// Config says where the API is, and who asks.
type Config struct {
	// Host is TUTUM_REST_HOST: a URL without a path. Default DefaultHost.
	Host string
	// Auth is TUTUM_AUTH, the value of the Authorization header. It appears in no
	// error and no log.
	Auth string
	// Timeout bounds each request. Default 5 s.
	Timeout time.Duration
	// MaxPages and MaxBytes bound what is read, pages of each kind and bytes of
	// each page. Default 100 and 8 MiB.
	MaxPages, MaxBytes int
	// Dial connects to a host and port. Default: as net.Dialer does.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Logger. Default: none.
	Logger *zap.Logger
}

// Client asks the API.
type Client struct {
	cfg  Config
	base *url.URL
}

// New checks the configuration. Nothing is sent.
func New(cfg Config) (*Client, error) {
	if cfg.Host == "" {
		cfg.Host = DefaultHost
	}
	base, err := url.Parse(cfg.Host)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, fmt.Errorf("TUTUM_REST_HOST is %q: it can be a URL such as %s", cfg.Host, DefaultHost)
	}
	if strings.ContainsAny(cfg.Auth, "\r\n") {
		return nil, errors.New("TUTUM_AUTH has a line break in it")
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.MaxPages <= 0 {
		cfg.MaxPages = 100
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 8 << 20
	}
	if cfg.Dial == nil {
		cfg.Dial = new(net.Dialer).DialContext
	}
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	return &Client{cfg, base}, nil
}

// Hosts returns all containers and services that have an address: by their name, and by
// their public name. An error comes with what was read before.
func (c *Client) Hosts(ctx context.Context) ([]links.Link, error) {
	var all []links.Link
	var errs []error
	for _, kind := range []string{"container", "service"} {
		err := c.pages(ctx, "/api/v1/"+kind+"/", func(object map[string]any) { all = append(all, hosts(object)...) })
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot read all %ss: %w", kind, err))
		}
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := &all[i], &all[j]
		return cmp.Or(cmp.Compare(a.Name, b.Name), a.Addr.Compare(b.Addr)) < 0
	})
	return links.Merge(all), errors.Join(errs...)
}

// hosts are the names of one object.
func hosts(object map[string]any) (all []links.Link) {
	text, _ := object["private_ip"].(string)
	ip, _, _ := strings.Cut(text, "/")
	addr, err := netip.ParseAddr(ip)
	if err != nil || addr.IsUnspecified() {
		return nil
	}
	for _, field := range []string{"name", "public_dns"} {
		name, _ := object[field].(string)
		if links.IsName(name) {
			all = append(all, links.Link{Name: name, Addr: addr.Unmap().WithZone(""), From: "Tutum"})
		}
	}
	return all
}

// pages gives each object of all pages that begin at path.
func (c *Client) pages(ctx context.Context, path string, each func(map[string]any)) error {
	seen := map[string]bool{}
	for path != "" {
		if seen[path] || len(seen) == c.cfg.MaxPages {
			return fmt.Errorf("the pages go on after %d, with %s", len(seen), path)
		}
		seen[path] = true
		body, err := c.get(ctx, path)
		if err != nil {
			return err
		}
		value, err := parseJSON(body)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		page, _ := value.(map[string]any)
		objects, ok := page["objects"].([]any)
		if !ok {
			return fmt.Errorf("%s: the answer has no objects", path)
		}
		for _, o := range objects {
			if object, ok := o.(map[string]any); ok {
				each(object)
			}
		}
		meta, _ := page["meta"].(map[string]any)
		next, _ := meta["next"].(string)
		if path, err = c.nextPath(next); err != nil {
			return err
		}
	}
	return nil
}

// nextPath is the path of the next page, which must be of the same host: the secret goes with it.
func (c *Client) nextPath(next string) (string, error) {
	if next == "" {
		return "", nil
	}
	u, err := c.base.Parse(next)
	if err != nil || u.Host != c.base.Host || u.Scheme != c.base.Scheme {
		return "", fmt.Errorf("the next page is said to be %q, which is not on %s", next, c.base.Host)
	}
	return u.RequestURI(), nil
}
