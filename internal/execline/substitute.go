package execline

import (
	"errors"
	"strconv"
	"strings"
)

// substitution replaces ${key}, and $key at the end of a word, by each of its
// values in turn: none, one, or several.
type substitution struct {
	key    string
	values []string
}

// errKey is for a name that cannot be substituted.
var errKey = errors.New("cannot substitute a name that is empty")

func (s substitution) check() error {
	if s.key == "" {
		return errKey
	}
	return nil
}

// substitute makes all substitutions at once in the words of a line.
func substitute(argv []string, subs ...substitution) ([]string, error) {
	for _, s := range subs {
		if err := s.check(); err != nil {
			return nil, err
		}
	}
	out := make([]string, 0, len(argv))
	for _, word := range argv {
		if strings.IndexByte(word, '$') < 0 {
			out = append(out, word)
			continue
		}
		out = append(out, expand(word, subs)...)
	}
	return out, nil
}

// expand gives the words that one word becomes: for several values every combination,
// the rightmost changing fastest.
func expand(word string, subs []substitution) []string {
	out := []string{""}
	literal := func(text string) {
		for i := range out {
			out[i] += text
		}
	}
	for word != "" {
		at := strings.IndexByte(word, '$')
		if at < 0 {
			literal(word)
			break
		}
		slashes := at
		for slashes > 0 && word[slashes-1] == '\\' {
			slashes--
		}
		count := at - slashes
		s, length := match(word[at+1:], subs)
		end := at + 1 + length
		switch {
		case s == nil:
			literal(word[:at+1])
			word = word[at+1:]
			continue
		case count%2 == 1: // quoted
			literal(word[:slashes+count/2] + word[at:end])
		default:
			literal(word[:slashes+count/2])
			out = combine(out, s.values)
		}
		word = word[end:]
	}
	return out
}

// match finds the substitution whose key follows a $, and the key's length with
// its braces.
func match(text string, subs []substitution) (*substitution, int) {
	key, length := text, 0
	if inner, braced := strings.CutPrefix(text, "{"); braced {
		end := strings.IndexAny(inner, "${}")
		if end < 0 || inner[end] != '}' {
			return nil, 0
		}
		key, length = inner[:end], end+2
	} else {
		if end := strings.IndexAny(text, "${}\\"); end >= 0 {
			key = text[:end]
		}
		length = len(key)
	}
	for i := range subs {
		if subs[i].key == key {
			return &subs[i], length
		}
	}
	return nil, 0
}

// combine puts each value behind each word.
func combine(words, values []string) []string {
	out := make([]string, 0, len(words)*len(values))
	for _, w := range words {
		for _, v := range values {
			out = append(out, w+v)
		}
	}
	return out
}

// transform is what is done to a value before it is substituted.
type transform struct {
	crunch, chomp, split bool
	delims               string
}

const (
	defaultDelims  = " \n\r\t"
	transformFlags = "NnsCcd:" // the options that set it
)

// set notes an option, and tells whether it was one for it.
func (t *transform) set(o Option) bool {
	switch o.Letter {
	case 'N':
		t.chomp = false
	case 'n':
		t.chomp = true
	case 's':
		t.split = true
	case 'C':
		t.crunch = true
	case 'c':
		t.crunch = false
	case 'd':
		t.delims = o.Arg
	default:
		return false
	}
	return true
}

func (t *transform) isDelim(c byte) bool { return strings.IndexByte(t.delims, c) >= 0 }

// apply gives the words that a value becomes.
func (t *transform) apply(value string) ([]string, error) {
	if t.crunch {
		value = t.crunched(value)
	}
	unfinished := false // chomping takes a last word without a delimiter, see el_transform
	if t.chomp && value != "" {
		if t.isDelim(value[len(value)-1]) {
			if !t.split {
				value = value[:len(value)-1]
			}
		} else {
			unfinished = true
		}
	}
	if !t.split {
		return []string{value}, nil
	}
	if t.delims == "" {
		return netstrings(value)
	}
	var out []string
	start := 0
	for i := range len(value) {
		if t.isDelim(value[i]) {
			out = append(out, value[start:i])
			start = i + 1
		}
	}
	if start < len(value) && !unfinished {
		out = append(out, value[start:])
	}
	return out, nil
}

// crunched makes delimiters in a row one: the first.
func (t *transform) crunched(value string) string {
	var b strings.Builder
	for i := range len(value) {
		if i == 0 || !t.isDelim(value[i]) || !t.isDelim(value[i-1]) {
			b.WriteByte(value[i])
		}
	}
	return b.String()
}

// netstrings takes a value apart that is a row of them: LENGTH:TEXT, for each.
func netstrings(value string) ([]string, error) {
	var out []string
	for value != "" {
		length, rest, found := strings.Cut(value, ":")
		n, err := strconv.ParseUint(length, 10, 31)
		if !found || err != nil || uint64(len(rest)) <= n || rest[n] != ',' {
			return nil, errors.New("cannot split: the value is no row of netstrings")
		}
		out = append(out, rest[:n])
		value = rest[n+1:]
	}
	return out, nil
}
