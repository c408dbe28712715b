package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/cache"
	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
	"github.com/sillelien/baseinit/dnsfix/internal/hostsfile"
	"github.com/sillelien/baseinit/dnsfix/internal/resolvconf"
	"github.com/sillelien/baseinit/dnsfix/internal/resolve"
	"github.com/sillelien/baseinit/dnsfix/internal/upstream"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// script is what a server says: by "name. TYPE", by "name.", or by "*". The value is
// "NXDOMAIN", "NODATA", "SERVFAIL", "REFUSED", "silent", "error", or addresses; before it
// may stand a delay, "100ms ". What is in no script is NXDOMAIN.
type script map[string]string

// server plays upstream servers with a script, each answer taking a millisecond.
type server struct {
	mu     sync.Mutex
	script script
	asked  []string
}

const answerTTL = 60

func (s *server) Ask(ctx context.Context, q upstream.Question) (wire.Answer, error) {
	name, off, err := dns.UnpackDomainName(q.Name, 0)
	if err != nil {
		return wire.Answer{}, err
	}
	typ := uint16(q.Name[off])<<8 | uint16(q.Name[off+1])
	key := name + " " + dns.TypeToString[typ]
	s.mu.Lock()
	s.asked = append(s.asked, key)
	var what string
	found := false
	for _, k := range []string{key, name, "*"} {
		if what, found = s.script[k]; found {
			break
		}
	}
	s.mu.Unlock()
	if !found {
		what = "NXDOMAIN"
	}
	delay := time.Millisecond
	if first, rest, ok := strings.Cut(what, " "); ok {
		if d, err := time.ParseDuration(first); err == nil {
			delay, what = d, rest
		}
	}
	if what == "silent" {
		delay = 5 * time.Second
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return wire.Answer{}, ctx.Err()
	}
	if what == "silent" || what == "error" {
		return wire.Answer{}, errors.New("no server has answered")
	}
	return answer(name, typ, what, q.Name)
}

func answer(name string, typ uint16, what string, question []byte) (wire.Answer, error) {
	m := new(dns.Msg).SetQuestion(name, typ)
	m.Response = true
	header := func(t uint16) dns.RR_Header {
		return dns.RR_Header{Name: name, Rrtype: t, Class: dns.ClassINET, Ttl: answerTTL}
	}
	soa := &dns.SOA{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 30}, Ns: "ns.", Mbox: "mail.", Minttl: 30}
	switch what {
	case "NXDOMAIN", "SERVFAIL", "REFUSED":
		m.Rcode = dns.StringToRcode[what]
		if what == "NXDOMAIN" {
			m.Ns = append(m.Ns, soa)
		}
	default:
		for field := range strings.FieldsSeq(what) {
			addr, err := netip.ParseAddr(field)
			switch {
			case err != nil && field != "NODATA":
				rr, err := dns.NewRR(fmt.Sprintf("%s %d IN %s %s", name, answerTTL, dns.TypeToString[typ], field))
				if err != nil {
					return wire.Answer{}, err
				}
				m.Answer = append(m.Answer, rr)
			case err == nil && addr.Is4() && typ == dns.TypeA:
				m.Answer = append(m.Answer, &dns.A{Hdr: header(typ), A: addr.AsSlice()})
			case err == nil && addr.Is6() && typ == dns.TypeAAAA:
				m.Answer = append(m.Answer, &dns.AAAA{Hdr: header(typ), AAAA: addr.AsSlice()})
			}
		}
		if len(m.Answer) == 0 {
			m.Ns = append(m.Ns, soa)
		}
	}
	m.Id = 0
	packed, err := m.Pack()
	if err != nil {
		return wire.Answer{}, err
	}
	return wire.ParseAnswer(packed, wire.Asked{Question: question})
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func (s *server) set(key, what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script[key] = what
}

// questions returns those asked since the last call, sorted.
func (s *server) questions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.asked
	s.asked = nil
	slices.Sort(all)
	return all
}

// world is a Resolver with a server.
type world struct {
	t *testing.T
	*resolve.Resolver
	server *server
	view   resolve.View
	start  time.Time
}

type setup struct {
	script script
	resolv string // resolv.conf
	args   string // dnsmasq's
	hosts  string
	ipv6   bool
}

func newWorld(t *testing.T, s setup) *world {
	t.Helper()
	if s.script == nil {
		s.script = script{}
	}
	w := &world{t: t, server: &server{script: s.script}, start: time.Now()}
	options, err := dnsmasq.Parse(s.args)
	if err != nil {
		t.Fatal(err)
	}
	conf := resolvconf.Parse([]byte(s.resolv))
	entries, _ := hostsfile.Parse([]byte(s.hosts))
	w.view = resolve.View{
		Hosts: hostsfile.NewTable("", entries), Options: options,
		Servers: conf.Nameservers, Default: w.server, Search: conf.Search, Resolv: conf.Options,
		Group: func([]netip.AddrPort) resolve.Asker { return w.server }, IPv6: s.ipv6, HostName: "box",
	}
	w.Resolver = resolve.New(resolve.Config{Cache: cache.Config{MaxStale: time.Hour}, MaxAnswers: 63})
	w.SetView(w.view)
	t.Cleanup(w.Close)
	return w
}

// send has the Resolver answer one query.
func (w *world) send(m *dns.Msg) *dns.Msg {
	w.t.Helper()
	packed, err := m.Pack()
	if err != nil {
		w.t.Fatal(err)
	}
	q, verdict := wire.ParseQuery(packed)
	if verdict != wire.Ask {
		w.t.Fatalf("verdict %v", verdict)
	}
	reply, ok := w.Answer(nil, &q, time.Since(w.start))
	if !ok {
		reply = w.Resolve(context.Background(), nil, &q)
	}
	got := new(dns.Msg)
	if err := got.Unpack(reply); err != nil {
		w.t.Errorf("%v: %v", m.Question, err)
		return got
	}
	if got.Id != m.Id || !got.Response || !got.RecursionAvailable || len(got.Question) != 1 || got.Question[0] != m.Question[0] {
		w.t.Errorf("%v: the reply is not one: %v", m.Question, got)
	}
	return got
}

// ask asks for a name and type, and returns the answer as text: "NXDOMAIN", "NODATA",
// or what the records say.
func (w *world) ask(name, typ string) string {
	w.t.Helper()
	m := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.StringToType[typ])
	return show(w.send(m))
}

func show(m *dns.Msg) string {
	if m.Rcode != dns.RcodeSuccess {
		return dns.RcodeToString[m.Rcode]
	}
	if len(m.Answer) == 0 {
		return "NODATA"
	}
	var all []string
	for _, rr := range m.Answer {
		text := strings.TrimPrefix(rr.String(), rr.Header().String())
		if rr.Header().Rrtype == dns.TypeCNAME {
			text = ">" + text
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

// both asks for A and AAAA at the same time, as getaddrinfo does, and tells how long
// the slower one took.
func (w *world) both(name string) (a, aaaa string, took time.Duration) {
	w.t.Helper()
	started := time.Now()
	var wg sync.WaitGroup
	wg.Go(func() { a = w.ask(name, "A") })
	wg.Go(func() { aaaa = w.ask(name, "AAAA") })
	wg.Wait()
	return a, aaaa, time.Since(started)
}

// inBubble runs a test on synthetic time.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// noAllocations checks that the answer to a datagram is in memory, and costs none.
func (w *world) noAllocations(packet []byte) {
	w.t.Helper()
	dst := make([]byte, 0, 2048)
	var q wire.Query
	n := testing.AllocsPerRun(100, func() {
		q.Parse(packet)
		if _, ok := w.Answer(dst[:0], &q, time.Since(w.start)); !ok {
			w.t.Error("the answer is not in memory")
		}
	})
	if n != 0 {
		w.t.Errorf("%v allocations", n)
	}
}
