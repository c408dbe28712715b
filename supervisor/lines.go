package supervisor

import (
	"bytes"
	"io"
	"time"
)

const (
	// maxLine is the longest line that is passed on whole; a longer one comes in
	// pieces of that size, each as a line of its own, and so does a record.
	maxLine = 64 << 10
	// joinPatience is how long a record waits for a further line.
	joinPatience = 100 * time.Millisecond
	// fullOutput is how much is gathered before it is written.
	fullOutput = 4 << 10
)

// lines makes lines of what comes in, and writes them in the service's format.
type lines struct {
	w       io.Writer
	as      Output
	service string
	stream  string
	pid     int
	prefix  string // of OutputText
	onLine  func(service, stream string, pid int, text []byte)
	wanted  *awaited
	join    bool

	rest  []byte // a line whose end has not come yet
	piece int    // how many pieces of that line there were
	out   []byte

	// The record that further lines may belong to, if lines are joined.
	record []byte
	open   bool
	begun  time.Time
}

// take passes the whole lines in data on, and keeps what follows the last.
func (l *lines) take(data []byte) {
	for {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			break
		}
		line := data[:end]
		if len(l.rest) > 0 {
			line = append(l.rest, line...)
			l.rest = nil
		}
		l.line(l.pieces(line), false)
		data = data[end+1:]
	}
	l.rest = l.pieces(append(l.rest, data...))
	l.flush()
}

// finish passes on a last line without an end.
func (l *lines) finish() {
	if len(l.rest) > 0 {
		l.line(l.rest, false)
	}
	l.conclude()
	l.flush()
}

// pieces passes on what is too long for one line, and gives the rest, which is
// empty only if text is.
func (l *lines) pieces(text []byte) []byte {
	if len(text) <= maxLine {
		return text
	}
	for ; len(text) > maxLine; text = text[maxLine:] {
		l.line(text[:maxLine], true)
	}
	return bytes.Clone(text)
}

// line passes on one line, without its newline, or a piece of one of which more follows.
func (l *lines) line(text []byte, more bool) {
	part := 0
	if more || l.piece > 0 {
		l.piece++
		part = l.piece
	}
	if !more {
		l.piece = 0
	}
	l.show(text)
	if l.as != OutputPlain {
		text = trim(text)
	}
	switch {
	case l.open && part == 0 && continues(text) && len(l.record)+len(text) < maxLine:
		l.record = append(append(l.record, '\n'), text...)
	case l.join && part == 0:
		l.conclude()
		l.record, l.open, l.begun = append(l.record, text...), true, time.Now()
	default:
		l.conclude()
		l.add(time.Time{}, text, part, more)
	}
}

// trim takes away what Windows has before a newline.
func trim(line []byte) []byte { return bytes.TrimSuffix(line, []byte{'\r'}) }

// show lets those look at a line who want to.
func (l *lines) show(text []byte) {
	if l.onLine == nil && l.wanted == nil {
		return
	}
	text = trim(text)
	if l.onLine != nil {
		l.onLine(l.service, l.stream, l.pid, text)
	}
	if l.wanted != nil && l.wanted.look(text) {
		l.wanted = nil
	}
}

// continues tells whether a line belongs to the one before it: it is indented, as
// in a stack trace, or is what Java prints between the stack traces of one.
func continues(line []byte) bool {
	return len(line) > 0 && (line[0] == ' ' || line[0] == '\t') || bytes.HasPrefix(line, []byte("Caused by: "))
}

// conclude adds the record, to which nothing more belongs.
func (l *lines) conclude() {
	if !l.open {
		return
	}
	l.add(l.begun, l.record, 0, false)
	l.record, l.open = l.record[:0], false
	if cap(l.record) > fullOutput {
		l.record = nil
	}
}

// add adds a line, a record or a piece in the service's format. Each is written
// by one Write. at is when it came, if not now.
func (l *lines) add(at time.Time, text []byte, part int, more bool) {
	switch l.as {
	case OutputJSON:
		if at.IsZero() {
			at = time.Now()
		}
		l.out = l.appendJSON(l.out, at, text, part, more)
	case OutputText:
		l.out = appendText(l.out, l.prefix, text)
	default:
		l.out = append(append(l.out, text...), '\n')
	}
	if len(l.out) >= fullOutput {
		l.flush()
	}
}

func (l *lines) flush() {
	if len(l.out) > 0 {
		_, _ = l.w.Write(l.out) // nobody is left to tell
		l.out = l.out[:0]
	}
	if cap(l.out) > 2*fullOutput {
		l.out = nil // an idle service should not hold much
	}
}
