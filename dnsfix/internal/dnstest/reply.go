package dnstest

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// maxChain is how many aliases are followed.
const maxChain = 20

// answer logs a message and returns what is sent for it, and after which time.
func (s *Server) answer(message []byte, q *Query) (replies [][]byte, delay time.Duration) {
	asked := new(dns.Msg)
	if err := asked.Unpack(message); err != nil || asked.Response || len(asked.Question) != 1 {
		return nil, 0
	}
	question := asked.Question[0]
	q.Name, q.Type = question.Name, dns.Type(question.Qtype).String()
	if opt := asked.IsEdns0(); opt != nil {
		q.EDNS = opt.UDPSize()
	}
	r := s.script.find(question.Name, question.Qtype)
	defer s.log.add(*q) // after whatever it counts has been counted
	if r.silent || q.UDP && r.drop.Add(-1) >= 0 {
		return nil, 0
	}
	reply := new(dns.Msg).SetReply(asked)
	reply.RecursionAvailable, reply.Compress = true, true
	if q.EDNS > 0 && r.noEDNS {
		reply.Rcode = dns.RcodeFormatError
		return pack(reply), r.delay
	}
	s.fill(reply, r)
	if q.EDNS > 0 {
		reply.SetEdns0(1232, false)
	}
	if q.UDP {
		r.shorten(reply, q)
		replies = r.lies(reply)
	}
	return append(replies, pack(reply)...), r.delay
}

// fill puts in what the script knows, alias after alias.
func (s *Server) fill(reply *dns.Msg, r *rule) {
	name, rtype := reply.Question[0].Name, reply.Question[0].Qtype
	noSOA := r.noSOA
	for range maxChain {
		if r.cname == "" || rtype == dns.TypeCNAME {
			break
		}
		reply.Answer = append(reply.Answer, &dns.CNAME{Hdr: r.header(name, dns.TypeCNAME), Target: r.cname})
		name = r.cname
		r = s.script.find(name, rtype)
	}
	records := r.records(name, rtype)
	reply.Answer = append(reply.Answer, records...)
	reply.Rcode = r.rcode
	negative := r.rcode == dns.RcodeNameError || r.rcode == dns.RcodeSuccess && len(records) == 0
	if negative && !noSOA && !r.noSOA {
		reply.Ns = append(reply.Ns, soa(name))
	}
}

// records are what a line gives for a name and a type.
func (r *rule) records(name string, rtype uint16) (records []dns.RR) {
	if r.foreign != "" {
		name = r.foreign
	}
	addrs := slices.Clone(r.addrs)
	for i := range r.count {
		addrs = append(addrs, generated(i, rtype))
	}
	for _, addr := range addrs {
		switch {
		case rtype == dns.TypeA && addr.Is4():
			records = append(records, &dns.A{Hdr: r.header(name, rtype), A: addr.AsSlice()})
		case rtype == dns.TypeAAAA && addr.Is6():
			records = append(records, &dns.AAAA{Hdr: r.header(name, rtype), AAAA: addr.AsSlice()})
		}
	}
	if r.data != "" {
		text := strconv.Itoa(int(r.ttl)) + " IN " + dns.Type(rtype).String() + " " + r.data
		if rr, err := dns.NewRR(name + " " + text); err == nil && rr != nil {
			records = append(records, rr)
		}
	}
	return records
}

// generated is the address with a number: 10.1.0.1 and on, 2001:db8::1 and on.
func generated(i int, rtype uint16) netip.Addr {
	if rtype == dns.TypeAAAA {
		return netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", i+1))
	}
	return netip.AddrFrom4([4]byte{10, 1, byte(i / 250), byte(i%250 + 1)})
}

func (r *rule) header(name string, rtype uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: rtype, Class: dns.ClassINET, Ttl: r.ttl}
}

// soa is the SOA record of a name's zone, for which its last two labels are taken.
func soa(name string) dns.RR {
	labels := dns.SplitDomainName(name)
	zone := strings.Join(labels[max(0, len(labels)-2):], ".") + "."
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 30},
		Ns:  "ns.invalid.", Mbox: "hostmaster.invalid.", Serial: 1, Refresh: 3600, Retry: 600, Expire: 86400, Minttl: 30,
	}
}

// shorten does what UDP needs, or what the script says.
func (r *rule) shorten(reply *dns.Msg, q *Query) {
	switch {
	case r.full:
	case r.cut >= 0:
		reply.Truncated = true
		reply.Answer = reply.Answer[:min(r.cut, len(reply.Answer))]
	default:
		reply.Truncate(max(dns.MinMsgSize, int(q.EDNS)))
	}
}

// lies are the replies that come before the right one.
func (r *rule) lies(reply *dns.Msg) (lies [][]byte) {
	if r.badID {
		lie := lie(reply)
		lie.Id ^= 0x5555
		lies = append(lies, pack(lie)...)
	}
	if r.badName {
		lie := lie(reply)
		lie.Question[0].Name = "another.name.test."
		lies = append(lies, pack(lie)...)
	}
	return lies
}

// Wrong and Wrong6 are the addresses in replies that nobody should take.
const (
	Wrong  = "203.0.113.66"
	Wrong6 = "2001:db8:bad::66"
)

// lie is a reply with wrong addresses.
func lie(reply *dns.Msg) *dns.Msg {
	lie := reply.Copy()
	for _, rr := range lie.Answer {
		switch rr := rr.(type) {
		case *dns.A:
			rr.A = net.ParseIP(Wrong)
		case *dns.AAAA:
			rr.AAAA = net.ParseIP(Wrong6)
		}
	}
	return lie
}

// pack returns the message, or none where the script has made one that there cannot be.
func pack(m *dns.Msg) [][]byte {
	message, err := m.Pack()
	if err != nil {
		return nil
	}
	return [][]byte{message}
}
