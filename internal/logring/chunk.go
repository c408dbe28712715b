package logring

import (
	"encoding/binary"
	"time"
)

// chunk is a piece of a ring: records, one after the other. It is added to while it has
// room, and what it has never changes.
type chunk struct {
	data   []byte
	line   uint64 // the number, in its ring, of the first record
	seq    uint64 // of the first record
	time   int64  // of the first record, Unix time in ns
	shared bool   // somebody reads it: it is never used again
}

// maxHead is more than what a record has before its text.
const maxHead = 4*binary.MaxVarintLen64 + 1

// append adds a record. There is room for it.
func (c *chunk) append(seq uint64, now int64, stream byte, pid int, text []byte, mark string) {
	b := binary.AppendUvarint(c.data, seq-c.seq)
	b = binary.AppendVarint(b, now-c.time) // a clock may be set back
	b = binary.AppendVarint(b, int64(pid))
	b = append(b, stream)
	b = binary.AppendUvarint(b, uint64(len(text)+len(mark)))
	b = append(b, text...)
	b = append(b, mark...)
	c.data = b
}

// view is what a reader has of a chunk.
type view struct {
	chunk
	service string
	skip    uint64 // how many of its records are not wanted
}

// record is one line, as it lies in a chunk.
type record struct {
	seq     uint64
	time    int64
	pid     int
	stream  byte
	service string
	text    []byte
}

// records adds the records of a view to all.
func (v *view) records(all []record) []record {
	for data := v.data; len(data) > 0; {
		seq, n := binary.Uvarint(data)
		data = data[n:]
		after, n := binary.Varint(data)
		data = data[n:]
		pid, n := binary.Varint(data)
		stream := data[n]
		data = data[n+1:]
		size, n := binary.Uvarint(data)
		data = data[n:]
		if v.skip == 0 {
			all = append(all, record{v.seq + seq, v.time + after, int(pid), stream, v.service, data[:size]})
		} else {
			v.skip--
		}
		data = data[size:]
	}
	return all
}

func (rec *record) line(streams []string) Line {
	return Line{
		Time: time.Unix(0, rec.time).UTC(), Service: rec.service, Stream: streams[rec.stream],
		PID: rec.pid, Text: string(rec.text),
	}
}
