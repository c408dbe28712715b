package dnsmasq

import (
	"errors"
	"strings"
)

// Split cuts s into words at blanks (space, tab, newline, carriage return), with
// the quoting of the POSIX shell (XCU 2.2): between single quotes every byte is
// itself; between double quotes a backslash escapes ", \, $, ` and newline;
// elsewhere it escapes any byte, and with a newline it vanishes. Nothing is
// expanded: $, *, ~ and # are themselves.
//
// The error is a quote without its end, or a backslash as the last byte.
func Split(s string) ([]string, error) {
	var w words
	for i := 0; i < len(s); {
		n, err := w.take(s[i:])
		if err != nil {
			return nil, err
		}
		i += n
	}
	w.end()
	return w.done, nil
}

// words collects the bytes of a word. A word may be empty, if quotes began it.
type words struct {
	done  []string
	word  []byte
	begun bool
}

// take reads what s begins with, a byte or all between two quotes, and returns
// how long that is.
func (w *words) take(s string) (int, error) {
	switch s[0] {
	case ' ', '\t', '\n', '\r':
		w.end()
		return 1, nil
	case '\'':
		return w.single(s)
	case '"':
		return w.double(s)
	case '\\':
		return w.escape(s)
	}
	w.add(s[0])
	return 1, nil
}

func (w *words) add(b ...byte) {
	w.word = append(w.word, b...)
	w.begun = true
}

func (w *words) end() {
	if w.begun {
		w.done = append(w.done, string(w.word))
	}
	w.word, w.begun = w.word[:0], false
}

func (w *words) single(s string) (int, error) {
	end := strings.IndexByte(s[1:], '\'')
	if end < 0 {
		return 0, errors.New("cannot split the options: a ' has no end: close it, or write \\' for the character")
	}
	w.add([]byte(s[1 : 1+end])...)
	return end + 2, nil
}

func (w *words) double(s string) (int, error) {
	w.add()
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return i + 1, nil
		case s[i] == '\\' && i+1 < len(s) && strings.IndexByte("\"\\$`\n", s[i+1]) >= 0:
			if i++; s[i] != '\n' {
				w.add(s[i])
			}
		default:
			w.add(s[i])
		}
	}
	return 0, errors.New(`cannot split the options: a " has no end: close it, or write \" for the character`)
}

func (w *words) escape(s string) (int, error) {
	if len(s) == 1 {
		return 0, errors.New(`cannot split the options: a \ is the last character: remove it, or write \\ for the character`)
	}
	if s[1] != '\n' {
		w.add(s[1])
	}
	return 2, nil
}
