package matrix_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/dnstest"
)

const ourselves = "127.0.0.1:53"

// dial connects to baseinit in the world.
func (w *world) dial(network string) *dns.Conn {
	w.t.Helper()
	var conn *dns.Conn
	var err error
	w.network.Do(func() { conn, err = dns.Dial(network, ourselves) })
	if err == nil {
		conn.UDPSize = dns.MaxMsgSize
		err = conn.SetDeadline(time.Now().Add(10 * time.Second))
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// exchange asks baseinit, and also returns the reply's size.
func (w *world) exchange(network string, q *dns.Msg) (reply *dns.Msg, size int) {
	w.t.Helper()
	conn := w.dial(network)
	if err := conn.WriteMsg(q); err != nil {
		w.t.Fatal(err)
	}
	message, err := conn.ReadMsgHeader(nil)
	reply = new(dns.Msg)
	if err == nil {
		err = reply.Unpack(message)
	}
	if err != nil {
		w.t.Fatalf("no reply to %v: %v", q.Question, err)
	}
	if reply.Id != q.Id {
		w.t.Errorf("reply to %d, want one to %d", reply.Id, q.Id)
	}
	return reply, len(message)
}

// asks counts the questions for a name and a type.
func (w *world) asks(name string, rtype uint16) (n int) {
	for _, q := range w.askedFor(name) {
		if q.Type == dns.Type(rtype).String() {
			n++
		}
	}
	return n
}

// brief is a reply in a line: rcode, TC, and the data of the answer or how many
// records that has.
func brief(m *dns.Msg) string {
	text := dns.RcodeToString[m.Rcode]
	if m.Truncated {
		text += " tc"
	}
	if len(m.Answer) > 3 {
		return text + fmt.Sprintf(" %d records", len(m.Answer))
	}
	for _, rr := range m.Answer {
		text += " " + strings.TrimPrefix(rr.String(), rr.Header().String())
	}
	return text
}

// question is a question to baseinit, and what it says.
type question struct {
	name    string
	rtype   uint16
	network string // default udp
	edns    uint16
	want    string // brief
	asks    int    // at most so many questions to the server, from the world's beginning on
}

// ask asks them one after the other, and returns a line for each that the server
// was asked more often than it should have been.
func (w *world) ask(questions []question) (often []string) {
	w.t.Helper()
	for _, q := range questions {
		m := new(dns.Msg).SetQuestion(q.name, q.rtype)
		if q.edns > 0 {
			m.SetEdns0(q.edns, false)
		}
		network := q.network
		if network == "" {
			network = "udp"
		}
		began := time.Now()
		reply, size := w.exchange(network, m)
		if took := time.Since(began); took > lastWord+spare {
			w.t.Errorf("%s %v: a reply after %v", q.name, dns.Type(q.rtype), took)
		}
		if diff := gocmp.Diff(q.want, brief(reply)); diff != "" {
			w.t.Errorf("%s %v, EDNS %d (-want +got):\n%s", q.name, dns.Type(q.rtype), q.edns, diff)
		}
		if !reply.RecursionAvailable {
			w.t.Errorf("%s %v: RA is 0", q.name, dns.Type(q.rtype))
		}
		if len(reply.Question) != 1 || reply.Question[0] != m.Question[0] {
			w.t.Errorf("%s %v: the reply is to %v", q.name, dns.Type(q.rtype), reply.Question)
		}
		limit := dns.MaxMsgSize
		if network == "udp" {
			limit = max(dns.MinMsgSize, int(q.edns))
		}
		if size > limit {
			w.t.Errorf("%s %v: %d bytes to a client that takes %d", q.name, dns.Type(q.rtype), size, limit)
		}
		if n := w.asks(q.name, q.rtype); n > q.asks {
			often = append(often, fmt.Sprintf("%s %v: the server was asked %d times, want %d at most", q.name, dns.Type(q.rtype), n, q.asks))
		}
	}
	return often
}

// TestContract asks baseinit what facts 4 lists, and compares with its column "wanted".
// It counts questions, and what is late is sent again: so nothing of this package runs beside
// it, and a world in which too many were counted is tried again, as the machine may be at work.
func TestContract(t *testing.T) {
	const a, aaaa, mx = dns.TypeA, dns.TypeAAAA, dns.TypeMX
	for name, test := range map[string]struct {
		zone, hosts string
		questions   []question
	}{
		"SERVFAIL": {zone: "x.test * servfail", questions: []question{
			{name: "x.test.", rtype: a, want: "SERVFAIL", asks: 2}, {name: "x.test.", rtype: a, want: "SERVFAIL", asks: 2},
		}},
		"REFUSED": {zone: "x.test * refused", questions: []question{
			{name: "x.test.", rtype: a, want: "SERVFAIL", asks: 2}, {name: "x.test.", rtype: mx, want: "SERVFAIL", asks: 2},
		}},
		"FORMERR": {zone: "x.test * formerr", questions: []question{{name: "x.test.", rtype: a, want: "SERVFAIL", asks: 4}}},
		"NOTIMP":  {zone: "x.test * notimp", questions: []question{{name: "x.test.", rtype: a, want: "SERVFAIL", asks: 4}}},
		"silence": {zone: "x.test * silent", questions: []question{{name: "x.test.", rtype: a, want: "SERVFAIL", asks: 16}}},
		"no AAAA: NXDOMAIN": {zone: "x.test A 192.0.2.1\nx.test AAAA nxdomain", questions: []question{
			{name: "x.test.", rtype: aaaa, want: "NOERROR", asks: 1},
			{name: "x.test.", rtype: a, want: "NOERROR 192.0.2.1", asks: 1},
			{name: "x.test.", rtype: aaaa, want: "NOERROR", asks: 1},
		}},
		"no name": {questions: []question{
			{name: "x.test.", rtype: a, want: "NXDOMAIN", asks: 1},
			{name: "x.test.", rtype: aaaa, want: "NXDOMAIN", asks: 2}, // some servers have AAAA where A is NXDOMAIN
			{name: "x.test.", rtype: a, want: "NXDOMAIN", asks: 2},
		}},
		"no data without SOA": {zone: "x.test * nodata nosoa", questions: []question{
			{name: "x.test.", rtype: a, want: "NOERROR", asks: 1}, {name: "x.test.", rtype: a, want: "NOERROR", asks: 1},
		}},
		"40 addresses": {zone: "x.test A x40", questions: []question{
			{name: "x.test.", rtype: a, want: "NOERROR tc 30 records", asks: 2},
			{name: "x.test.", rtype: a, edns: 1232, want: "NOERROR 40 records", asks: 2},
			{name: "x.test.", rtype: a, network: "tcp", want: "NOERROR 40 records", asks: 2},
			{name: "X.Test.", rtype: a, edns: 100, want: "NOERROR tc 29 records", asks: 2},
		}},
		"cut off to nothing": {zone: "x.test A x40 tc:0", questions: []question{
			{name: "x.test.", rtype: a, want: "NOERROR tc 30 records", asks: 2},
			{name: "x.test.", rtype: a, edns: 1232, want: "NOERROR 40 records", asks: 2},
		}},
		"not cut off": {zone: "x.test A x60 oversize", questions: []question{
			{name: "x.test.", rtype: a, want: "NOERROR tc 30 records", asks: 2},
			{name: "x.test.", rtype: a, network: "tcp", want: "NOERROR 60 records", asks: 2},
		}},
		"another's reply first": {zone: "x.test A 192.0.2.1 badid\ny.test A 192.0.2.2 badquestion", questions: []question{
			{name: "x.test.", rtype: a, want: "NOERROR 192.0.2.1", asks: 1}, {name: "y.test.", rtype: a, want: "NOERROR 192.0.2.2", asks: 1},
		}},
		"a server without EDNS": {zone: "* A 192.0.2.1 noedns", questions: []question{
			{name: "x.test.", rtype: a, want: "NOERROR 192.0.2.1", asks: 2}, {name: "y.test.", rtype: a, want: "NOERROR 192.0.2.1", asks: 1},
		}},
		"localhost": {questions: []question{
			{name: "localhost.", rtype: a, want: "NOERROR 127.0.0.1"},
			{name: "x.LocalHost.", rtype: aaaa, want: "NOERROR ::1"},
			{name: "x.localhost.", rtype: a, want: "NOERROR 127.0.0.1"},
			{name: "1.0.0.127.in-addr.arpa.", rtype: dns.TypePTR, want: "NOERROR localhost."},
		}},
		"special names": {questions: []question{
			{name: "x.onion.", rtype: a, want: "NXDOMAIN"}, {name: "x.invalid.", rtype: a, want: "NXDOMAIN"},
		}},
		"hosts": {hosts: "192.0.2.5\tdb db.test\n2001:db8::6\tsix\n", questions: []question{
			{name: "DB.", rtype: a, want: "NOERROR 192.0.2.5"},
			{name: "db.test.", rtype: aaaa, want: "NOERROR"},
			{name: "db.", rtype: mx, want: "NOERROR", asks: 1}, // a server may know more
			{name: "six.", rtype: a, want: "NOERROR"},
			{name: "six.", rtype: aaaa, want: "NOERROR 2001:db8::6"},
			{name: "5.2.0.192.in-addr.arpa.", rtype: dns.TypePTR, want: "NOERROR db."},
		}},
		"other types": {zone: "x.test MX rr 10 mx.test.\nx.test TXT rr hello", questions: []question{
			{name: "x.test.", rtype: mx, want: "NOERROR 10 mx.test.", asks: 1},
			{name: "x.test.", rtype: dns.TypeTXT, want: `NOERROR "hello"`, asks: 1},
			{name: "x.test.", rtype: mx, want: "NOERROR 10 mx.test.", asks: 1},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var often []string
			for range 3 {
				w := newWorld(t, &place{servers: zones{"127.0.0.2": test.zone}, hosts: test.hosts, baseinit: true})
				if often = w.ready().ask(test.questions); often == nil {
					return
				}
				t.Log(often)
			}
			t.Error(often)
		})
	}
}

// ready waits until CMD runs, before which baseinit is still starting.
func (w *world) ready() *world {
	w.command("true")
	return w
}

// through is a world in which baseinit asks one server.
func through(t *testing.T, zone string) *world {
	t.Helper()
	return newWorld(t, &place{servers: zones{"127.0.0.2": zone}, baseinit: true}).ready()
}

// TestForeignRecords has a server answer with an address of another name.
func TestForeignRecords(t *testing.T) {
	t.Parallel()
	w := through(t, "x.test A 192.0.2.66 foreign:evil.test")
	if reply, _ := w.exchange("udp", new(dns.Msg).SetQuestion("x.test.", dns.TypeA)); len(reply.Answer) > 0 {
		t.Errorf("passed on: %v", reply.Answer)
	}
}

// TestHugeTTL has a server say a TTL with the high bit set: RFC 2181 8.
func TestHugeTTL(t *testing.T) {
	t.Parallel()
	w := through(t, "x.test A 192.0.2.1 ttl:2147483649")
	reply, _ := w.exchange("udp", new(dns.Msg).SetQuestion("x.test.", dns.TypeA))
	if brief(reply) != "NOERROR 192.0.2.1" || reply.Answer[0].Header().Ttl > 3600 {
		t.Errorf("reply:\n%v", reply)
	}
}

// TestSingleFlight asks the same twenty times at once, of a server that takes its time.
func TestSingleFlight(t *testing.T) {
	t.Parallel()
	w := through(t, "x.test A 192.0.2.1 delay:300ms\nx.test AAAA nodata delay:300ms\n* * delay:300ms nxdomain")
	conns := make([]*dns.Conn, 20)
	for i := range conns {
		conns[i] = w.dial("udp")
	}
	var wg sync.WaitGroup
	for _, conn := range conns {
		wg.Go(func() {
			if err := conn.WriteMsg(new(dns.Msg).SetQuestion("x.test.", dns.TypeA)); err != nil {
				t.Error(err)
			}
			reply, err := conn.ReadMsg()
			if err != nil {
				t.Error(err)
			} else if got := brief(reply); got != "NOERROR 192.0.2.1" {
				t.Errorf("reply %s", got)
			}
		})
	}
	wg.Wait()
	// What is not answered at once is sent again, but for all twenty together.
	if n := w.asks("x.test.", dns.TypeA); n > 4 {
		t.Errorf("the server was asked %d times: %v", n, w.askedFor("x.test"))
	}
}

// TestOutOfOrder asks for a slow name and then for a fast one, on one connection.
func TestOutOfOrder(t *testing.T) {
	t.Parallel()
	w := through(t, "slow.test A 192.0.2.1 delay:500ms\nfast.test A 192.0.2.2")
	names, err := dnstest.Order(w.dial("tcp"), "slow.test.", "fast.test.")
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]string{"fast.test.", "slow.test."}, names); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// TestOddQueries sends what is no plain question. None of it ends PID 1.
func TestOddQueries(t *testing.T) {
	t.Parallel()
	w := through(t, "")
	query := func(change func(*dns.Msg)) []byte {
		m := new(dns.Msg).SetQuestion("localhost.", dns.TypeA)
		change(m)
		b, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	header := func(flags, questions uint16) []byte {
		b := make([]byte, 12)
		binary.BigEndian.PutUint16(b[2:], flags)
		binary.BigEndian.PutUint16(b[4:], questions)
		return b
	}
	for name, test := range map[string]struct {
		message []byte
		want    string // "" is silence
	}{
		"empty":            {nil, ""},
		"11 bytes":         {header(0x0100, 1)[:11], ""},
		"question missing": {header(0x0100, 1), "FORMERR"}, // what panics a naive handler
		"no question":      {header(0x0100, 0), "FORMERR"},
		"65535 questions":  {header(0x0100, 65535), "FORMERR"},
		"a response":       {query(func(m *dns.Msg) { m.Response = true }), ""},
		"two questions":    {query(func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }), "FORMERR"},
		"STATUS":           {query(func(m *dns.Msg) { m.Opcode = dns.OpcodeStatus }), "NOTIMP"},
		"UPDATE":           {query(func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate }), "NOTIMP"},
		"name loops":       {append(header(0x0100, 1), 0xc0, 12, 0, 1, 0, 1), "FORMERR"},
		"EDNS version 1":   {query(func(m *dns.Msg) { m.SetEdns0(1232, false).IsEdns0().SetVersion(1) }), "BADVERS"},
		"trailing bytes":   {append(query(func(*dns.Msg) {}), 1, 2, 3), "FORMERR"},
		"version.bind, once": {query(func(m *dns.Msg) {
			m.Question[0] = dns.Question{Name: "version.bind.", Qtype: dns.TypeTXT, Qclass: dns.ClassCHAOS}
		}), "no version"},
	} {
		conn := w.dial("udp")
		if _, err := conn.Conn.(*net.UDPConn).Write(test.message); err != nil {
			t.Fatal(err)
		}
		// A question behind it tells silence, for answers from memory come in order.
		sentinel := new(dns.Msg).SetQuestion("localhost.", dns.TypeA)
		sentinel.Id = 0x7e57
		if err := conn.WriteMsg(sentinel); err != nil {
			t.Fatal(err)
		}
		reply, err := conn.ReadMsg()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := brief(reply)
		if reply.Id == sentinel.Id {
			got = ""
		}
		if test.want == "no version" && len(reply.Answer) == 0 {
			got = test.want
		}
		if reply.IsEdns0() != nil && reply.IsEdns0().ExtendedRcode() == dns.RcodeBadVers {
			got = "BADVERS"
		}
		if got != test.want {
			t.Errorf("%s: reply %q, want %q", name, got, test.want)
		}
	}
}
