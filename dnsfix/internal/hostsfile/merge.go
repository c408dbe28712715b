package hostsfile

import (
	"bytes"
	"net/netip"
	"strings"
)

// Merge returns the text of a hosts file with entries between the lines
// "# BEGIN marker" and "# END marker", and all other lines as they are, byte for
// byte and in their order. The block stays where it is, or goes to the end; a file
// without a newline at its end gets one before it.
//
// Each name gets a line of its own, behind one space: musl reads 511 bytes of a line,
// and Docker removes each line that ends in a tab and the name of a container that
// goes away, which is for its own lines to happen. What lines outside of the block
// say already, in any letter case, is not said again, and entries that no hosts
// file can hold are left out. Where no line remains, there is no block either. If
// nothing changes, Merge returns existing itself.
//
// Whatever is between two markers is ours, and is replaced. A second block is
// removed. Where one of the markers is missing, Merge removes the other one only:
// the lines behind it count as foreign from then on.
func Merge(existing []byte, entries []Entry, marker string) []byte {
	foreign, at := cutBlocks(existing, marker)
	block := makeBlock(entries, foreign, marker)
	out := foreign
	if len(block) > 0 {
		out = append(make([]byte, 0, len(foreign)+1+len(block)), foreign[:at]...)
		if at > 0 && out[at-1] != '\n' {
			out = append(out, '\n')
		}
		out = append(append(out, block...), foreign[at:]...)
	}
	if bytes.Equal(out, existing) {
		return existing
	}
	return out
}

// Remove returns the text of a hosts file without the block that [Merge] put there.
func Remove(existing []byte, marker string) []byte {
	return Merge(existing, nil, marker)
}

// markerLines returns the first and the last line of a block, without newline. A
// marker is one line, whatever the caller says.
func markerLines(marker string) (begin, end string) {
	marker = strings.Join(strings.FieldsFunc(marker, isSpace), " ")
	return strings.TrimSpace("# BEGIN " + marker), strings.TrimSpace("# END " + marker)
}

// cutBlocks returns the lines that are not ours, and where among them the block
// was, or is to be: in front of the line at that offset.
func cutBlocks(text []byte, marker string) (foreign []byte, at int) {
	begin, end := markerLines(marker)
	first, open := -1, -1 // offsets: of the first block, and of one that has only begun
	for line := range bytes.Lines(text) {
		switch string(bytes.TrimRightFunc(line, isSpace)) {
		case begin: // an open one has no end, then: its lines stay
			open = len(foreign)
		case end:
			if open >= 0 {
				foreign = foreign[:open]
				if first < 0 {
					first = open
				}
			}
			open = -1
		default:
			foreign = append(foreign, line...)
		}
	}
	if first < 0 {
		first = len(foreign)
	}
	return foreign, first
}

// line is what one line of a block says, to be compared.
type line struct {
	addr netip.Addr
	name string // in lower case
}

// makeBlock returns the block with its markers, or nothing.
func makeBlock(entries []Entry, foreign []byte, marker string) []byte {
	said := map[line]bool{}
	theirs, _ := Parse(foreign)
	for _, entry := range theirs {
		for _, name := range entry.Names {
			said[line{entry.Addr, lowerName(name)}] = true
		}
	}
	begin, end := markerLines(marker)
	block := []byte(begin + "\n")
	empty := len(block)
	for _, entry := range entries {
		addr := plain(entry.Addr)
		for _, name := range entry.Names {
			name, ok := hostName(name)
			key := line{addr, lowerName(name)}
			if !ok || !addr.IsValid() || said[key] {
				continue
			}
			said[key] = true
			block = append(append(append(addr.AppendTo(block), ' '), name...), '\n')
		}
	}
	if len(block) == empty {
		return nil
	}
	return append(block, end+"\n"...)
}

func lowerName(name string) string {
	b := []byte(name)
	lower(b)
	return string(b)
}
