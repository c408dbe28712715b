package dnsmasq

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// value is what follows the "=" of an option, with the quotes of dnsmasq's files:
// between double quotes commas and "#" are themselves, and a backslash makes
// \\ \" \t \e \b \r \n.
type value struct {
	raw  string
	from Origin
	dir  string // what relative paths are relative to
}

var errQuote = errors.New(`a " has no end: close it`)

// blanks are cut off around a field.
const blanks = " \t"

// text is the value as one field.
func (v value) text() (string, error) {
	fields, err := v.split(1)
	if err != nil {
		return "", err
	}
	return fields[0], nil
}

// fields is the value cut at its commas: at least one field, and each may be empty.
func (v value) fields() ([]string, error) { return v.split(-1) }

// fieldsOf is fields, at least and at most so many. what names them all.
func (v value) fieldsOf(least, most int, what string) ([]string, error) {
	fields, err := v.fields()
	if err != nil {
		return nil, err
	}
	switch {
	case len(fields) < least:
		return nil, fmt.Errorf("something is missing: give %s", what)
	case len(fields) > most:
		return nil, fmt.Errorf("%q is too much: give %s", fields[most], what)
	}
	return fields, nil
}

// split cuts the value at its commas into at most n fields; n < 0 is any number.
// Blanks around a field go, unless they are quoted.
func (v value) split(n int) ([]string, error) {
	var fields []string
	field, keep := make([]byte, 0, len(v.raw)), 0 // field[:keep] ends in no blank to cut off
	for i := 0; i < len(v.raw); {
		c, quoted, size, err := next(v.raw[i:])
		if err != nil {
			return nil, err
		}
		i += size
		switch {
		case quoted:
			field = append(field, c...)
			keep = len(field)
		case c == "," && len(fields) != n-1:
			fields = append(fields, string(field[:keep]))
			field, keep = field[:0], 0
		case strings.Contains(blanks, c):
			if keep > 0 {
				field = append(field, c...)
			}
		default:
			field = append(field, c...)
			keep = len(field)
		}
	}
	return append(fields, string(field[:keep])), nil
}

// next returns what s begins with, a byte or all that is between two quotes, and
// how long that is in s.
func next(s string) (c string, quoted bool, size int, err error) {
	if s[0] != '"' {
		return s[:1], false, 1, nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), true, i + 1, nil
		case s[i] == '\\' && i+1 < len(s) && escapes(s[i+1]) != 0:
			i++
			b.WriteByte(escapes(s[i]))
		default:
			b.WriteByte(s[i])
		}
	}
	return "", false, 0, errQuote
}

// escapes is the byte that a backslash makes of c, or 0.
func escapes(c byte) byte {
	switch c {
	case '\\', '"':
		return c
	case 't':
		return '\t'
	case 'e':
		return 0x1b
	case 'b':
		return '\b'
	case 'r':
		return '\r'
	case 'n':
		return '\n'
	}
	return 0
}

// path is the value as an absolute, clean path.
func (v value) path() (string, error) {
	text, err := v.text()
	if err != nil {
		return "", err
	}
	if text == "" {
		return "", errors.New("it names no file: give a path")
	}
	return absolute(v.dir, text), nil
}

func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join("/", dir, path)
}

// appendLine adds raw to dst such that a line of a file can hold it: with its
// newlines escaped, and no "#" that would begin a comment.
func appendLine(dst []byte, raw string) []byte {
	raw = strings.Trim(raw, blanks)
	for inside, i := false, 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case inside && c == '\\':
			if i+1 < len(raw) && escapes(raw[i+1]) != 0 {
				i++
			}
			dst = append(dst, c, raw[i])
			continue
		case c == '"':
			inside = !inside
		case c == '\n':
			dst = append(dst, quoteIf(!inside, `\n`)...)
			continue
		case c == '\r':
			dst = append(dst, quoteIf(!inside, `\r`)...)
			continue
		case c == '#' && !inside && (i == 0 || strings.IndexByte(blanks, raw[i-1]) >= 0):
			dst = append(dst, quoteIf(true, "#")...)
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

func quoteIf(quote bool, s string) string {
	if quote {
		return `"` + s + `"`
	}
	return s
}
