package servicefile

import (
	"strconv"
	"strings"
)

// places are the positions of keys and their values, by path: "stop.signal",
// "health[1].action", "success_codes[0]".
type places map[string]position

type position struct{ key, value Place }

// locate finds the positions in a text that is valid TOML, which the decoder keeps to
// itself. In another text it finds some.
func locate(text string) places {
	s := &scanner{text: text, line: 1, found: places{}, tables: map[string]int{}}
	table := ""
	for s.blank(); s.at < len(s.text); s.blank() {
		switch {
		case s.skip("[["):
			table = s.header(true)
		case s.skip("["):
			table = s.header(false)
		default:
			s.pair(table)
		}
	}
	return s.found
}

type scanner struct {
	text   string
	at     int
	line   int
	start  int // of the line
	found  places
	tables map[string]int // how many elements arrays of tables have so far
}

func (s *scanner) place() Place { return Place{s.line, s.at - s.start + 1} }

func (s *scanner) peek(word string) bool { return strings.HasPrefix(s.text[s.at:], word) }

func (s *scanner) skip(word string) bool {
	found := s.peek(word)
	if found {
		s.at += len(word)
	}
	return found
}

// next passes over one byte.
func (s *scanner) next() {
	if s.text[s.at] == '\n' {
		s.line++
		s.start = s.at + 1
	}
	s.at++
}

// blank passes over blanks, newlines and comments.
func (s *scanner) blank() {
	for comment := false; s.at < len(s.text); s.next() {
		switch s.text[s.at] {
		case '#':
			comment = true
		case '\n':
			comment = false
		case ' ', '\t', '\r':
		default:
			if !comment {
				return
			}
		}
	}
}

// header reads what comes after the [ or [[ of a table's header, and gives its path.
func (s *scanner) header(element bool) string {
	at := s.place()
	names := s.keys()
	path := ""
	for i, name := range names {
		path = join(path, name)
		if i == len(names)-1 && element {
			s.tables[path]++
		}
		s.add(path, at, at)
		if n := s.tables[path]; n > 0 {
			path += "[" + strconv.Itoa(n-1) + "]"
			s.add(path, at, at)
		}
	}
	for s.skip("]") {
	}
	return path
}

// pair reads KEY = VALUE.
func (s *scanner) pair(table string) {
	at := s.place()
	names := s.keys()
	s.skip("=")
	s.blank()
	value := s.place()
	for _, name := range names {
		table = join(table, name)
		s.add(table, at, value)
	}
	s.value(table)
}

// add notes the first position of a path.
func (s *scanner) add(path string, key, value Place) {
	if _, known := s.found[path]; !known {
		s.found[path] = position{key, value}
	}
}

func join(table, name string) string {
	if table == "" {
		return name
	}
	return table + "." + name
}

// keys reads a key, whose names may be quoted and have dots between them.
func (s *scanner) keys() (names []string) {
	for {
		s.blank()
		begin := s.at
		switch {
		case s.peek(`"`), s.peek("'"):
			s.quoted()
			name := s.text[begin:s.at]
			if unquoted, err := strconv.Unquote(name); err == nil {
				name = unquoted
			}
			names = append(names, strings.Trim(name, "'"))
		default:
			s.until(" \t.=]\r\n")
			names = append(names, s.text[begin:s.at])
		}
		s.blank()
		if !s.skip(".") {
			return names
		}
	}
}

// until passes over all that is none of some bytes.
func (s *scanner) until(ends string) {
	for s.at < len(s.text) && strings.IndexByte(ends, s.text[s.at]) < 0 {
		s.next()
	}
}

// value passes over a value, and notes what is in it.
func (s *scanner) value(path string) {
	before := s.at
	switch {
	case s.peek(`"`), s.peek("'"):
		s.quoted()
	case s.skip("["):
		for i := 0; s.more("]"); i++ {
			element := path + "[" + strconv.Itoa(i) + "]"
			s.add(element, s.place(), s.place())
			s.value(element)
		}
	case s.skip("{"):
		for s.more("}") {
			s.pair(path)
		}
	default:
		s.until(",]}#\n")
	}
	if s.at == before && s.at < len(s.text) { // no valid TOML
		s.next()
	}
}

// more comes to the next element of an array or inline table, or passes over its end.
func (s *scanner) more(end string) bool {
	s.blank()
	for s.skip(",") {
		s.blank()
	}
	return s.at < len(s.text) && !s.skip(end)
}

// quoted passes over a string of any of the four kinds.
func (s *scanner) quoted() {
	quote := s.text[s.at : s.at+1]
	escapes := quote == `"`
	if long := strings.Repeat(quote, 3); s.peek(long) {
		quote = long
	}
	s.at += len(quote)
	for s.at < len(s.text) && !s.skip(quote) {
		if escapes && s.text[s.at] == '\\' && s.at+1 < len(s.text) {
			s.next()
		}
		s.next()
	}
	if len(quote) == 3 { // up to two quotes may stand before the end
		for range 2 {
			s.skip(quote[:1])
		}
	}
}
