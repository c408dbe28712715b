package wire

// record is where the parts of a resource record are in a message.
type record struct {
	start, rdata, end int // of the owner name, of the data, behind it
	typ, class        uint16
	ttl               uint32
}

// readRecord reads the record at off. What its owner's pointer leads to is not
// looked at.
func readRecord(msg []byte, off int) (r record, ok bool) {
	end, ok := skipName(msg, off)
	if !ok || end+10 > len(msg) {
		return r, false
	}
	fixed := msg[end : end+10]
	r = record{start: off, rdata: end + 10, typ: be16(fixed), class: be16(fixed[2:]), ttl: be32(fixed[4:])}
	r.end = r.rdata + int(be16(fixed[8:]))
	return r, r.end <= len(msg)
}

// seconds is the TTL, of which RFC 2181 8 calls all above 2^31-1 zero.
func (r *record) seconds() uint32 {
	if r.ttl > 1<<31-1 {
		return 0
	}
	return r.ttl
}

// layout says what record data of one type is made of: skip bytes, character strings,
// names, and rest bytes, or any number if rest is below 0.
type layout struct {
	skip, strings, names, rest int
	compress                   bool // the names; RFC 3597 4: only where RFC 1035 defines the type
}

// layoutOf knows the types whose names a server may have compressed, or does in
// spite of RFC 3597. The data of all others can be moved as it is.
func layoutOf(typ uint16) layout {
	switch typ {
	case TypeA:
		return layout{rest: 4}
	case TypeAAAA:
		return layout{rest: 16}
	case TypeNS, 3, 4, TypeCNAME, 7, 8, 9, TypePTR: // MD MF, MB MG MR
		return layout{names: 1, compress: true}
	case TypeSOA:
		return layout{names: 2, rest: 20, compress: true}
	case 14: // MINFO
		return layout{names: 2, compress: true}
	case TypeMX:
		return layout{skip: 2, names: 1, compress: true}
	case 17, 58: // RP TALINK
		return layout{names: 2}
	case 18, 21, 36, 107: // AFSDB RT KX LP
		return layout{skip: 2, names: 1}
	case 64, 65: // SVCB HTTPS
		return layout{skip: 2, names: 1, rest: -1}
	case 23, TypeDNAME: // NSAP-PTR
		return layout{names: 1}
	case 30, typeNSEC: // NXT
		return layout{names: 1, rest: -1}
	case 24, typeRRSIG: // SIG
		return layout{skip: 18, names: 1, rest: -1}
	case 26: // PX
		return layout{skip: 2, names: 2}
	case TypeSRV:
		return layout{skip: 6, names: 1}
	case 35: // NAPTR
		return layout{skip: 4, strings: 3, names: 1}
	}
	return layout{rest: -1}
}

// firstName returns the offset of the first name in the data of r.
func (l layout) firstName(msg []byte, r record) (off int, ok bool) {
	off = r.rdata + l.skip
	for range l.strings {
		if off >= r.end {
			return 0, false
		}
		off += 1 + int(msg[off])
	}
	return off, off <= r.end
}
