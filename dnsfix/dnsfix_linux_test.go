package dnsfix_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	"github.com/oklog/run"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sillelien/baseinit/dnsfix"
	"github.com/sillelien/baseinit/dnsfix/internal/dnstest"
	"github.com/sillelien/baseinit/dnsfix/internal/resolvconf"
)

// upstreamServer is a server with a script: see dnstest.
func upstreamServer(t *testing.T, script string) *dnstest.Server {
	t.Helper()
	s, err := dnstest.Listen(dnstest.Config{Addr: netip.MustParseAddrPort("127.0.0.1:0"), Script: script})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// tree is a root with files below /etc.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"/etc", "/lib"} {
		if err := os.Mkdir(root+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		write(t, root+"/etc/"+name, text)
	}
	return root
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// anywhere listens on free ports of loopback addresses.
var anywhere = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}

// running is a DNSBootstrap that has booted and runs.
type running struct {
	*dnsfix.DNSBootstrap
	t     *testing.T
	root  string
	logs  *observer.ObservedLogs
	stop  func()
	ended chan error
}

func start(t *testing.T, cfg dnsfix.Config) *running {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	cfg.Logger = zap.New(core)
	if cfg.Listen == nil {
		cfg.Listen = anywhere
	}
	d, err := dnsfix.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{DNSBootstrap: d, t: t, root: cfg.Root, logs: logs, stop: cancel, ended: make(chan error, 1)}
	go func() { r.ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-r.ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-d.Ready():
	case err := <-r.ended:
		t.Fatalf("Run ended: %v", err)
	}
	return r
}

func (r *running) lookup(host string) string {
	r.t.Helper()
	addrs, err := r.Resolver().LookupNetIP(context.Background(), "ip", host)
	if err != nil {
		var notFound *net.DNSError
		if errors.As(err, &notFound) && notFound.IsNotFound {
			return "none"
		}
		return err.Error()
	}
	var all []string
	for _, a := range addrs {
		all = append(all, a.String())
	}
	return strings.Join(all, " ")
}

// eventually waits until f is true.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

func TestLinksInHosts(t *testing.T) {
	t.Parallel()
	const hosts = "127.0.0.1 localhost\n10.0.0.9\tforeign\n"
	root := tree(t, map[string]string{"hosts": hosts, "resolv.conf": "nameserver 127.0.0.1\n"})
	s := upstreamServer(t, "extra.corp.test A 10.0.0.5")
	r := start(t, dnsfix.Config{
		Root: root, Upstreams: []netip.AddrPort{s.Addr()},
		Environ: []string{
			"DB_PORT_5432_TCP_ADDR=127.0.0.5", "DB_NAME=/web/db_1", "BA_ADDITIONAL_HOSTS=extra,nobody", "TUTUM_SERVICE_FQDN=web.corp.test",
			"KUBE_PORT_443_TCP_ADDR=10.96.0.1", "KUBE_SERVICE_HOST=10.96.0.1",
		},
		Sources: []dnsfix.HostSource{source{}},
	})
	want := hosts + "# BEGIN baseinit\n10.0.0.5 extra\n127.0.0.5 db_1\n127.0.0.6 stored\n# END baseinit\n"
	got := read(t, root+"/etc/hosts")
	for line := range strings.Lines(want) {
		if !strings.Contains(got, line) {
			t.Errorf("/etc/hosts lacks %q:\n%s", line, got)
		}
	}
	if strings.Contains(got, "10.96.0.1") {
		t.Errorf("a service of Kubernetes is in /etc/hosts:\n%s", got)
	}
	for name, want := range map[string]string{"db_1": "127.0.0.5", "DB_1": "127.0.0.5", "stored": "127.0.0.6", "foreign": "10.0.0.9", "extra": "10.0.0.5", "kube": "none"} {
		if got := r.lookup(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if r.logs.FilterMessageSnippet("no server knows nobody").Len() != 1 {
		t.Errorf("log: %v", r.logs.All())
	}
	// A second life finds its lines, and leaves the file alone.
	before, err := os.Stat(root + "/etc/hosts")
	if err != nil {
		t.Fatal(err)
	}
	start(t, dnsfix.Config{Root: root, Upstreams: []netip.AddrPort{s.Addr()}, Environ: []string{
		"DB_PORT_5432_TCP_ADDR=127.0.0.5", "DB_NAME=/web/db_1", "BA_ADDITIONAL_HOSTS=extra", "TUTUM_SERVICE_FQDN=web.corp.test",
	}, Sources: []dnsfix.HostSource{source{}}})
	if after, err := os.Stat(root + "/etc/hosts"); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the file was written again: %v", err)
	}
}

type source struct{}

func (source) Name() string { return "a test" }
func (source) Hosts(context.Context) ([]dnsfix.Host, error) {
	return []dnsfix.Host{{Name: "stored", Addr: netip.MustParseAddr("127.0.0.6"), Ports: []uint16{1}}}, errors.New("and there may be more")
}

// What others write into hosts and resolv.conf is taken over.
func TestMonitor(t *testing.T) {
	t.Parallel()
	s := upstreamServer(t, "web.b.test A 10.0.0.2\nweb.a.test A 10.0.0.1")
	root := tree(t, map[string]string{"hosts": "", "resolv.conf": "search a.test\n"})
	r := start(t, dnsfix.Config{Root: root, Upstreams: []netip.AddrPort{s.Addr()}, Args: "--addn-hosts=/etc/more"})
	if got := r.lookup("web"); got != "10.0.0.1" {
		t.Errorf("at first: %s", got)
	}
	write(t, root+"/etc/resolv.conf", "search b.test\n")
	eventually(t, "the other search domain", func() bool { return r.lookup("web") == "10.0.0.2" })
	write(t, root+"/etc/hosts", "10.9.9.9 web\n")
	eventually(t, "the name in hosts", func() bool { return r.lookup("web") == "10.9.9.9" })
	write(t, root+"/etc/more", "10.8.8.8 further\n")
	eventually(t, "the name in another file", func() bool { return r.lookup("further") == "10.8.8.8" })
}

// The sockets answer, and what they accepted is answered before Run ends.
func TestServe(t *testing.T) {
	t.Parallel()
	s := upstreamServer(t, "* A 10.0.0.1\n* AAAA nodata")
	root := tree(t, map[string]string{"resolv.conf": ""})
	r := start(t, dnsfix.Config{Root: root, Upstreams: []netip.AddrPort{s.Addr()}, Args: "--log-queries"})
	addr := r.Addrs()[0].String()
	for _, network := range []string{"udp", "tcp"} {
		m, _, err := (&dns.Client{Net: network}).Exchange(new(dns.Msg).SetQuestion("web.test.", dns.TypeA), addr)
		if err != nil || len(m.Answer) != 1 {
			t.Errorf("%s: %v, %v", network, m, err)
		}
	}
	eventually(t, "two lines in the log", func() bool { return r.logs.FilterMessage("query").Len() == 2 })
	eventually(t, "both replies are counted", func() bool { return r.Stats().Replies == 2 })
	if st := r.Stats(); st.Queries != 2 || st.Results != (dnsfix.Results{NoError: 2}) || len(st.Servers) != 1 || st.Servers[0].Answered == 0 {
		t.Errorf("stats %+v", st)
	}
	eventually(t, "their latency is known", func() bool {
		l := r.Stats().Latency
		return l.Sum > 0 && len(l.Counts) == len(l.Bounds)+1 && slices.Contains(l.Bounds, 5*time.Millisecond)
	})
	var wg sync.WaitGroup
	var sent, answered atomic.Int32
	for i := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				m := new(dns.Msg).SetQuestion(dns.Fqdn(strings.Repeat("x", i+1)+"."+strings.Repeat("y", n%50+1)), dns.TypeA)
				sent.Add(1)
				if _, _, err := (&dns.Client{Timeout: 5 * time.Second}).Exchange(m, addr); err != nil {
					if strings.Contains(err.Error(), "refused") {
						sent.Add(-1) // nobody has accepted it
					}
					return
				}
				answered.Add(1)
			}
		})
	}
	eventually(t, "some load", func() bool { return answered.Load() > 200 })
	r.stop()
	wg.Wait()
	if sent.Load() != answered.Load() {
		t.Errorf("%d queries were accepted, %d answered", sent.Load(), answered.Load())
	}
}

// While its servers are gone a name that is known resolves, and others fail fast.
func TestServersGone(t *testing.T) {
	t.Parallel()
	s := upstreamServer(t, "web.test A 10.0.0.1 ttl:1")
	r := start(t, dnsfix.Config{Root: tree(t, nil), Upstreams: []netip.AddrPort{s.Addr()}})
	if got := r.lookup("web.test"); got != "10.0.0.1" {
		t.Fatal(got)
	}
	s.Close()
	until := time.Now().Add(1500 * time.Millisecond)
	for time.Now().Before(until) {
		if got := r.lookup("web.test"); got != "10.0.0.1" {
			t.Fatalf("while the server is gone: %s", got)
		}
	}
	started := time.Now()
	if got := r.lookup("other.test"); !strings.Contains(got, "no server has an answer") || time.Since(started) > time.Second {
		t.Errorf("%s, after %v", got, time.Since(started))
	}
	if r.Stats().Stale == 0 {
		t.Errorf("no answer was stale: %+v", r.Stats())
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	_, err := dnsfix.New(dnsfix.Config{Environ: []string{"DNSMASQ_ARGS=--no-such --dhcp-range=1", "DNS_INIT_TIMEOUT=soon"}, Reachability: "knock", Listen: anywhere})
	var config *dnsfix.ConfigError
	if !errors.As(err, &config) || !errors.Is(err, errors.ErrUnsupported) || len(config.Unwrap()) != 4 {
		t.Fatalf("error %v", err)
	}
	for _, want := range []string{"--no-such", "--dhcp-range", `DNS_INIT_TIMEOUT is "soon"`, `"knock"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
}

// A taken port is an error where DNS is required, else a warning.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	listen := []netip.AddrPort{l.Addr().(*net.TCPAddr).AddrPort()}
	root := tree(t, map[string]string{"resolv.conf": "nameserver 10.0.0.1\n"})
	if _, err := dnsfix.New(dnsfix.Config{Root: root, Listen: listen, Required: true}); err == nil || !strings.Contains(err.Error(), "cannot listen on "+listen[0].String()) {
		t.Errorf("error %v", err)
	}
	r := start(t, dnsfix.Config{Root: root, Listen: listen})
	if r.logs.FilterMessageSnippet("without baseinit's forwarder").Len() != 1 || read(t, root+"/etc/resolv.conf") != "nameserver 10.0.0.1\n" {
		t.Errorf("log: %v", r.logs.All())
	}
}

// In a pod another container's baseinit may have the port, and has resolv.conf.
func TestSibling(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s := upstreamServer(t, "web.corp.test A 10.0.0.1")
	ours := string(resolvconf.Render([]byte("nameserver 127.0.0.9\nsearch corp.test\n"), resolvconf.Output{}))
	root := tree(t, map[string]string{"resolv.conf": ours})
	r := start(t, dnsfix.Config{Root: root, Listen: []netip.AddrPort{l.Addr().(*net.TCPAddr).AddrPort()}, Required: true, Upstreams: []netip.AddrPort{s.Addr()}})
	if r.logs.FilterMessageSnippet("this container is its client").Len() != 1 {
		t.Errorf("log: %v", r.logs.All())
	}
	if got := r.lookup("web"); got != "10.0.0.1" {
		t.Errorf("in process: %s", got)
	}
	r.stop()
	<-r.ended
	r.ended <- nil
	if got := read(t, root+"/etc/resolv.conf"); got != ours {
		t.Errorf("the other one's resolv.conf was touched: %q", got)
	}
}

// A host that never answers ends the boot, in its time, and names itself.
func TestInitTimeout(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{"resolv.conf": "nameserver 10.0.0.1\n", "hosts": ""})
	d, err := dnsfix.New(dnsfix.Config{
		Root: root, Listen: anywhere, InitTimeout: 200 * time.Millisecond, Reachability: "tcp",
		Environ: []string{"DB_PORT_5432_TCP_ADDR=192.0.2.7", "DB_NAME=/web/db"},
	})
	if err != nil {
		t.Fatal(err)
	}
	err = d.Boot(context.Background())
	var timeout *dnsfix.TimeoutError
	if !errors.As(err, &timeout) {
		t.Fatalf("error %v", err)
	}
	if diff := cmp.Diff([]string{"db"}, timeout.Hosts); diff != "" || !strings.Contains(err.Error(), "DNS_INIT_TIMEOUT") {
		t.Errorf("error %q, hosts (-want +got):\n%s", err, diff)
	}
	if err := d.Run(context.Background()); err == nil {
		t.Error("Run after a Boot that failed has no error")
	}
}

// In a run.Group the interrupt ends a boot that waits.
func TestActor(t *testing.T) {
	t.Parallel()
	d, err := dnsfix.New(dnsfix.Config{
		Root: tree(t, nil), Listen: anywhere, Reachability: "tcp",
		Environ: []string{"DB_PORT_5432_TCP_ADDR=192.0.2.7", "DB_NAME=/web/db"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var g run.Group
	g.Add(d.Actor())
	end := errors.New("the end")
	g.Add(func() error { return end }, func(error) {})
	if err := g.Run(); !errors.Is(err, end) {
		t.Errorf("error %v", err)
	}
	select {
	case <-d.Ready():
		t.Error("it is ready")
	default:
	}
	d.Close()
}

// TestLeaveDuringBoot stops a container that still starts.
func TestLeaveDuringBoot(t *testing.T) {
	t.Parallel()
	d, err := dnsfix.New(dnsfix.Config{Root: tree(t, map[string]string{"resolv.conf": "nameserver 127.0.0.1\n"}), Listen: anywhere})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	left := make(chan struct{})
	go func() {
		defer close(left)
		for {
			d.Leave()
			select {
			case <-d.Ready():
				return
			default:
			}
		}
	}()
	if err := d.Boot(context.Background()); err != nil {
		t.Fatal(err)
	}
	<-left
}

func TestClose(t *testing.T) {
	t.Parallel()
	d, err := dnsfix.New(dnsfix.Config{Root: tree(t, nil), Listen: anywhere})
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	d.Close()
	if err := d.Boot(context.Background()); err == nil {
		t.Error("Boot after Close has no error")
	}
}

func TestExchange(t *testing.T) {
	t.Parallel()
	r := start(t, dnsfix.Config{Root: tree(t, map[string]string{"hosts": "10.0.0.1 web\n"})})
	query, err := new(dns.Msg).SetQuestion("web.", dns.TypeA).Pack()
	if err != nil {
		t.Fatal(err)
	}
	reply, err := r.Resolver().Exchange(context.Background(), query)
	m := new(dns.Msg)
	if err != nil || m.Unpack(reply) != nil || len(m.Answer) != 1 {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := r.Resolver().Exchange(context.Background(), query[:5]); err == nil {
		t.Error("an answer to half a header")
	}
	if got := r.lookup("10.1.2.3"); got != "10.1.2.3" {
		t.Errorf("an address: %s", got)
	}
	if got := r.lookup(strings.Repeat("x", 64)); got != "none" {
		t.Errorf("a label that is too long: %s", got)
	}
}

func TestFilesInTheWay(t *testing.T) {
	t.Parallel()
	root := tree(t, nil)
	for _, name := range []string{"resolv.conf", "hosts"} {
		if err := os.Mkdir(filepath.Join(root, "etc", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r := start(t, dnsfix.Config{Root: root, Environ: []string{"DB_PORT_1_TCP_ADDR=127.0.0.5", "DB_NAME=/x/db"}})
	if got := r.lookup("db"); got != "127.0.0.5" {
		t.Errorf("db: %s", got)
	}
	for _, want := range []string{"cannot read the nameservers", "linked hosts are known to those who ask the forwarder only"} {
		if r.logs.FilterMessageSnippet(want).Len() != 1 {
			t.Errorf("the log lacks %q: %v", want, r.logs.All())
		}
	}
	_, err := dnsfix.New(dnsfix.Config{Root: root, Listen: anywhere, Required: true})
	if err != nil {
		t.Fatal(err)
	}
}
