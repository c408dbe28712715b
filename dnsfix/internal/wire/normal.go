package wire

import "bytes"

// newMessage returns a message with the question in lower case and no records.
func newMessage(question []byte, size int) []byte {
	msg := make([]byte, headerLen, max(size, headerLen+len(question)))
	if len(question) < 5 {
		return msg
	}
	msg[qdCount+1] = 1
	name := len(question) - 4
	return append(appendLower(msg, question[:name]), question[name:]...)
}

// writer writes the normal form of an answer.
type writer struct {
	p       *parser
	stored  Stored
	seen    [64]place // suffixes of names, for pointers
	places  int
	ttl     uint32 // the smallest
	records int
	failed  bool // a record to be kept cannot be read, or it all has grown too large
}

// place is where a name begins that a pointer may lead to.
type place struct {
	off uint16
	// fixed: the name does not run into the question, whose case is the client's
	// and must not change the case of record data.
	fixed bool
}

// maxPointer is where pointers lead at most: musl before 1.2.5 takes an owner name
// for malformed if its pointer is not below 0x1FF.
const maxPointer = 0x1FE

// begin writes the question.
func (w *writer) begin(p *parser) {
	w.p, w.ttl = p, 1<<31-1
	w.stored.Msg = newMessage(p.question, len(p.msg)+16)
	for off := headerLen; w.stored.Msg[off] != 0; off += 1 + int(w.stored.Msg[off]) {
		w.remember(off, false)
	}
}

func (w *writer) remember(off int, fixed bool) {
	if off <= maxPointer && w.places < len(w.seen) {
		w.seen[w.places] = place{uint16(off), fixed}
		w.places++
	}
}

// answers writes what is kept of the answer section, in the order of the chain, and
// tells whether the type asked for is there.
func (w *writer) answers() bool {
	p := w.p
	for i := 1; i < p.names; i++ {
		w.link(p.chain[i-1].name, p.chain[i].at)
	}
	if p.rcode != RcodeSuccess {
		return false
	}
	found := false
	owner := p.chain[p.names-1].name
	for r := range p.all(p.answers) {
		wanted := r.typ == p.typ || p.typ == TypeANY
		if (wanted || w.signs(r, p.typ)) && isName(p.msg, r.start, owner) {
			found = found || wanted
			w.record(r, anCount)
		}
	}
	return found
}

// link writes the CNAME record of owner whose data is at target, and what belongs to
// it: the DNAME that it is made from, signatures.
func (w *writer) link(owner []byte, target int) {
	for r := range w.p.all(w.p.answers) {
		switch {
		case r.typ == TypeDNAME || w.signs(r, TypeDNAME):
			var buf nameBuffer
			zone, _, ok := expand(buf[:0], w.p.msg, r.start)
			if !ok || len(zone) >= len(owner) || !isWithin(owner, zone) {
				continue
			}
		case r.typ == TypeCNAME && r.rdata == target:
		case !w.signs(r, TypeCNAME) || !isName(w.p.msg, r.start, owner):
			continue
		}
		w.record(r, anCount)
	}
}

// signs tells whether r is a signature of records of type typ, and the upstream was
// asked for such.
func (w *writer) signs(r record, typ uint16) bool {
	return w.p.do && r.typ == typeRRSIG && r.end-r.rdata > 18 && be16(w.p.msg[r.rdata:]) == typ
}

// findSOA looks for the SOA of a zone that a name of the chain is in.
func (p *parser) findSOA() bool {
	for r := range p.all(p.authority) {
		var buf nameBuffer
		zone, _, ok := expand(buf[:0], p.msg, r.start)
		if r.typ != TypeSOA || !ok || r.end-r.rdata < 22 {
			continue
		}
		for _, link := range p.chain[:p.names] {
			if isWithin(link.name, zone) {
				p.soa = uint16(r.start)
				return true
			}
		}
	}
	return false
}

// authority writes the SOA of a negative answer, and DNSSEC's proofs of any.
func (w *writer) authority() {
	for r := range w.p.all(w.p.authority) {
		switch r.typ {
		case TypeSOA:
			if r.start == int(w.p.soa) {
				r.ttl = min(r.seconds(), be32(w.p.msg[r.end-4:]))
				w.record(r, nsCount)
			}
		case typeRRSIG, typeNSEC, typeNSEC3:
			if w.p.do {
				w.record(r, nsCount)
			}
		}
	}
}

// record writes r into the section that count counts.
func (w *writer) record(r record, count int) {
	if w.failed {
		return
	}
	start := len(w.stored.Msg)
	if w.name(r.start, len(w.p.msg), true, true); w.failed {
		return
	}
	ttl := r.seconds()
	w.ttl = min(w.ttl, ttl)
	w.records++
	msg := append16(append16(w.stored.Msg, r.typ), r.class)
	ttlAt := len(msg)
	w.stored.Msg = append16(append32(msg, ttl), 0)
	w.data(r)
	size := len(w.stored.Msg) - ttlAt - 6
	if w.failed = w.failed || len(w.stored.Msg) > MaxMessage-optLen; w.failed {
		return
	}
	put16(w.stored.Msg[ttlAt+4:], uint16(size))
	w.stored.TTLs = append(w.stored.TTLs, uint16(ttlAt))
	increment(w.stored.Msg, count)
	if count == anCount && r.typ == w.p.typ {
		w.stored.extend(start)
	}
}

// data writes the data of r, the names in it anew.
func (w *writer) data(r record) {
	l := layoutOf(r.typ)
	off, ok := l.firstName(w.p.msg, r)
	if !ok {
		w.failed = true
		return
	}
	w.stored.Msg = append(w.stored.Msg, w.p.msg[r.rdata:off]...)
	for range l.names {
		if off = w.name(off, r.end, false, l.compress); w.failed {
			return
		}
	}
	w.stored.Msg = append(w.stored.Msg, w.p.msg[off:r.end]...)
	w.failed = l.rest >= 0 && l.rest != r.end-off
}

// name writes the name at off of the upstream's message, which ends by limit, and
// returns the offset behind it.
func (w *writer) name(off, limit int, owner, compress bool) (end int) {
	var buf nameBuffer
	name, end, ok := expand(buf[:0], w.p.msg, off)
	if !ok || end > limit {
		w.failed = true
		return limit
	}
	at, pointer, fixed := len(name)-1, 0, true
	if compress {
		at, pointer, fixed = w.find(name, owner)
	}
	start := len(w.stored.Msg)
	w.stored.Msg = append(w.stored.Msg, name[:at]...)
	if pointer > 0 {
		w.stored.Msg = append16(w.stored.Msg, 0xC000|uint16(pointer))
	} else {
		w.stored.Msg = append(w.stored.Msg, 0)
	}
	for i := 0; i < at; i += 1 + int(name[i]) {
		w.remember(start+i, fixed)
	}
	return end
}

// find returns the longest suffix of name that is written already: its place in
// name and in the message.
func (w *writer) find(name []byte, owner bool) (at, pointer int, fixed bool) {
	for at = 0; name[at] != 0; at += 1 + int(name[at]) {
		for _, s := range w.seen[:w.places] {
			if (owner || s.fixed) && w.isAt(int(s.off), name[at:], owner) {
				return at, int(s.off), s.fixed
			}
		}
	}
	return at, 0, true
}

// isAt tells whether name is at off of what is written: as an owner in any case.
func (w *writer) isAt(off int, name []byte, owner bool) bool {
	if w.stored.Msg[off] != name[0] {
		return false
	}
	var buf nameBuffer
	at, _, ok := expand(buf[:0], w.stored.Msg, off)
	return ok && (bytes.Equal(at, name) || owner && equalFold(at, name))
}
