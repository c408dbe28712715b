package resolve

import (
	"net/netip"
	"slices"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// local appends the reply to q if nobody else needs to be asked. In this order: what
// is answered the same whoever asks, hosts, records, fixed addresses, what is
// filtered out, names that are special (RFC 6761, RFC 7686, RFC 6303).
func (v *view) local(dst []byte, q *wire.Query) ([]byte, bool) {
	if reply, ok := wire.AppendSpecial(dst, q); ok {
		return reply, true
	}
	isAddress := q.Type == wire.TypeA || q.Type == wire.TypeAAAA
	if isAddress {
		if host := v.Hosts.LookupWire(q.Name()); host != nil {
			return appendAddresses(dst, q, v.localTTL, host.V4, host.V6), true
		}
	}
	if len(v.records) > 0 {
		if reply, ok := v.appendRecords(dst, q); ok {
			return reply, true
		}
	}
	if isAddress && len(v.Options.Addresses) > 0 {
		if reply, ok := v.appendFixed(dst, q); ok {
			return reply, true
		}
	}
	if q.Type == wire.TypeAAAA && v.noAAAA || q.Type == wire.TypeA && v.noA || slices.Contains(v.Options.FilterRR, q.Type) {
		return appendNothing(dst, q, wire.RcodeSuccess), true
	}
	if q.Type == wire.TypePTR {
		return v.appendReverse(dst, q)
	}
	return appendReserved(dst, q)
}

// nothingTTL is for how many seconds the absence of local data may be remembered.
const nothingTTL = 5

// appendNothing says that there is no such name, or no such data.
func appendNothing(dst []byte, q *wire.Query, rcode uint16) []byte {
	b := wire.Begin(dst, q, rcode)
	b.SOA(nothingTTL)
	return b.End()
}

// appendAddresses answers with those of the family asked for, or says that there are none.
func appendAddresses(dst []byte, q *wire.Query, ttl uint32, v4, v6 []netip.Addr) []byte {
	addrs := v4
	if q.Type == wire.TypeAAAA {
		addrs = v6
	}
	b := wire.Begin(dst, q, wire.RcodeSuccess)
	b.Local()
	for _, addr := range addrs {
		b.Address(ttl, addr)
	}
	if len(addrs) == 0 {
		b.SOA(nothingTTL)
	}
	return b.End()
}

// appendFixed answers what --address says. Of a family that it says nothing about, the
// servers are asked.
func (v *view) appendFixed(dst []byte, q *wire.Query) ([]byte, bool) {
	fixed := v.Rules.AddressFor(text(lower(q.Name())))
	if fixed == nil || q.Type == wire.TypeA && len(fixed.V4) == 0 || q.Type == wire.TypeAAAA && len(fixed.V6) == 0 {
		return dst, false
	}
	return appendAddresses(dst, q, v.localTTL, fixed.V4, fixed.V6), true
}

var (
	loopback4 = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	loopback6 = []netip.Addr{netip.IPv6Loopback()}
)

const localhost = "\x09localhost\x00"

// appendReserved answers for the names that no server is to be asked for.
func appendReserved(dst []byte, q *wire.Query) ([]byte, bool) {
	if q.Labels == 0 {
		return dst, false
	}
	switch last := lastLabel(q.Name()); {
	case foldEqual(last, "localhost"):
		if q.Type == wire.TypeA || q.Type == wire.TypeAAAA {
			return appendAddresses(dst, q, nothingTTL, loopback4, loopback6), true
		}
		return appendNothing(dst, q, wire.RcodeSuccess), true
	case foldEqual(last, "invalid"), foldEqual(last, "onion"):
		return appendNothing(dst, q, wire.RcodeNXDomain), true
	}
	return dst, false
}

// appendReverse answers for addresses: those of hosts, of this host, and those of
// private networks that the servers cannot know.
func (v *view) appendReverse(dst []byte, q *wire.Query) ([]byte, bool) {
	addr, ok := reverseAddr(q.Name())
	if !ok {
		return dst, false
	}
	var name []byte
	if owner := v.Hosts.LookupAddr(addr); owner != nil {
		name = owner.Wire
	} else if addr.IsLoopback() {
		name = []byte(localhost)
	}
	switch {
	case name != nil:
		b := wire.Begin(dst, q, wire.RcodeSuccess)
		b.Local()
		b.PTR(v.localTTL, name)
		return b.End(), true
	case isPrivate(addr) && (v.Options.BogusPriv || !v.private) && v.Rules.ServersFor(text(lower(q.Name()))).Default:
		return appendNothing(dst, q, wire.RcodeNXDomain), true
	}
	return dst, false
}

// isPrivate tells whether only a private network knows an address (RFC 6303).
func isPrivate(addr netip.Addr) bool {
	return addr.IsPrivate() || addr.IsLinkLocalUnicast() || addr.IsUnspecified()
}

// lastLabel returns the last label of a name in wire form, without its length.
func lastLabel(name []byte) []byte {
	var last []byte
	for len(name) > 0 && name[0] > 0 {
		n := int(name[0]) + 1
		last, name = name[1:n], name[n:]
	}
	return last
}

// foldEqual compares a label with lower-case letters.
func foldEqual(label []byte, lower string) bool {
	if len(label) != len(lower) {
		return false
	}
	for i := range label {
		c := label[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// lower returns a copy of a name in lower case. Lengths are below the letters.
func lower(name []byte) []byte {
	low := slices.Clone(name)
	for i, c := range low {
		if 'A' <= c && c <= 'Z' {
			low[i] = c + 'a' - 'A'
		}
	}
	return low
}

// localAnswer is local for a name that the search list has made, or that a CNAME
// leads to.
func (v *view) localAnswer(question []byte) (wire.Answer, bool) {
	q := queryOf(question)
	reply, ok := v.local(nil, &q)
	if !ok {
		return wire.Answer{}, false
	}
	return parsed(reply, question), true
}

// parsed is the answer that a reply of ours is.
func parsed(reply, question []byte) wire.Answer {
	answer, err := wire.ParseAnswer(reply, wire.Asked{Question: question})
	if err != nil {
		return wire.Fail(question)
	}
	return answer
}

// queryOf is a query of our own.
func queryOf(question []byte) wire.Query {
	n := len(question)
	q := wire.Query{Question: question, Flags: wire.FlagRD, Limit: wire.MaxMessage}
	q.Type = uint16(question[n-4])<<8 | uint16(question[n-3])
	q.Class = uint16(question[n-2])<<8 | uint16(question[n-1])
	q.Labels = labels(question)
	return q
}

// labels counts those of the name at the start of b.
func labels(b []byte) uint8 {
	var n uint8
	for len(b) > 0 && b[0] > 0 && int(b[0]) < len(b) {
		b = b[int(b[0])+1:]
		n++
	}
	return n
}
