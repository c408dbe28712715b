package dnstest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"github.com/sillelien/baseinit/dnsfix/internal/dnstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t *testing.T, cfg dnstest.Config) *dnstest.Server {
	t.Helper()
	s, err := dnstest.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// ask asks over UDP, with EDNS if size is not 0, and tells what came first.
func ask(t *testing.T, s *dnstest.Server, network, name string, rtype, size uint16) (*dns.Msg, error) {
	t.Helper()
	q := new(dns.Msg).SetQuestion(name, rtype)
	if size > 0 {
		q.SetEdns0(size, false)
	}
	conn, err := dns.Dial(network, s.Addr().String())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	conn.UDPSize = 65535
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := conn.WriteMsg(q); err != nil {
		return nil, err
	}
	reply, err := conn.ReadMsg()
	if err == nil && reply.Id != q.Id {
		return reply, errors.New("wrong id")
	}
	return reply, err
}

// brief is a reply in a line: rcode, flags, and what the sections hold.
func brief(m *dns.Msg) string {
	words := []string{dns.RcodeToString[m.Rcode]}
	if m.Truncated {
		words = append(words, "tc")
	}
	if len(m.Answer) > 4 {
		words = append(words, fmt.Sprintf("%d records", len(m.Answer)))
	} else {
		for _, rr := range m.Answer {
			words = append(words, strings.TrimPrefix(rr.String(), rr.Header().String()))
		}
	}
	for _, rr := range m.Ns {
		words = append(words, dns.Type(rr.Header().Rrtype).String())
	}
	return strings.Join(words, " ")
}

const zone = `
	www.ok.test     *     192.0.2.1 2001:db8::1  # both
	four.ok.test    A     192.0.2.4
	mail.ok.test    MX    rr 10 mx.ok.test.
	text.ok.test    TXT   rr "two words"
	alias.ok.test   *     cname:Mid.ok.test
	mid.ok.test     *     cname:www.ok.test
	gone.ok.test    *     cname:nowhere.test
	loop.ok.test    *     cname:loop.ok.test
	many.ok.test    *     x40
	tc.ok.test      A     x40 tc:3
	none.ok.test    A     x40 tc:0
	over.ok.test    A     x40 oversize
	foreign.ok.test A     192.0.2.1 foreign:evil.test
	noedns.test     A     192.0.2.1 noedns
	empty.ok.test   *     nodata nosoa
	*.broken.test   *     servfail
	*.refused.test  AAAA  refused
`

func TestAnswers(t *testing.T) {
	t.Parallel()
	s := listen(t, dnstest.Config{Script: zone})
	for _, test := range []struct {
		name    string
		rtype   uint16
		network string
		size    uint16
		want    string
	}{
		{name: "www.ok.test.", rtype: dns.TypeA, want: "NOERROR 192.0.2.1"},
		{name: "WWW.ok.Test.", rtype: dns.TypeAAAA, want: "NOERROR 2001:db8::1"},
		{name: "www.ok.test.", rtype: dns.TypeMX, want: "NOERROR SOA"},
		{name: "four.ok.test.", rtype: dns.TypeAAAA, want: "NOERROR SOA"},
		{name: "mail.ok.test.", rtype: dns.TypeMX, want: "NOERROR 10 mx.ok.test."},
		{name: "text.ok.test.", rtype: dns.TypeTXT, want: `NOERROR "two words"`},
		{name: "alias.ok.test.", rtype: dns.TypeA, want: "NOERROR Mid.ok.test. www.ok.test. 192.0.2.1"},
		{name: "alias.ok.test.", rtype: dns.TypeCNAME, want: "NOERROR SOA"},
		{name: "gone.ok.test.", rtype: dns.TypeA, want: "NXDOMAIN nowhere.test. SOA"},
		{name: "loop.ok.test.", rtype: dns.TypeA, want: "NOERROR 20 records SOA"},
		{name: "many.ok.test.", rtype: dns.TypeA, want: "NOERROR tc 30 records"},
		{name: "many.ok.test.", rtype: dns.TypeA, size: 1232, want: "NOERROR 40 records"},
		{name: "many.ok.test.", rtype: dns.TypeA, network: "tcp", want: "NOERROR 40 records"},
		{name: "many.ok.test.", rtype: dns.TypeAAAA, size: 1232, want: "NOERROR 40 records"},
		{name: "tc.ok.test.", rtype: dns.TypeA, want: "NOERROR tc 10.1.0.1 10.1.0.2 10.1.0.3"},
		{name: "tc.ok.test.", rtype: dns.TypeA, network: "tcp", want: "NOERROR 40 records"},
		{name: "none.ok.test.", rtype: dns.TypeA, want: "NOERROR tc"},
		{name: "over.ok.test.", rtype: dns.TypeA, want: "NOERROR 40 records"},
		{name: "noedns.test.", rtype: dns.TypeA, size: 1232, want: "FORMERR"},
		{name: "noedns.test.", rtype: dns.TypeA, want: "NOERROR 192.0.2.1"},
		{name: "empty.ok.test.", rtype: dns.TypeA, want: "NOERROR"},
		{name: "a.b.broken.test.", rtype: dns.TypeA, want: "SERVFAIL"},
		{name: "broken.test.", rtype: dns.TypeA, want: "NXDOMAIN SOA"},
		{name: "x.refused.test.", rtype: dns.TypeAAAA, want: "REFUSED"},
		{name: ".", rtype: dns.TypeNS, want: "NXDOMAIN SOA"},
	} {
		network := test.network
		if network == "" {
			network = "udp"
		}
		reply, err := ask(t, s, network, test.name, test.rtype, test.size)
		if err != nil {
			t.Errorf("%s %v: %v", test.name, dns.Type(test.rtype), err)
			continue
		}
		if diff := cmp.Diff(test.want, brief(reply)); diff != "" {
			t.Errorf("%s %v (-want +got):\n%s", test.name, dns.Type(test.rtype), diff)
		}
		if edns := reply.IsEdns0() != nil; reply.Rcode != dns.RcodeFormatError && edns != (test.size > 0) {
			t.Errorf("%s: EDNS in the reply is %v", test.name, edns)
		}
	}
	reply, err := ask(t, s, "udp", "foreign.ok.test.", dns.TypeA, 0)
	if err != nil || reply.Answer[0].Header().Name != "evil.test." {
		t.Errorf("foreign record: %v, %v", reply, err)
	}
}

func TestLies(t *testing.T) {
	t.Parallel()
	s := listen(t, dnstest.Config{Script: "id.test A 192.0.2.1 badid\nname.test A 192.0.2.1 badquestion"})
	if _, err := ask(t, s, "udp", "id.test.", dns.TypeA, 0); err == nil || err.Error() != "wrong id" {
		t.Errorf("the first reply is not to somebody else: %v", err)
	}
	reply, err := ask(t, s, "udp", "name.test.", dns.TypeA, 0)
	if err != nil || brief(reply) != "NOERROR "+dnstest.Wrong || reply.Question[0].Name != "another.name.test." {
		t.Errorf("the first reply is to the question: %v, %v", reply, err)
	}
	// The right one comes behind it.
	client := &dns.Client{}
	conn, err := client.Dial(s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	q := new(dns.Msg).SetQuestion("id.test.", dns.TypeA)
	if reply, _, err := client.ExchangeWithConn(q, conn); err != nil || brief(reply) != "NOERROR 192.0.2.1" {
		t.Errorf("the second reply: %v, %v", reply, err)
	}
}

// TestSilence tells silence from an answer by what comes after it.
func TestSilence(t *testing.T) {
	t.Parallel()
	s := listen(t, dnstest.Config{Script: `
		silent.test A silent
		drop.test   A drop:2 192.0.2.1
		*           A 192.0.2.2
	`})
	conn, err := dns.Dial("udp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"silent.test.", "drop.test.", "drop.test.", "drop.test.", "last.test."} {
		if err := conn.WriteMsg(new(dns.Msg).SetQuestion(name, dns.TypeA)); err != nil {
			t.Fatal(err)
		}
	}
	var answered []string
	for range 2 {
		reply, err := conn.ReadMsg()
		if err != nil {
			t.Fatal(err)
		}
		answered = append(answered, reply.Question[0].Name)
	}
	if diff := cmp.Diff([]string{"drop.test.", "last.test."}, answered); diff != "" {
		t.Errorf("answered (-want +got):\n%s", diff)
	}
	if have := len(s.Queries()); have != 5 {
		t.Errorf("%d of 5 queries in the log", have)
	}
}

// TestDelay has a late answer come after that to a later question, on one connection.
func TestDelay(t *testing.T) {
	t.Parallel()
	s := listen(t, dnstest.Config{Script: "late.test A 192.0.2.1 delay:30ms\nsoon.test A 192.0.2.2"})
	for _, network := range []string{"udp", "tcp"} {
		conn, err := dns.Dial(network, s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		began := time.Now()
		names, err := dnstest.Order(conn, "late.test.", "soon.test.")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"soon.test.", "late.test."}, names); diff != "" {
			t.Errorf("%s (-want +got):\n%s", network, diff)
		}
		if took := time.Since(began); took < 30*time.Millisecond {
			t.Errorf("%s: both answers after %v", network, took)
		}
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	s := listen(t, dnstest.Config{})
	if _, err := ask(t, s, "udp", "A.test.", dns.TypeA, 1400); err != nil {
		t.Fatal(err)
	}
	if _, err := ask(t, s, "tcp", "b.test.", dns.TypeAAAA, 0); err != nil {
		t.Fatal(err)
	}
	queries := s.Queries()
	for i := range queries {
		if q := &queries[i]; !q.From.Addr().IsLoopback() || q.From.Port() == 0 || time.Since(q.Time) > time.Minute {
			t.Errorf("query from %v at %v", q.From, q.Time)
		}
		queries[i].From, queries[i].Time = netip.AddrPort{}, time.Time{}
	}
	want := []dnstest.Query{{Name: "A.test.", Type: "A", UDP: true, EDNS: 1400}, {Name: "b.test.", Type: "AAAA"}}
	if diff := cmp.Diff(want, queries, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if text := fmt.Sprint(queries); text != "[A A.test. udp AAAA b.test. tcp]" {
		t.Errorf("as text: %s", text)
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	s := listen(t, dnstest.Config{})
	waited := make(chan error, 1)
	go func() {
		waited <- s.Wait(t.Context(), 2, func(q dnstest.Query) bool { return q.Type == "AAAA" })
	}()
	for _, rtype := range []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeAAAA} {
		if _, err := ask(t, s, "udp", "x.test.", rtype, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-waited; err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Wait(ended, 4, nil); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "3 of 4") {
		t.Errorf("Wait for too many: %v", err)
	}
}

// TestGarbage sends what is no query. All of it is passed over.
func TestGarbage(t *testing.T) {
	t.Parallel()
	s := listen(t, dnstest.Config{Script: "* A 192.0.2.1"})
	conn, err := net.Dial("udp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	header := []byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	for _, bad := range [][]byte{{1}, header, slices.Concat(header, []byte("\xc0\x0c\x00\x01\x00\x01")), make([]byte, 2000)} {
		if _, err := conn.Write(bad); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ask(t, s, "udp", "x.test.", dns.TypeA, 0); err != nil {
		t.Error(err)
	}
	if have := len(s.Queries()); have != 1 {
		t.Errorf("%d queries in the log", have)
	}
}

func TestWithout(t *testing.T) {
	t.Parallel()
	for network, cfg := range map[string]dnstest.Config{
		"tcp": {Script: "* A 192.0.2.1", NoTCP: true}, "udp": {Script: "* A 192.0.2.1", NoUDP: true},
	} {
		s := listen(t, cfg)
		for _, n := range []string{"udp", "tcp"} {
			if _, err := ask(t, s, n, "x.test.", dns.TypeA, 0); (err != nil) != (n == network) {
				t.Errorf("without %s: %s gives %v", network, n, err)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	_, err := dnstest.Listen(dnstest.Config{Script: "a A\nb A 192.0.2.1\nc NOTYPE silent\nd A sielnt\ne A delay:x\nf MX rr mx.\n" +
		"g A tc:x\nh A ttl:-1\ni A drop:x\nj A xx"})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"line 1 of the script: it needs", `line 3 of the script: "NOTYPE" is no type`, `line 4 of the script: "sielnt"`,
		"line 5 ", "line 6 ", "line 7 ", "line 8 ", "line 9 ", "line 10 ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	s := listen(t, dnstest.Config{})
	if other, err := dnstest.Listen(dnstest.Config{Addr: s.Addr()}); err == nil {
		other.Close()
		t.Error("two servers on one address")
	}
}

// TestClose ends a server that still owes an answer, and has a connection open.
func TestClose(t *testing.T) {
	t.Parallel()
	s, err := dnstest.Listen(dnstest.Config{Script: "* * delay:1h 192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, network := range []string{"udp", "tcp"} {
		conn, err := dns.Dial(network, s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if err := conn.WriteMsg(new(dns.Msg).SetQuestion("x.test.", dns.TypeA)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Wait(t.Context(), 2, nil); err != nil {
		t.Fatal(err)
	}
	s.Close()
}
