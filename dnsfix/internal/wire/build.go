package wire

import "net/netip"

// AppendReply appends a reply to q without records: an error, or "no data" with
// RcodeSuccess.
func AppendReply(dst []byte, q *Query, rcode uint16) []byte {
	b := Begin(dst, q, rcode)
	return b.End()
}

// AppendSpecial appends the reply to what is answered in the same way whoever asks for
// whatever name, and tells whether q is such: REFUSED to classes other than IN (the
// version in CHAOS is nobody's business), NOTIMP to zone transfers and other types of
// questions that are no records, and one HINFO record to ANY (RFC 8482 4.2).
func AppendSpecial(dst []byte, q *Query) ([]byte, bool) {
	switch {
	case q.Class != ClassIN:
		return AppendReply(dst, q, RcodeRefused), true
	case q.Type == TypeANY:
		b := Begin(dst, q, RcodeSuccess)
		b.Record(TypeHINFO, anyTTL, []byte("\x07RFC8482\x00"))
		return b.End(), true
	case q.Type == TypeOPT || typeTKEY <= q.Type && q.Type < TypeANY:
		return AppendReply(dst, q, RcodeNotImp), true
	}
	return dst, false
}

// anyTTL is in seconds. The answer to ANY never changes.
const anyTTL = 3600

// Builder appends a reply made of local data, record after record, and allocates
// nothing if dst has room. Names are in wire form and without pointers (AppendName),
// TTLs in seconds. What would not fit in 65,535 bytes is left out, and TC set.
type Builder struct {
	q       Query // no pointer to it, which would move the caller's to the heap
	dst     []byte
	base    int    // where in dst the message begins
	pointer uint16 // to the owner of the next records
	owner   []byte // or the owner itself, if a pointer cannot lead to it
	rcode   uint16
}

// Begin begins a reply to q behind dst.
func Begin(dst []byte, q *Query, rcode uint16) Builder {
	b := Builder{q: *q, dst: dst, base: len(dst), pointer: headerLen, rcode: rcode}
	b.dst = append16(append16(b.dst, q.ID), q.replyFlags(rcode&maskRcode))
	b.dst = append(b.dst, 0, 0, 0, 0, 0, 0, 0, 0)
	if len(q.Question) > 0 {
		b.dst[b.base+qdCount+1] = 1
		b.dst = append(b.dst, q.Question...)
	}
	return b
}

// Local says that the data is ours, as that of /etc/hosts is: AA is set.
func (b *Builder) Local() { b.dst[b.base+2] |= FlagAA >> 8 }

// Address adds an A or AAAA record if addr is of the family that the question is for,
// and tells whether it is. An IPv4 address in IPv6 form counts as IPv4; a zone is left
// out.
func (b *Builder) Address(ttl uint32, addr netip.Addr) bool {
	addr = addr.Unmap()
	switch {
	case b.q.Type == TypeA && addr.Is4():
		ip := addr.As4()
		b.Record(TypeA, ttl, ip[:])
	case b.q.Type == TypeAAAA && addr.Is6():
		ip := addr.As16()
		b.Record(TypeAAAA, ttl, ip[:])
	default:
		return false
	}
	return true
}

// CNAME says that the name is an alias of target, which owns the records after this.
// target must stay as it is until End.
func (b *Builder) CNAME(ttl uint32, target []byte) {
	b.Record(TypeCNAME, ttl, target)
	b.owner, b.pointer = target, 0
	if at := len(b.dst) - len(target) - b.base; at <= maxPointer {
		b.pointer = uint16(at)
	}
}

// PTR adds the name of the address that is asked for.
func (b *Builder) PTR(ttl uint32, name []byte) { b.Record(TypePTR, ttl, name) }

// TXT adds one record with text, in strings of 255 bytes.
func (b *Builder) TXT(ttl uint32, text string) {
	if !b.begin(anCount, TypeTXT, ttl, len(text)+max(1, (len(text)+254)/255)) {
		return
	}
	for more := true; more; more = text != "" {
		n := min(len(text), 255)
		b.dst = append(append(b.dst, byte(n)), text[:n]...)
		text = text[n:]
	}
}

// Record adds a record with the data given, whose names must be without pointers.
func (b *Builder) Record(typ uint16, ttl uint32, data []byte) {
	if b.begin(anCount, typ, ttl, len(data)) {
		b.dst = append(b.dst, data...)
	}
}

// SOA says how many seconds the absence of what was asked for may be remembered (RFC
// 2308 5). It must be the last record; its owner is the name asked for.
func (b *Builder) SOA(ttl uint32) {
	const names = "\x09localhost\x00\x06nobody\x07invalid\x00"
	b.owner, b.pointer = nil, headerLen
	if !b.begin(nsCount, TypeSOA, ttl, len(names)+20) {
		return
	}
	b.dst = append(b.dst, names...)
	for _, v := range [...]uint32{1, 3600, 1200, 604800, ttl} { // serial, refresh, retry, expire
		b.dst = append32(b.dst, v)
	}
}

// begin appends a record up to its data, of which size bytes must follow, unless
// there is no room or no question to answer.
func (b *Builder) begin(count int, typ uint16, ttl uint32, size int) bool {
	if len(b.dst)-b.base+len(b.owner)+12+size > MaxMessage-optLen || len(b.q.Question) == 0 {
		b.dst[b.base+2] |= FlagTC >> 8
		return false
	}
	if b.pointer > 0 {
		b.dst = append16(b.dst, 0xC000|b.pointer)
	} else {
		b.dst = append(b.dst, b.owner...)
	}
	b.dst = append32(append16(append16(b.dst, typ), ClassIN), ttl)
	b.dst = append16(b.dst, uint16(size))
	increment(b.dst[b.base:], count)
	return true
}

// End returns dst with the finished reply, at most q.Limit bytes long.
func (b *Builder) End() []byte {
	return b.q.finish(b.dst, b.base, b.rcode)
}
