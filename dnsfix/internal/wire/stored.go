package wire

// Stored is an answer in normal form, of which AppendReply makes a reply for any
// client that asks the question.
type Stored struct {
	Msg   []byte   // its question in lower case; ID and flags are zero
	TTLs  []uint16 // where in Msg the TTLs are
	Flags uint16   // response code, and FlagAD as the upstream said: clear it if you do not trust it

	// The answers that may take turns: count records of size bytes from offset
	// first, behind so many others. They are addresses, all of one owner.
	first, size, count, before uint16
}

// Patch is in what a reply differs from what is stored.
type Patch struct {
	// Age is how many seconds ago the answer came. TTLs are smaller by that.
	Age uint32
	// Stale, if not 0, is the TTL of all records (RFC 8767 4 suggests 30).
	Stale uint32
	// Turn is how far the addresses are rotated, so that each client begins with
	// another. 0 leaves their order.
	Turn uint32
}

// AppendReply appends the reply to q, which must ask what s answers: same name,
// type may differ only where the answer has no records of it. It is at most q.Limit
// bytes, with TC if that cost answers.
func (s *Stored) AppendReply(dst []byte, q *Query, p Patch) []byte {
	base := len(dst)
	n, tc := s.fitting(q)
	dst = s.appendTurned(dst, p.Turn, n)
	msg := dst[base:]
	if n < int(s.count) {
		put16(msg[anCount:], s.before+uint16(n))
		put16(msg[nsCount:], 0)
	}
	put16(msg, q.ID)
	put16(msg[2:], q.replyFlags(s.Flags|tc))
	copy(msg[headerLen:], q.Question)
	for _, at := range s.TTLs {
		if int(at) >= len(msg) {
			break
		}
		ttl := msg[at : at+4 : at+4]
		put32(ttl, p.ttl(be32(ttl)))
	}
	return q.finish(dst, base, s.Flags)
}

// fitting returns how many of the addresses the client takes, and FlagTC if it would
// take more in a larger reply. Truncate can find out, too, but takes ten times as long.
// Where there is more to be decided, it is all of them.
func (s *Stored) fitting(q *Query) (n int, tc uint16) {
	n = int(s.count)
	if n == 0 || q.MaxAnswers == 0 && len(s.Msg) <= q.room() || s.before+s.count != be16(s.Msg[anCount:]) {
		return n, 0
	}
	if q.MaxAnswers > 0 {
		n = min(n, max(1, q.MaxAnswers-int(s.before)))
	}
	first, size, limit := int(s.first), int(s.size), q.room()
	switch {
	case first+n*size <= limit:
		return n, 0
	case first+size > limit:
		return int(s.count), 0
	}
	return (limit - first) / size, FlagTC
}

// room is the size of the reply without its OPT record.
func (q *Query) room() int {
	if q.EDNS {
		return q.Limit - optLen
	}
	return q.Limit
}

// IsAbout tells whether s answers the question for name, which may be in any case.
func (s *Stored) IsAbout(name []byte, typ, class uint16) bool {
	end := headerLen + len(name)
	if len(name) == 0 || len(s.Msg) < end+4 || s.Msg[end-1] != 0 {
		return false
	}
	return be16(s.Msg[end:]) == typ && be16(s.Msg[end+2:]) == class && equalFold(s.Msg[headerLen:end], name)
}

func (p *Patch) ttl(stored uint32) uint32 {
	if p.Stale > 0 {
		return p.Stale
	}
	return stored - min(stored, p.Age)
}

// replyFlags returns the header's second word: flags are what we say.
func (q *Query) replyFlags(flags uint16) uint16 {
	if q.Flags&FlagAD == 0 && !q.DO {
		flags &^= FlagAD // RFC 6840 5.8
	}
	return flagQR | FlagRA | q.Flags&(maskOpcode|FlagRD|FlagCD) | flags&(FlagAA|FlagTC|FlagAD|maskRcode)
}

// finish cuts the message at base to what the client takes and adds its OPT record.
func (q *Query) finish(dst []byte, base int, rcode uint16) []byte {
	if limit := q.room(); len(dst)-base > limit {
		dst = dst[:base+len(Truncate(dst[base:], limit))]
	}
	if q.EDNS {
		dst[base+arCount+1]++
		dst = appendOPT(dst, MaxUDP, byte(rcode>>4), q.DO, nil)
	}
	return dst
}

// ednsDO is the DO bit where other records have their TTL (RFC 3225).
const ednsDO = 1 << 15

// appendOPT appends an OPT record; rcode is the upper eight bits of the response code.
func appendOPT(dst []byte, size uint16, rcode byte, do bool, options []byte) []byte {
	var flags byte
	if do {
		flags = ednsDO >> 8
	}
	dst = append(dst, 0, 0, TypeOPT, byte(size>>8), byte(size), rcode, 0, flags, 0)
	return append(append16(dst, uint16(len(options))), options...)
}

// extend takes the record that ends the message into those that take turns, if it
// is of the same size and owner as they are.
func (s *Stored) extend(start int) {
	size := len(s.Msg) - start
	typ := be16(s.Msg[start+2:])
	pointer := be16(s.Msg[start:])
	switch {
	case pointer < 0xC000 || typ != TypeA && typ != TypeAAAA:
	case s.count == 0:
		s.first, s.size, s.count, s.before = uint16(start), uint16(size), 1, be16(s.Msg[anCount:])-1
	case start == int(s.first)+int(s.size)*int(s.count) && size == int(s.size) && pointer == be16(s.Msg[s.first:]):
		s.count++
	}
}

// appendTurned appends the message with its addresses rotated, and only n of them, in
// which case nothing follows.
func (s *Stored) appendTurned(dst []byte, turn uint32, n int) []byte {
	count := int(s.count)
	if n == count && (turn == 0 || count < 2) {
		return append(dst, s.Msg...)
	}
	first, size := int(s.first), int(s.size)
	from, end := first+int(turn%uint32(count))*size, first+size*count
	dst = append(dst, s.Msg[:first]...)
	if n == count {
		dst = append(append(dst, s.Msg[from:end]...), s.Msg[first:from]...)
		return append(dst, s.Msg[end:]...)
	}
	one := min(n*size, end-from)
	return append(append(dst, s.Msg[from:from+one]...), s.Msg[first:first+n*size-one]...)
}

// ClampTTLs makes all TTLs at least least and at most most, in place.
func (s *Stored) ClampTTLs(least, most uint32) {
	for _, at := range s.TTLs {
		put32(s.Msg[at:], min(max(be32(s.Msg[at:]), least), most))
	}
}

// SetRcode changes the response code.
func (s *Stored) SetRcode(rcode uint16) { s.Flags = s.Flags&^maskRcode | rcode }
