package probe

import (
	"io"
	"strings"
)

// tailSize is how much of a command's output is kept: its end.
const tailSize = 256

// tail is the end of an output.
type tail struct{ bytes []byte }

// read reads until the end, or until it cannot read.
func (t *tail) read(r io.Reader) {
	buf := make([]byte, 4096)
	for {
		n, err := r.Read(buf)
		t.add(buf[:n])
		if err != nil {
			return
		}
	}
}

func (t *tail) add(text []byte) {
	t.bytes = append(t.bytes, text...)
	if over := len(t.bytes) - tailSize; over > 0 {
		t.bytes = append(t.bytes[:0], t.bytes[over:]...)
	}
}

// after is the last line that says something, after a text; "" if there is none.
func (t *tail) after(text string) string {
	last := ""
	for line := range strings.Lines(string(t.bytes)) {
		if line = strings.TrimSpace(strings.Map(printable, strings.ToValidUTF8(line, "?"))); line != "" {
			last = text + line
		}
	}
	return last
}

// printable takes out what could steer a terminal.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}
