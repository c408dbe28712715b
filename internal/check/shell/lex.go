package shell

import "strings"

// token is a word or an operator. An operator of "" is the end of the text.
type token struct {
	Word
	op   bool
	tail bool // a redirection follows without a blank: 2>
}

// lexer takes a script apart.
type lexer struct {
	text       string
	pos        int
	lineStart  int // where the line begins that pos is in
	line       int
	documents  []document // here-documents that begin behind the next end of line
	wantsLimit bool       // the next word is the limit of one
	stripsTabs bool
	failed     bool
	depth      int // of quotes in expansions
}

// document is a here-document that has not been passed over yet.
type document struct {
	limit string
	tabs  bool // in front of it are ignored
}

// operators, the longest first.
var operators = [...]string{"<<<", "<<-", "&>>", ";;&", "&&", "||", ";;", ";&", "<<", ">>", "<&", ">&", "<>", ">|", "&>", "|&", "\n", ";", "&", "|", "(", ")", "<", ">"}

// next gives the next token.
func (l *lexer) next() token {
	l.skip()
	t := token{Word: Word{Line: l.line, Column: l.pos - l.lineStart + 1}, op: true}
	rest := l.text[l.pos:]
	if rest == "" || l.failed {
		return t
	}
	if !strings.HasPrefix(rest, "<(") && !strings.HasPrefix(rest, ">(") { // these begin words of bash
		for _, op := range &operators {
			if strings.HasPrefix(rest, op) {
				t.Text = op
				l.operator(op)
				return t
			}
		}
	}
	t.op, t.literal = false, true
	l.word(&t.Word)
	if l.wantsLimit {
		l.documents, l.wantsLimit = append(l.documents, document{t.Text, l.stripsTabs}), false
	}
	t.tail = l.pos < len(l.text) && (l.text[l.pos] == '<' || l.text[l.pos] == '>')
	return t
}

func (l *lexer) operator(op string) {
	l.pos += len(op)
	switch op {
	case "<<", "<<-":
		l.wantsLimit, l.stripsTabs = true, op == "<<-"
	case "\n":
		l.newline()
		for _, d := range l.documents {
			l.pass(d)
		}
		l.documents = nil
	}
}

func (l *lexer) newline() {
	l.line++
	l.lineStart = l.pos
}

// pass goes over a here-document.
func (l *lexer) pass(d document) {
	for l.pos < len(l.text) {
		line, _, found := strings.Cut(l.text[l.pos:], "\n")
		l.pos += len(line)
		if found {
			l.pos++
			l.newline()
		}
		if d.tabs {
			line = strings.TrimLeft(line, "\t")
		}
		if line == d.limit {
			return
		}
	}
}

// skip goes over blanks, comments, and ends of lines behind a backslash.
func (l *lexer) skip() {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case rest[0] == ' ' || rest[0] == '\t':
			l.pos++
		case strings.HasPrefix(rest, "\\\n"):
			l.pos += 2
			l.newline()
		case rest[0] == '#':
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				rest = rest[:end]
			}
			l.pos += len(rest)
		default:
			return
		}
	}
}

// word reads a word.
func (l *lexer) word(w *Word) {
	var b strings.Builder
	defer func() {
		if w.Text = b.String(); w.Text == "[" || w.Text == "[[" { // which are commands
			w.literal = true
		}
	}()
	for l.pos < len(l.text) && !l.failed {
		rest := l.text[l.pos:]
		switch c := rest[0]; {
		case strings.HasPrefix(rest, "\\\n"):
			l.pos += 2
			l.newline()
		case c == '\\' && len(rest) > 1:
			w.quoted = true
			b.WriteByte(rest[1])
			l.pos += 2
		case c == '\'':
			w.quoted = true
			l.quote(&b)
		case strings.HasPrefix(rest, "$'"):
			w.quoted, w.literal = true, false
			l.pos++
			l.ansi(&b)
		case c == '"' || strings.HasPrefix(rest, `$"`):
			w.quoted = true
			l.pos += strings.IndexByte(rest, '"')
			l.double(&b, w)
		case c == '$' || c == '`' || (c == '<' || c == '>') && b.Len() == 0 && strings.HasPrefix(rest[1:], "("):
			l.expansion(&b, w)
		case c == '(' && takesParens(b.String()):
			w.literal = false
			l.keep(&b, 1)
			l.through(&b, ')')
		case strings.IndexByte(" \t\n;&|()<>", c) >= 0:
			return
		default:
			if strings.IndexByte("*?[", c) >= 0 || c == '~' && b.Len() == 0 {
				w.literal = false
			}
			l.keep(&b, 1)
		}
	}
}

// takesParens tells whether a parenthesis goes on with a word: an array of bash, or a pattern.
func takesParens(word string) bool {
	if word == "" {
		return false
	}
	if name, found := strings.CutSuffix(word, "="); found {
		name, _, _ = strings.Cut(strings.TrimSuffix(name, "+"), "[")
		return isName(name)
	}
	return strings.IndexByte("@?*+!", word[len(word)-1]) >= 0
}

// keep takes n bytes as they are. Inlined in all its places it would be 5 kB.
//
//go:noinline
func (l *lexer) keep(b *strings.Builder, n int) {
	for range min(n, len(l.text)-l.pos) {
		c := l.text[l.pos]
		b.WriteByte(c)
		l.pos++
		if c == '\n' {
			l.newline()
		}
	}
}

// quote reads what is between single quotes.
func (l *lexer) quote(b *strings.Builder) {
	l.pos++
	end := strings.IndexByte(l.text[l.pos:], '\'')
	if end < 0 {
		l.failed = true
		return
	}
	l.keep(b, end)
	l.pos++
}

// ansi reads what is between $' and '.
func (l *lexer) ansi(b *strings.Builder) {
	l.pos++
	for l.pos < len(l.text) {
		switch l.text[l.pos] {
		case '\'':
			l.pos++
			return
		case '\\':
			l.keep(b, 1)
		}
		l.keep(b, 1)
	}
	l.failed = true
}

// double reads what is between double quotes.
func (l *lexer) double(b *strings.Builder, w *Word) {
	l.pos++
	for l.pos < len(l.text) && !l.failed {
		switch c := l.text[l.pos]; c {
		case '"':
			l.pos++
			return
		case '\\':
			l.escaped(b)
		case '$', '`':
			l.expansion(b, w)
		default:
			l.keep(b, 1)
		}
	}
	l.failed = true
}

// escaped reads a backslash in double quotes.
func (l *lexer) escaped(b *strings.Builder) {
	l.pos++
	switch rest := l.text[l.pos:]; {
	case rest == "":
	case rest[0] == '\n':
		l.pos++
		l.newline()
	case strings.IndexByte("$`\"\\", rest[0]) >= 0:
		l.keep(b, 1)
	default:
		b.WriteByte('\\')
		l.keep(b, 1)
	}
}
