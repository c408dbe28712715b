package wire

// Truncate shortens a reply in place to at most limit bytes, and returns it. What
// goes first is the additional section apart from OPT, then authority, then as many
// answers from the end as need be, and then TC is set. If no address would be left
// of an answer that has some, because CNAMEs come before, those go and the addresses
// get the name asked for: musl before 1.2.4 never asks again over TCP, and takes a
// reply without an address for the end of the matter.
//
// The header and the question always stay, so that the result may be longer than a
// limit below 288. What cannot be read in msg is cut off.
func Truncate(msg []byte, limit int) []byte {
	if len(msg) <= limit || len(msg) < headerLen {
		return msg
	}
	t := measure(msg)
	limit -= len(t.opt)
	var end int
	var counts [3]int // of the sections
	switch {
	case t.ends[1] <= limit:
		end, counts = t.ends[1], [3]int{t.counts[0], t.counts[1]}
	case t.ends[0] <= limit:
		end, counts = t.ends[0], [3]int{t.counts[0]}
	default:
		end, counts[0] = t.cut(limit)
		msg[2] |= FlagTC >> 8
	}
	if len(t.opt) > 0 {
		end += copy(msg[end:], t.opt)
		counts[2] = 1
	}
	for i, n := range counts {
		put16(msg[anCount+2*i:], uint16(n))
	}
	return msg[:end]
}

// measured is a message with the ends of its parts.
type measured struct {
	msg      []byte
	question int    // where it ends
	typ      uint16 // asked for
	counts   [3]int // of records that can be read, by section
	ends     [3]int
	opt      []byte // the OPT record
}

func measure(msg []byte) measured {
	t := measured{msg: msg, question: headerLen}
	readable := true
	for range be16(msg[qdCount:]) {
		end, ok := skipName(msg, t.question)
		if !ok || end+4 > len(msg) {
			put16(msg[qdCount:], 0)
			t.question, readable = headerLen, false
			break
		}
		t.typ, t.question = be16(msg[end:]), end+4
	}
	off := t.question
	for i := range t.counts {
		for range be16(msg[anCount+2*i:]) {
			r, ok := readRecord(msg, off)
			if readable = readable && ok; !readable {
				break
			}
			if off = r.end; r.typ == TypeOPT && i == 2 {
				t.opt = msg[r.start:r.end]
			}
			t.counts[i]++
		}
		t.ends[i] = off
	}
	return t
}

// cut returns how many answers fit, and where they end.
func (t *measured) cut(limit int) (end, count int) {
	end = t.question
	missing := t.typ == TypeA || t.typ == TypeAAAA // no address yet
	for range t.counts[0] {
		r, ok := readRecord(t.msg, end)
		if !ok || r.end > limit {
			break
		}
		end, missing = r.end, missing && r.typ != t.typ
		count++
	}
	if missing {
		if end, count := t.flatten(limit); count > 0 {
			return end, count
		}
	}
	return end, count
}

// flatten writes the addresses directly behind the question.
func (t *measured) flatten(limit int) (end, count int) {
	size := 16 // of the record
	if t.typ == TypeAAAA {
		size = 28
	}
	off := t.question
	end = off
	for range t.counts[0] {
		r, ok := readRecord(t.msg, off)
		if !ok {
			break
		}
		off = r.end
		if r.typ != t.typ || r.end-r.rdata != size-12 {
			continue
		}
		// The next record must not be overwritten, nor what is copied here.
		if end+size > min(limit, off) {
			break
		}
		fixed := [12]byte{0xC0, headerLen}
		copy(fixed[2:], t.msg[r.rdata-10:r.rdata])
		copy(t.msg[end+12:], t.msg[r.rdata:r.end])
		copy(t.msg[end:], fixed[:])
		end += size
		count++
	}
	return end, count
}
