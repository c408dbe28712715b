package wire

import "iter"

// Addresses ranges over the data of the A and AAAA records, 4 or 16 bytes each, which
// may be changed in place.
func (s *Stored) Addresses() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if len(s.Msg) < headerLen {
			return
		}
		off, ok := skipName(s.Msg, headerLen)
		off += 4
		for range be16(s.Msg[anCount:]) {
			var r record
			if !ok || off > len(s.Msg) {
				return
			}
			if r, ok = readRecord(s.Msg, off); !ok {
				return
			}
			off = r.end
			data := s.Msg[r.rdata:r.end:r.end]
			isAddress := r.typ == TypeA && len(data) == 4 || r.typ == TypeAAAA && len(data) == 16
			if isAddress && !yield(data) {
				return
			}
		}
	}
}
