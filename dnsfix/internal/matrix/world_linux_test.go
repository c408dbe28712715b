package matrix_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/dnstest"
	"github.com/sillelien/baseinit/internal/pid1test"
)

// zones are the servers of a world: what each says, by its address.
type zones map[string]string

// place is a world to be made.
type place struct {
	resolv   string // /etc/resolv.conf; default: 127.0.0.2 is the nameserver
	hosts    string // what /etc/hosts holds besides localhost
	hostname string // default "box"
	servers  zones
	noTCP    bool // of all servers
	noUDP    bool
	env      []string
	baseinit bool // PID 1 is baseinit; else a shell, and the libc asks the servers
}

// world is a network with its servers, and a box in it that runs commands.
type world struct {
	t       testing.TB
	network *pid1test.Network
	servers []*dnstest.Server
	box     *pid1test.Running
	runs    int
}

// driver runs lines of stdin as commands, and tells their end and exit code.
const driver = `#!/bin/sh
while read -r number line; do
	sh -c "$line" </dev/null 2>&1
	echo "end $number $?"
done
`

// newNetwork makes a world without a box.
func newNetwork(t testing.TB, p *place) *world {
	t.Helper()
	w := &world{t: t, network: pid1test.NewNetwork(t)}
	w.serve(p)
	return w
}

// serve starts the servers.
func (w *world) serve(p *place) {
	w.t.Helper()
	for _, addr := range slices.Sorted(maps.Keys(p.servers)) {
		var s *dnstest.Server
		var err error
		w.network.Do(func() {
			s, err = dnstest.Listen(dnstest.Config{
				Addr:   netip.AddrPortFrom(netip.MustParseAddr(addr), 53),
				Script: p.servers[addr], NoTCP: p.noTCP, NoUDP: p.noUDP,
			})
		})
		if err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(s.Close)
		w.servers = append(w.servers, s)
	}
}

// newWorld makes a world and its box.
func newWorld(t testing.TB, p *place) *world {
	t.Helper()
	w := newNetwork(t, p)
	w.start(p)
	return w
}

// start starts the box.
func (w *world) start(p *place) {
	w.t.Helper()
	resolv := p.resolv
	if resolv == "" {
		resolv = "nameserver 127.0.0.2\n"
	}
	box := pid1test.Box{
		Args: []string{"/bin/sh", "/driver"}, Env: append([]string{"S6_VERBOSITY=0"}, p.env...),
		Files: map[string]string{
			"/driver": driver, "/etc/resolv.conf": resolv,
			"/etc/hosts":         "127.0.0.1\tlocalhost\n192.0.2.254\t" + known + "\n" + p.hosts,
			"/etc/nsswitch.conf": "hosts: files dns\n", // glibc; others ignore it
		},
		Host: clientFiles(w.t), Hostname: p.hostname, Network: w.network,
		Interactive: true, Timeout: time.Minute,
	}
	if p.baseinit {
		box.Binary = pid1test.Build(w.t)
	}
	w.box = pid1test.Run(w.t, box)
}

// known is a name that baseinit answers from /etc/hosts.
const known = "known.invalid"

// delay is how long the machine takes for a question to baseinit that waits for nobody.
func (w *world) delay() time.Duration {
	w.t.Helper()
	_, idle := w.command("nslookup --help")
	_, took := w.command("nslookup " + known)
	return max(took-idle, 0)
}

// command runs a command in the box and returns what it printed and how long that took.
func (w *world) command(line string) (output string, took time.Duration) {
	w.t.Helper()
	before := len(w.box.Stdout())
	w.runs++
	end := fmt.Sprintf("end %d ", w.runs)
	began := time.Now()
	w.box.Send(fmt.Sprintf("%d %s\n", w.runs, line))
	w.box.WaitFor(end)
	took = time.Since(began)
	output, _, _ = strings.Cut(w.box.Stdout()[before:], end)
	return output, took
}

// askedFor are the questions that servers were asked so far for a name, with a search
// domain or without. What baseinit asks of its own accord is not among them: whether
// a server is alive, or has a top-level domain.
func (w *world) askedFor(name string) (queries []dnstest.Query) {
	prefix := strings.ToLower(strings.TrimSuffix(name, ".")) + "."
	for _, s := range w.servers {
		for _, q := range s.Queries() {
			if strings.HasPrefix(strings.ToLower(q.Name), prefix) {
				queries = append(queries, q)
			}
		}
	}
	return queries
}
