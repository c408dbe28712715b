//go:build linux

package applet

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// unquoted undoes quote. What quotes a text is one of delimiters, unless there are none;
// rest is what comes after it.
func unquoted(text, delimiters string) (value, rest string, err error) {
	if delimiters != "" {
		if text == "" || strings.IndexByte(delimiters, text[0]) < 0 {
			return "", "", errors.New("it does not start with a quote")
		}
		text = text[1:]
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if strings.IndexByte(delimiters, text[i]) >= 0 {
			return b.String(), text[i+1:], nil
		}
		if text[i] != '\\' {
			b.WriteByte(text[i])
			continue
		}
		c, size, err := unescape(text[i+1:])
		if err != nil {
			return "", "", err
		}
		b.WriteByte(c)
		i += size
	}
	if delimiters != "" {
		return "", "", errors.New("the quote is not closed")
	}
	return b.String(), "", nil
}

// unescape reads what follows a backslash, and how much that is.
func unescape(text string) (c byte, size int, err error) {
	if text == "" {
		return 0, 0, errors.New("nothing follows its last backslash")
	}
	if letter := strings.IndexByte(quoteLetters, text[0]); letter >= 0 {
		return quoteBytes[letter], 1, nil
	}
	if !strings.HasPrefix(text, "0x") {
		return text[0], 1, nil
	}
	number := text[:min(4, len(text))]
	n, err := strconv.ParseUint(number[2:], 16, 8)
	if err != nil || len(number) < 4 {
		return 0, 0, fmt.Errorf(`\%s is no character`, number)
	}
	return byte(n), 4, nil
}

// unquote is s6-unquote.
func unquote(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "nd:")
	delimiters, end := `"`, "\n"
	for _, o := range options {
		if o.Letter == 'n' {
			end = ""
		} else {
			delimiters = o.Arg
		}
	}
	if !ok || len(rest) != 1 {
		return nil, errUsage
	}
	value, more, err := unquoted(rest[0], delimiters)
	if err != nil {
		return nil, fail(execline.CodeUsage, "cannot unquote %s: %w", rest[0], err)
	}
	if more != "" {
		p.Warn(fmt.Errorf("%q comes after the quote, and is left out", more))
	}
	return nil, execline.Write(1, value+end)
}

// unquoteFilter is s6-unquote-filter: it unquotes each line. One that is not quoted stays,
// silently with -q, and with -w ends it.
func unquoteFilter(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "qQvwd:")
	delimiters, strictness := `"`, byte('Q')
	for _, o := range options {
		if o.Letter == 'd' {
			delimiters = o.Arg
		} else {
			strictness = o.Letter
		}
	}
	if !ok || len(rest) > 0 {
		return nil, errUsage
	}
	var wrong error
	err := filter(func(out, line []byte) []byte {
		text, newline := cutNewline(line)
		value, more, err := unquoted(text, delimiters)
		switch {
		case wrong != nil:
			return out
		case err != nil && strictness == 'w':
			wrong = fail(execline.CodeUsage, "cannot unquote %q: %w", text, err)
			return out
		case err != nil && strictness != 'q':
			p.Warn(fmt.Errorf("cannot unquote %q: %w", text, err))
		case more != "" && strictness == 'v':
			p.Warn(fmt.Errorf("%q comes after the quote in %q, and is left out", more, text))
		}
		if err != nil {
			value = text
		}
		return append(append(out, value...), newline...)
	})
	if wrong != nil {
		return nil, wrong
	}
	return nil, err
}
