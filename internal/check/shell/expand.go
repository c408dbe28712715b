package shell

import "strings"

// deepest bounds how deep things stand in one another; no script that people write has more.
const deepest = 50

// expansion takes what is expanded, as it is written: $X, ${X}, $(...), $((...)), `...`, and
// <(...) of bash.
func (l *lexer) expansion(b *strings.Builder, w *Word) {
	w.literal = false
	rest := l.text[l.pos:]
	switch {
	case rest[0] == '`':
		l.keep(b, 1)
		l.backquoted(b)
	case strings.HasPrefix(rest[1:], "("):
		l.keep(b, 2)
		l.through(b, ')')
	case strings.HasPrefix(rest, "${"):
		l.keep(b, 2)
		l.through(b, '}')
	default:
		l.keep(b, 1)
		if len(rest) > 1 && strings.IndexByte("@*#?$!-", rest[1]) >= 0 {
			l.keep(b, 1)
		}
	}
}

func (l *lexer) backquoted(b *strings.Builder) {
	for l.pos < len(l.text) {
		switch l.text[l.pos] {
		case '`':
			l.keep(b, 1)
			return
		case '\\':
			l.keep(b, 1)
		}
		l.keep(b, 1)
	}
	l.failed = true
}

// through takes all up to and with the bracket that closes what has been opened.
func (l *lexer) through(b *strings.Builder, closing byte) {
	open := []byte{closing}
	var w Word // what is in quotes is of no interest
	for l.pos < len(l.text) && !l.failed && len(open) < deepest {
		switch c := l.text[l.pos]; {
		case c == open[len(open)-1]:
			open = open[:len(open)-1]
			l.keep(b, 1)
			if len(open) == 0 {
				return
			}
		case c == '(':
			open = append(open, ')')
			l.keep(b, 1)
		case strings.HasPrefix(l.text[l.pos:], "${"):
			open = append(open, '}')
			l.keep(b, 2)
		case c == '\'' && closing == ')':
			l.quote(b)
		case c == '"':
			l.nested(b, &w)
		case c == '\\':
			l.keep(b, 2)
		case c == '`':
			l.keep(b, 1)
			l.backquoted(b)
		case c == '#' && closing == ')' && l.pos > 0 && strings.IndexByte(" \t\n", l.text[l.pos-1]) >= 0:
			end := strings.IndexByte(l.text[l.pos:], '\n')
			if end < 0 {
				end = len(l.text) - l.pos
			}
			l.pos += end // a comment may hold any quote
		default:
			l.keep(b, 1)
		}
	}
	l.failed = true
}

// nested reads double quotes inside an expansion, which may hold one again.
func (l *lexer) nested(b *strings.Builder, w *Word) {
	if l.depth++; l.depth > deepest {
		l.failed = true
		return
	}
	l.double(b, w)
	l.depth--
}
