//go:build linux

package applet

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// span is some of the bytes or fields of a line, which are counted from 1.
type span struct{ first, last int }

// cutting is what s6-cut keeps of a line.
type cutting struct {
	spans     []span
	fields    bool
	delimiter []byte
	suppress  bool // lines without a delimiter
}

// cut is s6-cut: cut(1) of POSIX, where characters are bytes.
func cut(_ *execline.Process, argv []string) ([]string, error) {
	options, files, ok := execline.Options(argv[1:], "b:c:f:d:ns")
	c := cutting{delimiter: []byte("\t")}
	for _, o := range options {
		switch o.Letter {
		case 'd':
			ok = ok && len(o.Arg) == 1
			c.delimiter = []byte(o.Arg)
		case 's':
			c.suppress = true
		case 'b', 'c', 'f':
			spans, valid := readSpans(o.Arg)
			ok = ok && valid && c.spans == nil
			c.spans, c.fields = spans, o.Letter == 'f'
		}
	}
	if !ok || c.spans == nil {
		return nil, errUsage
	}
	return nil, eachInput(files, func(f *os.File, _ int) error { return filterFile(f, c.line) })
}

// readSpans reads a list such as 1,3-5,-2,7-.
func readSpans(list string) ([]span, bool) {
	var spans []span
	for text := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		first, last, isRange := strings.Cut(text, "-")
		s := span{1, int(^uint(0) >> 1)}
		var err error
		if first != "" {
			s.first, err = strconv.Atoi(first)
		}
		switch {
		case err == nil && last != "":
			s.last, err = strconv.Atoi(last)
		case !isRange:
			s.last = s.first
		}
		if err != nil || s.first < 1 || s.last < s.first || text == "-" {
			return nil, false
		}
		spans = append(spans, s)
	}
	return spans, len(spans) > 0
}

func (c *cutting) keeps(number int) bool {
	for _, s := range c.spans {
		if number >= s.first && number <= s.last {
			return true
		}
	}
	return false
}

// line appends what is kept of a line.
func (c *cutting) line(out, line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	switch {
	case !c.fields:
		for i, b := range line {
			if c.keeps(i + 1) {
				out = append(out, b)
			}
		}
	case bytes.Contains(line, c.delimiter):
		var kept [][]byte
		for i, field := range bytes.Split(line, c.delimiter) {
			if c.keeps(i + 1) {
				kept = append(kept, field)
			}
		}
		out = append(out, bytes.Join(kept, c.delimiter)...)
	case c.suppress:
		return out
	default:
		out = append(out, line...)
	}
	return append(out, '\n')
}
