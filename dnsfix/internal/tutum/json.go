package tutum

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// parseJSON reads a text of JSON (RFC 8259) into map[string]any, []any, string, float64,
// bool and nil, as encoding/json does.
func parseJSON(text []byte) (any, error) {
	p := jsonParser{text: text}
	value, err := p.value(0)
	if err == nil {
		if p.space(); p.at < len(text) {
			err = errors.New("there is something behind the value")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the answer is not JSON, at byte %d: %w", p.at, err)
	}
	return value, nil
}

const maxDepth = 100

type jsonParser struct {
	text []byte
	at   int
}

var errEnd = errors.New("it ends too early")

func (p *jsonParser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

// peek returns the next character that is no space, 0 at the end.
func (p *jsonParser) peek() byte {
	p.space()
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *jsonParser) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("it is nested too deep")
	}
	switch c := p.peek(); {
	case c == 0 && p.at == len(p.text):
		return nil, errEnd
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		return p.str()
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	}
	for word, value := range map[string]any{"true": true, "false": false, "null": nil} {
		if n := len(word); len(p.text)-p.at >= n && string(p.text[p.at:p.at+n]) == word {
			p.at += n
			return value, nil
		}
	}
	return nil, errors.New("there is no value")
}

// more reads what is between two elements. It returns false behind the last one.
func (p *jsonParser) more(end byte, first bool) (bool, error) {
	switch c := p.peek(); {
	case c == end:
		p.at++
		return false, nil
	case first:
		return true, nil
	case c == ',':
		p.at++
		if p.peek() == end {
			return false, errors.New("there is a comma too many")
		}
		return true, nil
	}
	return false, errors.New("there is no comma")
}

func (p *jsonParser) object(depth int) (any, error) {
	p.at++
	object := map[string]any{}
	for first := true; ; first = false {
		more, err := p.more('}', first)
		if err != nil || !more {
			return object, err
		}
		if p.peek() != '"' {
			return nil, errors.New("a name is no string")
		}
		name, err := p.str()
		if err != nil {
			return nil, err
		}
		if p.peek() != ':' {
			return nil, errors.New("there is no colon")
		}
		p.at++
		if object[name], err = p.value(depth + 1); err != nil {
			return nil, err
		}
	}
}

func (p *jsonParser) array(depth int) (any, error) {
	p.at++
	array := []any{}
	for first := true; ; first = false {
		more, err := p.more(']', first)
		if err != nil || !more {
			return array, err
		}
		value, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
}

func (p *jsonParser) number() (any, error) {
	start := p.at
	digits := func() (n int) {
		for p.at < len(p.text) && '0' <= p.text[p.at] && p.text[p.at] <= '9' {
			p.at++
			n++
		}
		return n
	}
	next := func(c byte) bool {
		if p.at < len(p.text) && p.text[p.at] == c {
			p.at++
			return true
		}
		return false
	}
	next('-')
	whole := p.at
	n := digits()
	ok := n == 1 || n > 1 && p.text[whole] != '0'
	if next('.') {
		ok = digits() > 0 && ok
	}
	if next('e') || next('E') {
		_ = next('+') || next('-')
		ok = digits() > 0 && ok
	}
	value, err := strconv.ParseFloat(string(p.text[start:p.at]), 64)
	if !ok || err != nil {
		return nil, errors.New("a number is none")
	}
	return value, nil
}

func (p *jsonParser) str() (string, error) {
	p.at++
	var s []byte
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return string(s), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			s = utf8.AppendRune(s, r)
		case c < ' ':
			return "", errors.New("a string has a control character")
		default:
			r, size := utf8.DecodeRune(p.text[p.at:])
			s = utf8.AppendRune(s, r)
			p.at += size
		}
	}
	return "", errEnd
}

// escape reads a character behind a backslash.
func (p *jsonParser) escape() (rune, error) {
	if p.at+1 >= len(p.text) {
		return 0, errEnd
	}
	c := p.text[p.at+1]
	p.at += 2
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		r, err := p.hex()
		if err != nil || !utf16.IsSurrogate(r) {
			return r, err
		}
		if p.at+1 < len(p.text) && p.text[p.at] == '\\' && p.text[p.at+1] == 'u' {
			at := p.at
			p.at += 2
			low, err := p.hex()
			if err != nil {
				return 0, err
			}
			if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
				return both, nil
			}
			p.at = at
		}
		return utf8.RuneError, nil
	}
	return 0, errors.New("a string has an escape that is none")
}

func (p *jsonParser) hex() (rune, error) {
	if p.at+4 > len(p.text) {
		return 0, errEnd
	}
	n, err := strconv.ParseUint(string(p.text[p.at:p.at+4]), 16, 16)
	if err != nil {
		return 0, errors.New("an escape has no four digits")
	}
	p.at += 4
	return rune(n), nil
}
