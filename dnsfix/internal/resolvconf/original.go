package resolvconf

import "bytes"

// A line of the original is kept as one or more comments: pieces that begin with
// morePiece, and one that begins with endPiece and stands for the newline too.
const (
	endPiece  = "#| "
	morePiece = "#+ "
	maxPiece  = 120 // bytes, which escaping may double
)

// Original returns, byte for byte, the text that a file of [Render] replaced, and
// whether there is one. It is found in a file that was changed since, too (for
// which [IsOurs] is false), if its comments are whole.
func Original(text []byte) (original []byte, ok bool) {
	if !bytes.HasPrefix(text, []byte(firstWords)) {
		return nil, false
	}
	original = []byte{}
	for line := range bytes.Lines(text) {
		if string(line) == lastLine {
			return original, true
		}
		line = bytes.TrimSuffix(line, []byte{'\n'})
		if piece, isEnd := bytes.CutPrefix(line, []byte(endPiece)); isEnd {
			original = append(appendUnescaped(original, piece), '\n')
		} else if piece, isMore := bytes.CutPrefix(line, []byte(morePiece)); isMore {
			original = appendUnescaped(original, piece)
		}
	}
	return nil, false
}

// appendOriginal writes the comments that Original reads.
func appendOriginal(b *bytes.Buffer, original []byte) {
	for line := range bytes.Lines(original) {
		text, ended := bytes.CutSuffix(line, []byte{'\n'})
		for len(text) > maxPiece {
			writePiece(b, morePiece, text[:maxPiece])
			text = text[maxPiece:]
		}
		if ended {
			writePiece(b, endPiece, text)
		} else {
			writePiece(b, morePiece, text)
		}
	}
}

// writePiece escapes NUL, which would end the line for the C libraries: musl then
// takes the next line for the rest of this one, and skips it.
func writePiece(b *bytes.Buffer, kind string, piece []byte) {
	b.WriteString(kind)
	for _, c := range piece {
		switch c {
		case 0:
			b.WriteString(`\0`)
		case '\\':
			b.WriteString(`\\`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\n')
}

func appendUnescaped(dst, piece []byte) []byte {
	for i := 0; i < len(piece); i++ {
		c := piece[i]
		if c == '\\' && i+1 < len(piece) {
			i++
			if c = piece[i]; c == '0' {
				c = 0
			}
		}
		dst = append(dst, c)
	}
	return dst
}
