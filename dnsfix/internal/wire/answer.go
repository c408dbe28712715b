package wire

import (
	"bytes"
	"errors"
)

// What ParseAnswer may say.
var (
	// ErrForeign: the datagram is no answer to this question: another ID, another
	// name, not an answer at all. The right one may still come.
	ErrForeign = errors.New("the datagram does not answer this question")
	// ErrMalformed: it answers the question, but cannot be read.
	ErrMalformed = errors.New("the answer is malformed")
)

// Kind is what an answer amounts to.
type Kind uint8

// The kinds of answers.
const (
	// Failure: nothing that a client can use: SERVFAIL, REFUSED and the like, a
	// referral, a CNAME loop, a chain of more than 16.
	Failure Kind = iota
	// Positive: at least one record of the type asked for.
	Positive
	// NoData: the name, or what it is an alias of, has no record of this type.
	NoData
	// NXDomain: there is no such name.
	NXDomain
)

// Asked is the question that went to the upstream.
type Asked struct {
	ID       uint16
	Question []byte // name, type and class as sent
	// Exact: the answer must spell the name as Question does (draft
	// vixie-dnsext-dns0x20), instead of in any case.
	Exact bool
}

// Answer is what an upstream says, freed of all that was not asked for.
type Answer struct {
	Kind  Kind
	Rcode uint16 // as the upstream said, with the bits of EDNS

	// TTL is how many seconds the answer is good for: the smallest TTL of its
	// records, and of an SOA's MINIMUM where the answer is negative (RFC 2308 5). A
	// negative answer without SOA has only the TTLs of its CNAMEs, or 0.
	TTL       uint32
	SOA       bool  // negative, and the SOA says for how long
	Truncated bool  // TC: ask again over TCP; what came is in Stored
	EDNS      bool  // the upstream knows EDNS
	Aliases   uint8 // CNAMEs between the name asked for and the one that has the records

	// Stored is the answer in normal form. That of a Failure is SERVFAIL, whatever
	// the upstream said: musl waits 5 s for something better than REFUSED,
	// FORMERR and NOTIMP.
	Stored Stored
}

// ParseAnswer reads what came from an upstream, without the length if over TCP. The
// error is ErrForeign or ErrMalformed.
//
// Of the answer section those records are kept whose owner is the name asked for or
// reached from there by CNAMEs, and which are of the type asked for, or CNAMEs or DNAMEs
// on the way; of the authority section the SOA if the answer is negative. If the
// upstream sets DO, DNSSEC's records are kept beside them. The rest is what
// others could have slipped in, or what clients do without: nameservers, glue.
func ParseAnswer(msg []byte, asked Asked) (Answer, error) {
	var p parser
	if err := p.open(msg, asked); err != nil {
		return Answer{}, err
	}
	if p.rcode != RcodeSuccess && p.rcode != RcodeNXDomain || !p.follow() || p.isReferral() {
		return p.failure(), nil
	}
	return p.answer()
}

// Fail returns the answer to a question when there is none: all upstreams failed or
// were silent. It is SERVFAIL.
func Fail(question []byte) Answer {
	return Answer{Rcode: RcodeServFail, Stored: Stored{Msg: newMessage(question, headerLen+len(question)), Flags: RcodeServFail}}
}

// NoName makes of NXDOMAIN an answer without data, for a name that is known to have
// records of another type.
func (a *Answer) NoName() {
	if a.Kind == NXDomain {
		a.Kind, a.Rcode = NoData, RcodeSuccess
		a.Stored.Flags &^= maskRcode
	}
}

// maxChain is how many names a chain may have. BIND and unbound follow fewer.
const maxChain = 17

// parser is an upstream's message on the way to an Answer.
type parser struct {
	msg       []byte
	question  []byte
	flags     uint16
	rcode     uint16
	typ       uint16
	class     uint16
	edns, do  bool
	answers   span // the sections
	authority span

	chain [maxChain]link // of aliases, from the name asked for
	names int            // in chain
	soa   uint16         // offset of the record; 0 is none
}

// link is a name, and where it is as the data of a CNAME record.
type link struct {
	name []byte
	at   int
}

// span is a run of records: count of them from offset start.
type span struct{ start, count int }

// open checks that msg answers what was asked, and finds its sections.
func (p *parser) open(msg []byte, asked Asked) error {
	if len(msg) < headerLen || len(msg) > MaxMessage || len(asked.Question) < 5 || be16(msg) != asked.ID {
		return ErrForeign
	}
	n := len(asked.Question)
	p.msg, p.question, p.flags = msg, asked.Question, be16(msg[2:])
	p.rcode = p.flags & maskRcode
	p.typ, p.class = be16(asked.Question[n-4:]), be16(asked.Question[n-2:])
	switch {
	case p.flags&(flagQR|maskOpcode) != flagQR:
		return ErrForeign
	case be16(msg[qdCount:]) == 0 && p.rcode != RcodeSuccess && p.rcode != RcodeNXDomain:
		return nil // some servers send FORMERR and SERVFAIL as a mere header
	case be16(msg[qdCount:]) != 1 || !asked.matches(msg[headerLen:]):
		return ErrForeign
	}
	if !p.sections(headerLen+n) && p.flags&FlagTC == 0 {
		return ErrMalformed
	}
	return nil
}

func (a *Asked) matches(b []byte) bool {
	n := len(a.Question)
	if len(b) < n {
		return false
	}
	if bytes.Equal(b[:n], a.Question) {
		return true
	}
	return !a.Exact && bytes.Equal(b[n-4:n], a.Question[n-4:]) && equalFold(b[:n-4], a.Question[:n-4])
}

// sections walks over all records. With false, what precedes the first that cannot
// be read is there: some servers cut in the middle of a record and set TC.
func (p *parser) sections(off int) bool {
	for section := anCount; section <= arCount; section += 2 {
		start := off
		for i := range int(be16(p.msg[section:])) {
			r, ok := readRecord(p.msg, off)
			if !ok {
				return false
			}
			off = r.end
			switch section {
			case anCount:
				p.answers = span{start, i + 1}
			case nsCount:
				p.authority = span{start, i + 1}
			default:
				p.readOPT(r)
			}
		}
	}
	return true
}

func (p *parser) readOPT(r record) {
	if r.typ == TypeOPT && !p.edns && p.msg[r.start] == 0 {
		p.edns, p.do = true, r.ttl&ednsDO != 0
		p.rcode |= uint16(r.ttl>>24) << 4
	}
}

// all ranges over the records of s that are of the class asked for.
func (p *parser) all(s span) func(yield func(record) bool) {
	return func(yield func(record) bool) {
		off := s.start
		for range s.count {
			r, ok := readRecord(p.msg, off)
			if !ok || r.class == p.class && !yield(r) {
				return
			}
			off = r.end
		}
	}
}

// follow fills the chain of names; false means that it is a loop or too long.
func (p *parser) follow() bool {
	p.chain[0], p.names = link{name: p.question[:len(p.question)-4]}, 1
	if p.typ == TypeCNAME || p.typ == TypeANY {
		return true
	}
	for {
		at := p.alias(p.chain[p.names-1].name)
		if at == 0 {
			return true
		}
		target, _, ok := expand(make([]byte, 0, 64), p.msg, at)
		if !ok || p.names == maxChain || p.isLinked(target) {
			return false
		}
		p.chain[p.names] = link{target, at}
		p.names++
	}
}

// alias returns the offset of the name that owner is an alias of, 0 if of none.
func (p *parser) alias(owner []byte) int {
	for r := range p.all(p.answers) {
		if r.typ == TypeCNAME && isName(p.msg, r.start, owner) {
			return r.rdata
		}
	}
	return 0
}

// isLinked tells whether name is in the chain.
func (p *parser) isLinked(name []byte) bool {
	for _, link := range p.chain[:p.names] {
		if equalFold(link.name, name) {
			return true
		}
	}
	return false
}

// isReferral tells whether the upstream only names others to ask, which is what a
// server does that does not recurse.
func (p *parser) isReferral() bool {
	if p.rcode != RcodeSuccess || p.flags&FlagAA != 0 || p.answers.count > 0 {
		return false
	}
	nameservers := false
	for r := range p.all(p.authority) {
		if r.typ == TypeSOA {
			return false
		}
		nameservers = nameservers || r.typ == TypeNS
	}
	return nameservers
}

func (p *parser) failure() Answer {
	a := Fail(p.question)
	a.Rcode, a.Truncated, a.EDNS = p.rcode, p.flags&FlagTC != 0, p.edns
	return a
}

// answer brings what is kept into normal form.
func (p *parser) answer() (Answer, error) {
	a := Answer{
		Rcode: p.rcode, Truncated: p.flags&FlagTC != 0, EDNS: p.edns,
		Aliases: uint8(p.names - 1),
	}
	var w writer
	w.begin(p)
	if w.answers() {
		a.Kind = Positive
	} else {
		a.Kind = NoData
		a.SOA = p.findSOA()
	}
	if p.rcode == RcodeNXDomain {
		a.Kind = NXDomain
	}
	w.authority()
	if w.failed {
		return Answer{}, ErrMalformed
	}
	a.Stored = w.stored
	a.Stored.Flags = p.rcode&maskRcode | p.flags&FlagAD
	if w.records > 0 {
		a.TTL = w.ttl
	}
	return a, nil
}
