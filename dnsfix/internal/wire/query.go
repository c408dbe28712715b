package wire

import "math/bits"

// Verdict is what is to be done with a datagram of a client.
type Verdict uint8

// The verdicts. All but Drop and Ask are answered with AppendReply and the verdict's
// Rcode.
const (
	// Drop: no answer. It is no question (QR is set), or too short for a header.
	Drop Verdict = iota
	// Ask: a question to be answered.
	Ask
	// FormErr: not exactly one question, a name that is none or has a pointer,
	// records that are cut off, two OPT records, bytes behind the last record.
	FormErr
	// NotImp: an opcode other than QUERY.
	NotImp
	// BadVers: an EDNS version other than 0, RFC 6891 6.1.3.
	BadVers
)

// Rcode returns the response code of the reply that v asks for.
func (v Verdict) Rcode() uint16 {
	switch v {
	case FormErr:
		return RcodeFormErr
	case NotImp:
		return RcodeNotImp
	case BadVers:
		return RcodeBadVers
	}
	return RcodeSuccess
}

// Query is what a client asks. Its slices are parts of the datagram.
type Query struct {
	ID       uint16
	Flags    uint16 // as sent: FlagRD, FlagCD, FlagAD
	Type     uint16
	Class    uint16
	Question []byte // name as the client spells it, type, class; nil if unreadable
	Options  []byte // the OPT record's options, unchecked; cookies are among them

	// Limit is the size of the largest reply, 512 to 1232: what the client says in
	// its OPT record within those bounds, without one 512. Set it to
	// MaxMessage when the question came over TCP.
	Limit int
	// MaxAnswers, if not 0, is how many answers a reply has at most if they are
	// addresses; without TC, as there are no more to be had. musl 1.2.4 takes no more than 63 (over TCP).
	MaxAnswers int

	UDPSize uint16 // as the client says, 0 without OPT
	Labels  uint8  // of the name; 0 is the root
	Version uint8  // of EDNS
	EDNS    bool   // there is an OPT record, so the reply needs one
	DO      bool   // DNSSEC records are welcome
}

// ParseQuery reads a client's datagram, or its message over TCP without the length.
// With a verdict other than Drop, the Query is good enough for AppendReply.
func ParseQuery(msg []byte) (q Query, v Verdict) {
	v = q.Parse(msg)
	return q, v
}

// Parse is ParseQuery where the Query is to be, without a copy of it, which takes as
// long as the parsing.
func (q *Query) Parse(msg []byte) Verdict {
	*q = Query{}
	if len(msg) < headerLen || msg[2]&(flagQR>>8) != 0 {
		return Drop
	}
	q.ID, q.Flags, q.Limit = be16(msg), be16(msg[2:]), MinUDP
	switch {
	case q.Flags&maskOpcode != 0:
		return NotImp
	case be16(msg[qdCount:]) != 1 || be32(msg[anCount:]) != 0:
		return FormErr
	}
	off, ok := q.readQuestion(msg)
	if !ok {
		return FormErr
	}
	if n := be16(msg[arCount:]); n > 0 {
		return q.readAdditional(msg, off, int(n))
	}
	if off != len(msg) {
		return FormErr
	}
	return Ask
}

// readQuestion returns the offset behind the question, whose name has no pointers.
func (q *Query) readQuestion(msg []byte) (end int, ok bool) {
	off := headerLen
	for {
		if off >= len(msg) {
			return 0, false
		}
		n := int(msg[off])
		if n == 0 {
			break
		}
		if off += 1 + n; n > 63 || off-headerLen >= MaxName {
			return 0, false
		}
		q.Labels++
	}
	if end = off + 5; end > len(msg) {
		return 0, false
	}
	q.Question = msg[headerLen:end:end]
	q.Type, q.Class = be16(msg[end-4:]), be16(msg[end-2:])
	return end, true
}

// readAdditional looks for the OPT record among the n records at off. Others, such
// as TSIG, are passed over.
func (q *Query) readAdditional(msg []byte, off, n int) Verdict {
	for range n {
		r, ok := readRecord(msg, off)
		if !ok {
			return FormErr
		}
		off = r.end
		if r.typ != TypeOPT {
			continue
		}
		if q.EDNS || msg[r.start] != 0 {
			return FormErr
		}
		q.EDNS, q.Version, q.DO = true, byte(r.ttl>>16), r.ttl&ednsDO != 0
		q.UDPSize, q.Options = r.class, msg[r.rdata:r.end:r.end]
		q.Limit = min(max(int(q.UDPSize), MinUDP), MaxUDP)
	}
	switch {
	case off != len(msg):
		return FormErr
	case q.Version != 0:
		return BadVers
	}
	return Ask
}

// Name returns the name asked for in wire form, as the client spells it; nil if
// there is no question.
func (q *Query) Name() []byte {
	if len(q.Question) == 0 {
		return nil
	}
	return q.Question[:len(q.Question)-4]
}

// Hash returns a hash of the name asked for, the same in whatever case. With a secret
// seed nobody can make names collide on purpose. Unlike hash/maphash it needs no
// copy of the name in lower case, which is half of what a look-up costs.
func (q *Query) Hash(seed uint64) uint64 {
	name := q.Name()
	h := seed ^ uint64(len(name))
	for ; len(name) >= 8; name = name[8:] {
		h = mix(h, lowerWord(word(name)))
	}
	return mix(h, lowerWord(shortWord(name)))
}

func mix(h, w uint64) uint64 {
	hi, lo := bits.Mul64(h^w, 0x9E3779B97F4A7C15) // 2^64 / golden ratio
	return hi ^ lo
}

// The bits of Variant.
const (
	variantDO = 1 << iota
	variantCD
)

// Variant tells queries apart that ask the same, but may get other answers: by DO and CD.
func (q *Query) Variant() byte {
	v := byte(q.Flags & FlagCD / FlagCD * variantCD)
	if q.DO {
		v |= variantDO
	}
	return v
}

// AppendKey appends what two queries have in common when one answer is good for
// both, at most MaxKey bytes: the name in lower case, type, class, Variant.
func (q *Query) AppendKey(dst []byte) []byte {
	dst = append16(append16(appendLower(dst, q.Name()), q.Type), q.Class)
	return append(dst, q.Variant())
}

// AppendQuery appends a question to an upstream server: question is name, type and
// class as in Query, flags are FlagRD, FlagCD and FlagAD as wanted. With a
// udpSize above 0 it has an OPT record that says so, and in it the DO bit and
// options, which are in wire form.
func AppendQuery(dst []byte, id, flags uint16, question []byte, udpSize uint16, do bool, options []byte) []byte {
	dst = append16(append16(dst, id), flags&(FlagRD|FlagCD|FlagAD))
	dst = append(dst, 0, 1, 0, 0, 0, 0, 0, 0)
	dst = append(dst, question...)
	if udpSize == 0 {
		return dst
	}
	dst[len(dst)-len(question)-1] = 1 // ARCOUNT
	return appendOPT(dst, udpSize, 0, do, options)
}
