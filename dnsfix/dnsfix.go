// Package dnsfix makes every name resolve in a container that resolves with glibc on the
// host: a caching forwarder on 127.0.0.1 and ::1, and what a container needs for it.
//
// DNSBootstrap answers programs of all C libraries in the way that the weakest of them,
// musl's, gets along with: it applies the search list of resolv.conf itself, keeps A
// and AAAA consistent, asks again what was lost, and goes on where a server fails. It
// takes over /etc/resolv.conf, knows linked containers, and waits until they answer.
//
//	d, err := dnsfix.New(dnsfix.Config{Environ: os.Environ()}) // binds the sockets
//	err = d.Boot(ctx)                                          // names resolve from here on
//	err = d.Run(ctx)                                           // until ctx ends
//
// What surprises most: resolv.conf is rewritten in place and put back at the end, with
// the original as comments in it, so that a container that was killed finds its
// servers again. And New fails for what the user got wrong only; where the system refuses
// something (a read-only root, port 53), a warning says so once, and the container
// goes on without it, unless Config.Required.
package dnsfix

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/sillelien/baseinit/dnsfix/internal/cache"
	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
	"github.com/sillelien/baseinit/dnsfix/internal/reach"
	"github.com/sillelien/baseinit/dnsfix/internal/resolve"
	"github.com/sillelien/baseinit/dnsfix/internal/server"
	"github.com/sillelien/baseinit/dnsfix/internal/upstream"
	"github.com/sillelien/baseinit/dnsfix/internal/watch"
)

// Config says what a DNSBootstrap does. The zero value is a forwarder without links.
type Config struct {
	// Root is put before the paths of /etc/resolv.conf, /etc/hosts and all files
	// that Args names. Default "".
	Root string
	// Environ is the container's environment, as os.Environ gives it: variables of
	// linked containers, BA_ADDITIONAL_HOSTS, TUTUM_*, KUBERNETES_SERVICE_HOST.
	// DNSMASQ_ARGS and DNS_INIT_TIMEOUT count where Args and InitTimeout are not set.
	Environ []string
	// Args are options in dnsmasq's syntax (dnsmasq(8)): "--address=/ads.test/ -q".
	Args string

	// Listen is where queries are answered, over UDP and TCP. Default 127.0.0.1:53 and
	// [::1]:53, or what --listen-address and --port say.
	Listen []netip.AddrPort
	// Upstreams are the servers to ask instead of those of resolv.conf.
	Upstreams []netip.AddrPort
	// KeepResolvConf leaves /etc/resolv.conf as it is.
	KeepResolvConf bool
	// Required makes it an error of New or Boot if queries cannot be answered or
	// resolv.conf cannot be written.
	Required bool

	// InitTimeout bounds Boot. Default 45 s; below 0 there is no bound.
	InitTimeout time.Duration
	// Reachability is how it is found out that linked hosts are up: "auto" (the
	// default: a ping, or TCP where that is not possible), "ping", "tcp", "off".
	Reachability string
	// Sources know hosts, beside the environment.
	Sources []HostSource
	// MaxStale is how long past its time an answer is given while no server answers
	// (RFC 8767). Default 1 h; below 0 not at all.
	MaxStale time.Duration

	// OnQuiet, if not nil, is called when after many questions to servers there were none
	// for two seconds: a program that is small otherwise may want to give memory back.
	// It must not call the DNSBootstrap.
	OnQuiet func()

	// Logger. Default: none.
	Logger *zap.Logger
}

const (
	defaultInitTimeout = 45 * time.Second
	defaultMaxStale    = time.Hour
	defaultEntries     = 4096
)

// DNSBootstrap is a container's DNS. Make one with New.
type DNSBootstrap struct {
	cfg     Config
	log     *zap.Logger
	options *dnsmasq.Options
	rules   *dnsmasq.Rules
	policy  reach.Policy
	paths   paths

	client   *upstream.Client
	resolver *resolve.Resolver
	server   *server.Server // nil: somebody else serves, or nobody
	warned   sync.Map       // texts of warnings

	ctx    context.Context // of all that serves
	cancel context.CancelFunc
	wg     sync.WaitGroup
	ready  chan struct{}

	once    sync.Once // Boot
	bootErr error
	stop    sync.Once

	mu      sync.Mutex
	watcher *watch.Watcher // nil: nothing is watched yet, or nothing can be
	state   state
}

// New checks the configuration and binds the sockets. It starts nothing.
func New(cfg Config) (*DNSBootstrap, error) {
	d := &DNSBootstrap{cfg: cfg, log: cfg.Logger, ready: make(chan struct{})}
	if d.log == nil {
		d.log = zap.NewNop()
	}
	if err := d.configure(); err != nil {
		return nil, err
	}
	d.client = upstream.New(upstream.Config{
		Own: d.cfg.Listen, UDPSize: uint16(d.options.EDNSPacketMax), Encode0x20: d.options.Encode0x20,
		QueryPort: d.options.QueryPort, MinPort: portOption(d.options, d.options.MinPort),
		MaxPort: portOption(d.options, d.options.MaxPort), MaxInFlight: given(d.options, "dns-forward-max", d.options.ForwardMax), Logger: d.log,
	})
	d.resolver = resolve.New(resolve.Config{
		Cache: d.cacheConfig(), MaxAnswers: d.maxAnswers(), Looped: d.client.Looped, Quiet: cfg.OnQuiet, Logger: d.log,
	})
	if err := d.listen(); err != nil {
		d.resolver.Close()
		d.client.Close()
		return nil, err
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d, nil
}

// configure fills in defaults, and checks what the user says.
func (d *DNSBootstrap) configure() error {
	cfg := &d.cfg
	var errs []error
	if cfg.Args == "" {
		cfg.Args = variable(cfg.Environ, "DNSMASQ_ARGS")
	}
	options, err := dnsmasq.Parser{Root: cfg.Root}.Parse(cfg.Args)
	if err != nil {
		for _, e := range unjoin(err) {
			errs = append(errs, fmt.Errorf("DNSMASQ_ARGS: %w", e))
		}
		options = &dnsmasq.Options{}
	}
	if cfg.InitTimeout == 0 {
		cfg.InitTimeout = defaultInitTimeout
		if text := variable(cfg.Environ, "DNS_INIT_TIMEOUT"); text != "" {
			if cfg.InitTimeout, err = ParseInitTimeout(text); err != nil {
				errs = append(errs, fmt.Errorf("DNS_INIT_TIMEOUT is %q: %w", text, err))
			}
		}
	}
	if d.policy, err = reach.ParsePolicy(cfg.Reachability); err != nil && cfg.Reachability != "" {
		errs = append(errs, err)
	}
	if cfg.Reachability == "" && variable(cfg.Environ, "KUBERNETES_SERVICE_HOST") != "" {
		d.policy = reach.TCP // addresses of services do not answer pings
	}
	if options.Test {
		errs = append(errs, errors.New("DNSMASQ_ARGS: the options are right, and --test starts nothing: take it out"))
	}
	if options.LogFacility != "" && options.LogFacility != "-" {
		d.log.Warn("DNSMASQ_ARGS: queries are logged to stderr, not to " + options.LogFacility)
	}
	if cfg.MaxStale == 0 {
		cfg.MaxStale = defaultMaxStale
		if options.UseStale {
			cfg.MaxStale = options.StaleFor
		}
	}
	d.options, d.rules = options, options.Compile()
	d.paths.set(cfg.Root)
	if len(cfg.Listen) == 0 {
		cfg.Listen = listenAddrs(options)
	}
	if len(errs) > 0 {
		return &ConfigError{errs}
	}
	return nil
}

// ConfigError is all that is wrong with a Config.
type ConfigError struct{ errs []error }

// Error has a line for each.
func (e *ConfigError) Error() string { return errors.Join(e.errs...).Error() }

// Unwrap returns them.
func (e *ConfigError) Unwrap() []error { return e.errs }

// ParseInitTimeout reads DNS_INIT_TIMEOUT: seconds, where 0 is no bound.
func ParseInitTimeout(text string) (time.Duration, error) {
	seconds, err := strconv.Atoi(strings.TrimSpace(text))
	switch {
	case err != nil || seconds < 0:
		return 0, errors.New("it can be a number of seconds, and 0 is no limit")
	case seconds == 0:
		return -1, nil
	}
	return time.Duration(seconds) * time.Second, nil
}

// listenAddrs is where the options say that queries are answered. As in dnsmasq(8), lo
// comes with --interface, and not with --listen-address.
func listenAddrs(o *dnsmasq.Options) []netip.AddrPort {
	addrs := slices.Clone(o.Listen)
	if len(addrs) == 0 {
		addrs = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	}
	interfaces, _ := net.Interfaces()
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 || !matchesAny(o.Interfaces, i.Name) || matchesAny(o.ExceptInterfaces, i.Name) {
			continue
		}
		all, _ := i.Addrs()
		for _, a := range all {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil && !prefix.Addr().IsLinkLocalUnicast() && !slices.Contains(addrs, prefix.Addr()) {
				addrs = append(addrs, prefix.Addr())
			}
		}
	}
	port := uint16(53)
	if o.Given("port") {
		port = uint16(o.Port)
	}
	var all []netip.AddrPort
	for _, addr := range addrs {
		all = append(all, netip.AddrPortFrom(addr, port))
	}
	return all
}

// matchesAny tells whether a name is one of those, which may end in "*".
func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		stem, open := strings.CutSuffix(p, "*")
		return p == name || open && strings.HasPrefix(name, stem)
	})
}

// given is an option's value if it was given, else 0: a default of our own.
func given(o *dnsmasq.Options, name string, value int) int {
	if o.Given(name) {
		return value
	}
	return 0
}

// portOption is a bound of the ports if one of them was given.
func portOption(o *dnsmasq.Options, value int) int {
	if o.Given("min-port") || o.Given("max-port") {
		return value
	}
	return 0
}

func (d *DNSBootstrap) cacheConfig() cache.Config {
	o := d.options
	c := cache.Config{
		Entries: defaultEntries, MinTTL: o.MinCacheTTL, MaxTTL: o.MaxCacheTTL,
		MaxStale: max(d.cfg.MaxStale, 0), Rotate: !o.NoRoundRobin,
	}
	if o.Given("cache-size") {
		c.Entries = o.CacheSize
		if o.CacheSize == 0 {
			c.Entries = -1
		}
		c.Bytes = max(4<<20, o.CacheSize*bytesPerEntry)
	}
	if o.NoNegCache {
		c.NegativeTTL, c.NoSOATTL = -1, -1
	}
	if o.NegTTL > 0 {
		c.NoSOATTL = o.NegTTL
	}
	return c
}

// bytesPerEntry is what an entry takes in the cache, on average.
const bytesPerEntry = 512

// maxAnswers is 63 in an image with musl, of which version 1.2.4 takes no more, and
// no version uses more than 48.
func (d *DNSBootstrap) maxAnswers() int {
	entries, err := os.ReadDir(d.cfg.Root + "/lib")
	if err != nil {
		return 0
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "ld-musl-") {
			return 63
		}
	}
	return 0
}

// listen binds the sockets. In a pod, another container may have done so.
func (d *DNSBootstrap) listen() error {
	if d.cfg.Listen[0].Port() == 0 && d.options.Given("port") {
		return nil // --port=0
	}
	s, err := server.Listen(server.Config{
		Addrs: d.cfg.Listen, Handler: d.resolver, MaxTCP: given(d.options, "max-tcp-connections", d.options.MaxTCP), Logger: d.log,
	})
	switch {
	case err == nil:
		d.server = s
		return nil
	case errors.Is(err, syscall.EADDRINUSE) && d.isServedBySibling():
		d.log.Info("another baseinit of this pod answers on " + d.cfg.Listen[0].String() + ": this container is its client")
		return nil
	case d.cfg.Required:
		return err
	}
	d.log.Warn("names are resolved without baseinit's forwarder: " + err.Error())
	return nil
}

// unjoin gives the errors that errors.Join joined.
func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// variable returns the value of a variable, the last one's if there are several.
// Inlined, 4 kB of code more.
//
//go:noinline
func variable(environ []string, name string) (value string) {
	for _, entry := range environ {
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			value = v
		}
	}
	return value
}

// warnOnce logs what holds for as long as the container lives.
func (d *DNSBootstrap) warnOnce(text string) {
	if _, again := d.warned.LoadOrStore(text, true); !again {
		d.log.Warn(text)
	}
}
