package wire

import "bytes"

// Alias returns the answer to question, of which the name is an alias of the one that
// a answers: what a search list makes of "web" when it finds web.ns.svc. It says so
// with a CNAME record, as a canonical name is what getaddrinfo(3) then gives for
// AI_CANONNAME. question is name, type and class. Where the name is the one of a
// already, there is no CNAME; a Failure is one of question. The error is ErrForeign if
// type or class are not those of a, and ErrMalformed if the result would be too large.
func (a *Answer) Alias(question []byte) (Answer, error) {
	if a.Kind == Failure || len(question) < 5 {
		return Fail(question), nil
	}
	p := parser{msg: a.Stored.Msg, question: question}
	off, ok := skipName(p.msg, headerLen)
	if !ok || !p.sections(off+4) {
		return Answer{}, ErrMalformed
	}
	if !bytes.Equal(question[len(question)-4:], p.msg[off:off+4]) {
		return Answer{}, ErrForeign
	}
	p.typ, p.class = be16(p.msg[off:]), be16(p.msg[off+2:])
	alias := *a
	var w writer
	w.begin(&p)
	if !equalFold(question[:len(question)-4], p.msg[headerLen:off]) {
		w.cname(a.TTL)
		alias.Aliases++
		alias.Stored.Flags &^= FlagAD // nobody has validated the CNAME
	}
	for r := range p.all(p.answers) {
		w.record(r, anCount)
	}
	for r := range p.all(p.authority) {
		w.record(r, nsCount)
	}
	if w.failed {
		return Answer{}, ErrMalformed
	}
	w.stored.Flags = alias.Stored.Flags
	alias.Stored = w.stored
	return alias, nil
}

// cname writes that the name asked for is an alias of the name that p.msg is about.
func (w *writer) cname(ttl uint32) {
	msg := append16(w.stored.Msg, 0xC000|headerLen)
	msg = append16(append16(msg, TypeCNAME), w.p.class)
	w.stored.TTLs = append(w.stored.TTLs, uint16(len(msg)))
	w.stored.Msg = append16(append32(msg, ttl), 0)
	start := len(w.stored.Msg)
	w.name(headerLen, len(w.p.msg), false, true)
	put16(w.stored.Msg[start-2:], uint16(len(w.stored.Msg)-start))
	increment(w.stored.Msg, anCount)
}
