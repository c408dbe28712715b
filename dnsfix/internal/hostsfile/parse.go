// Package hostsfile reads hosts(5) files, answers from them, and keeps entries of
// our own in /etc/hosts beside those of others.
//
// [Parse] takes a file's entries, [NewTable] makes one table of the entries of
// several files, and looking something up there allocates nothing. [Merge] and
// [Remove] change a file's text.
//
// What surprises most is that the C libraries do not agree what a hosts file says
// (musl compares letter case, and loses what is beyond 511 bytes of a line and
// what has no newline behind it; glibc ignores addresses with a zone). Parse takes
// each name that one of them finds, and a [Note] says where the other does not.
package hostsfile

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
)

// Entry is an address and its names.
type Entry struct {
	// Addr has no zone, and is an IPv4 address where the file has ::ffff:10.0.0.1:
	// what stands here goes into A and AAAA records.
	Addr netip.Addr
	// Names are as written, but for a dot at the end. The first one is the
	// canonical name, the others are aliases.
	Names []string
}

// Note is a remark about one line.
type Note struct {
	Line int    // from 1
	Text string // lower case, without the line's number
}

const (
	maxNotes    = 100 // a list of blocked names can have a hundred thousand lines
	maxMuslLine = 511 // bytes, the newline included
)

// Parse reads the text of a hosts file. It never fails: what is not understood is
// ignored, as the C libraries do, and noted, up to 100 notes. A NUL ends its line,
// as in C, and a carriage return is a space. Not taken are the addresses that
// only musl reads, those of inet_aton(3): for 010.0.0.1 that would be 8.0.0.1.
func Parse(text []byte) ([]Entry, []Note) {
	var p parser
	for line := range bytes.Lines(text) {
		p.line++
		p.readLine(line)
	}
	return p.entries, p.notes
}

type parser struct {
	entries []Entry
	notes   []Note
	line    int
}

func (p *parser) note(format string, args ...any) {
	if len(p.notes) < maxNotes {
		p.notes = append(p.notes, Note{p.line, fmt.Sprintf(format, args...)})
	}
}

func (p *parser) readLine(raw []byte) {
	line := raw
	if i := bytes.IndexAny(line, "#\x00"); i >= 0 {
		line = line[:i]
	}
	words := strings.FieldsFunc(string(line), isSpace)
	if len(words) == 0 {
		return
	}
	addr, err := netip.ParseAddr(words[0])
	if err != nil {
		p.note("ignored: %q is not an IP address", words[0])
		return
	}
	names := p.names(words[1:])
	if len(names) == 0 {
		p.note("ignored: %s has no name", words[0])
		return
	}
	p.noteLibraries(raw, line, addr)
	p.entries = append(p.entries, Entry{plain(addr), names})
}

// names returns the names that are valid, in place.
func (p *parser) names(words []string) []string {
	names := words[:0]
	for _, word := range words {
		name, ok := hostName(word)
		if !ok {
			p.note("ignored: %q is not a host name", word)
			continue
		}
		names = append(names, name)
	}
	return names
}

// noteLibraries says which of the C libraries reads a line in another way.
func (p *parser) noteLibraries(raw, line []byte, addr netip.Addr) {
	if addr.Zone() != "" {
		p.note("glibc ignores this line: the address has a zone")
	}
	switch {
	case isSpace(rune(line[0])):
		p.note("musl ignores this line: it begins with a space")
	case len(raw) > maxMuslLine:
		p.note("musl does not find the names after the first %d bytes of this line of %d", maxMuslLine, len(raw))
	case len(line) == len(raw) && raw[len(raw)-1] != '\n':
		p.note("musl does not find the last name: there is no newline at the end of the file")
	}
}

// isSpace is isspace(3) in the C locale.
func isSpace(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' }

// plain returns the address that a DNS record can hold.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }
