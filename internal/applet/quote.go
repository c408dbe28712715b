//go:build linux

package applet

import (
	"fmt"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// quoteLetters are the letters that stand for control characters after a backslash, and
// the characters in the same order: as execlineb reads them.
const (
	quoteLetters = "abtnvfr"
	quoteBytes   = "\a\b\t\n\v\f\r"
)

// quoting is how s6-quote and s6-quote-filter quote.
type quoting struct {
	delimiter byte // 0: none
	bare      bool // it is not put around the text
}

// readQuoting takes options, of which it knows u and d.
func readQuoting(options []execline.Option) (quoting, error) {
	q := quoting{delimiter: '"'}
	for _, o := range options {
		switch o.Letter {
		case 'u':
			q.bare = true
		case 'd':
			q.delimiter = 0
			if o.Arg != "" {
				q.delimiter = o.Arg[0]
			}
		}
	}
	if q.delimiter == 0 && !q.bare {
		return q, fail(execline.CodeUsage, "there is no character to quote with")
	}
	return q, nil
}

// quote appends a text so that all of it is printable.
func (q quoting) quote(out []byte, text string) []byte {
	if !q.bare {
		out = append(out, q.delimiter)
	}
	for i := range len(text) {
		c := text[i]
		letter := strings.IndexByte(quoteBytes, c)
		switch {
		case letter >= 0:
			out = append(out, '\\', quoteLetters[letter])
		case c == '\\' || c == q.delimiter && c > ' ' && !isWordByte(c):
			out = append(out, '\\', c)
		case c < ' ' || c > '~' || c == q.delimiter: // a letter behind a backslash would be another one
			out = fmt.Appendf(out, `\0x%02x`, c)
		default:
			out = append(out, c)
		}
	}
	if !q.bare {
		out = append(out, q.delimiter)
	}
	return out
}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// quote is s6-quote.
func quote(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "nud:")
	if !ok || len(rest) != 1 {
		return nil, errUsage
	}
	q, err := readQuoting(options)
	if err != nil {
		return nil, err
	}
	text := q.quote(nil, rest[0])
	if !execline.Given(options)['n'] {
		text = append(text, '\n')
	}
	return nil, execline.Write(1, string(text))
}

// quoteFilter is s6-quote-filter: it quotes each line.
func quoteFilter(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "ud:")
	if !ok || len(rest) > 0 {
		return nil, errUsage
	}
	q, err := readQuoting(options)
	if err != nil {
		return nil, err
	}
	return nil, filter(func(out, line []byte) []byte {
		text, newline := cutNewline(line)
		return append(q.quote(out, text), newline...)
	})
}

// cutNewline parts a line from its newline, which the last one need not have.
func cutNewline(line []byte) (text, newline string) {
	text = strings.TrimSuffix(string(line), "\n")
	return text, string(line[len(text):])
}
