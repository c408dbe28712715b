package execline

import (
	"fmt"
	"strings"
)

// SyntaxError is what is wrong with a script.
type SyntaxError struct {
	Line int    // counted from 1
	Word string // the word in which it is, or its beginning
	What string
}

// Error is line, word and reason. Who knows the file puts it in front.
func (e *SyntaxError) Error() string {
	if e.Word == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.What)
	}
	const longest = 40
	word := e.Word
	if len(word) > longest {
		word = word[:longest] + "..."
	}
	return fmt.Sprintf("line %d: %q: %s", e.Line, word, e.What)
}

// Parse makes a script into the command line that it stands for, with its blocks
// quoted. Its error is a *SyntaxError.
func Parse(script string) ([]string, error) {
	argv, _, err := ParsePlaces(script)
	return argv, err
}

// Place is where a word begins, line and column counted from 1, columns in bytes.
type Place struct{ Line, Column int }

// ParsePlaces is Parse, and tells where each word of the command line begins.
func ParsePlaces(script string) (argv []string, places []Place, err error) {
	if at := strings.IndexByte(script, 0); at >= 0 {
		return nil, nil, &SyntaxError{1 + strings.Count(script[:at], "\n"), script[strings.LastIndexAny(script[:at], blanks)+1 : at], "a NUL follows, which no script can hold"}
	}
	l := lexer{text: script, line: 1}
	var open []int // the lines of the blocks that are open
	for {
		w, ok, err := l.next()
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			break
		}
		switch {
		case w.bare && w.text == "{":
			open = append(open, w.line)
			continue
		case w.bare && w.text == "}":
			if len(open) == 0 {
				return nil, nil, &SyntaxError{w.line, "}", "closes no block"}
			}
			open = open[:len(open)-1]
			argv = append(argv, strings.Repeat(" ", len(open)))
		default:
			argv = append(argv, strings.Repeat(" ", len(open))+w.text)
		}
		places = append(places, Place{w.line, w.column})
	}
	if len(open) > 0 {
		return nil, nil, &SyntaxError{open[len(open)-1], "{", "this block is not closed"}
	}
	return argv, places, nil
}

// lexer takes a script apart.
type lexer struct {
	text  string
	pos   int
	line  int
	start int // of the line
}

// lexeme is one word, and whether it has no quotes and no backslashes.
type lexeme struct {
	text         string
	line, column int
	bare         bool
}

const blanks = " \t\r\n"

// next gives the next word. It is not ok at the end.
func (l *lexer) next() (w lexeme, ok bool, err error) {
	if !l.skip() {
		return w, false, nil
	}
	w.line, w.column, w.bare = l.line, l.pos-l.start+1, true
	var b strings.Builder
	for l.pos < len(l.text) {
		switch c := l.text[l.pos]; c {
		case ' ', '\t', '\r', '\n':
			w.text = b.String()
			return w, true, nil
		case '"':
			w.bare = false
			l.pos++
			if err := l.quoted(&b, w.line); err != nil {
				return w, false, err
			}
		case '\\':
			w.bare = false
			l.pos++
			if l.pos < len(l.text) {
				b.WriteByte(l.text[l.pos])
				l.advance()
			}
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
	w.text = b.String()
	return w, true, nil
}

// advance goes over one byte.
func (l *lexer) advance() {
	if l.text[l.pos] == '\n' {
		l.line++
		l.start = l.pos + 1
	}
	l.pos++
}

// skip goes to where a word begins: over blanks, comments, and backslashes at the
// end of a line.
func (l *lexer) skip() bool {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case strings.IndexByte(blanks, rest[0]) >= 0:
			l.advance()
		case rest[0] == '#':
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			l.pos += end
		case rest == "\\":
			l.pos++
		case strings.HasPrefix(rest, "\\\n"):
			l.pos++
			l.advance()
		default:
			return true
		}
	}
	return false
}

// escapes are those of quoted strings that stand for one fixed byte.
var escapes = [256]byte{'a': '\a', 'b': '\b', 't': '\t', 'n': '\n', 'v': '\v', 'f': '\f', 'r': '\r'}

// quoted reads on to the closing quote.
func (l *lexer) quoted(b *strings.Builder, start int) error {
	from := l.pos
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		switch c {
		case '"':
			l.pos++
			return nil
		case '\\':
			l.pos++
			if err := l.escape(b); err != nil {
				return err
			}
		default:
			b.WriteByte(c)
			l.advance()
		}
	}
	return &SyntaxError{start, `"` + l.text[from:], "this quote is not closed"}
}

// escape reads what follows a backslash in quotes.
func (l *lexer) escape(b *strings.Builder) error {
	if l.pos == len(l.text) {
		return nil // the missing quote is the error
	}
	c := l.text[l.pos]
	switch {
	case c == '\n':
		l.advance()
	case escapes[c] != 0:
		b.WriteByte(escapes[c])
		l.pos++
	case c == '0' && strings.HasPrefix(l.text[l.pos:], "0x"):
		return l.code(b, 2, 16, 2)
	case c == '0':
		return l.code(b, 1, 8, 3)
	case c >= '1' && c <= '9':
		return l.code(b, 0, 10, 3)
	default:
		b.WriteByte(c)
		l.advance()
	}
	return nil
}

// code reads a byte by its number: up to so many digits of that base, after a prefix.
func (l *lexer) code(b *strings.Builder, prefix, base, digits int) error {
	from := l.pos
	l.pos += prefix
	value := 0
	for range digits {
		if l.pos >= len(l.text) {
			break
		}
		d := digit(l.text[l.pos])
		if d >= base {
			break
		}
		value = value*base + d
		l.pos++
	}
	if value == 0 || value > 255 {
		return &SyntaxError{l.line, `\` + l.text[from:min(l.pos, len(l.text))], "is no character"}
	}
	b.WriteByte(byte(value))
	return nil
}

// digit is the value of a hexadecimal digit, or 255.
func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return 255
}
