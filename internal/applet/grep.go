//go:build linux

package applet

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// grep is s6-grep: the lines of its input that match. It ends with 0 if there are any,
// else with 1. Expressions are Go's, which POSIX's are but for a few; a basic one
// is made an extended one first, and one that refers back is refused.
func grep(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "EFicnqv")
	if !ok || len(rest) != 1 {
		return nil, errUsage
	}
	given := execline.Given(options)
	pattern := rest[0]
	for _, o := range options {
		if o.Letter == 'E' || o.Letter == 'F' { // the last one counts
			given['E'], given['F'] = o.Letter == 'E', o.Letter == 'F'
		}
	}
	switch {
	case given['F']:
		pattern = literal(pattern)
	case !given['E']:
		pattern = extended(pattern)
	}
	if given['i'] {
		pattern = "(?i)" + pattern
	}
	matches, err := execline.Matcher(pattern)
	if err != nil {
		return nil, err
	}
	number, found := 0, 0
	err = filter(func(out, line []byte) []byte {
		number++
		line = bytes.TrimSuffix(line, []byte("\n"))
		if matches(line) == given['v'] {
			return out
		}
		if found++; given['c'] || given['q'] {
			return out
		}
		if given['n'] {
			out = append(strconv.AppendInt(out, int64(number), 10), ':')
		}
		return append(append(out, line...), '\n')
	})
	if err == nil && given['c'] && !given['q'] {
		err = execline.Write(1, strconv.Itoa(found)+"\n")
	}
	if err == nil && found == 0 {
		err = exit(1)
	}
	return nil, err
}

// literal gives an expression for just that text.
func literal(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if strings.IndexByte(`\.+*?()|[]{}^$`, text[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// extended makes a basic regular expression an extended one: in the former braces,
// parentheses and the like mean something with a backslash only, and a star or a circumflex
// only where it can; regex(7).
func extended(basic string) string {
	var b strings.Builder
	start := true // where a star is a star
	for i := 0; i < len(basic); i++ {
		c := basic[i]
		wasStart := start
		start = false
		switch {
		case c == '\\' && i+1 < len(basic):
			i++
			if strings.IndexByte("(){}|+?", basic[i]) < 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(basic[i])
			start = basic[i] == '(' || basic[i] == '|'
		case c == '[':
			end := bracketEnd(basic, i)
			b.WriteString(strings.ReplaceAll(basic[i:end], `\`, `\\`)) // which means nothing in there
			i = end - 1
		case c == '^' && wasStart:
			b.WriteByte(c)
			start = true
		case c == '^', c == '*' && wasStart, c == '$' && i+1 < len(basic) && !strings.HasPrefix(basic[i+1:], `\)`),
			strings.IndexByte("(){}|+?", c) >= 0:
			b.WriteString(`\` + string(c))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// bracketEnd gives what comes after a bracket expression: the first bracket in it is one of
// its characters.
func bracketEnd(text string, at int) int {
	i := at + 1
	if i < len(text) && text[i] == '^' {
		i++
	}
	for first := i; i < len(text); i++ {
		if strings.HasPrefix(text[i:], "[:") {
			if n := strings.Index(text[i:], ":]"); n > 0 {
				i += n + 1
				continue
			}
		}
		if text[i] == ']' && i > first {
			return i + 1
		}
	}
	return len(text)
}
