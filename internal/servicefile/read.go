package servicefile

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/sillelien/baseinit/internal/s6/smallfile"
)

// Name is what the file is called in a service directory.
const Name = "service.toml"

// sizeLimit bounds a file.
const sizeLimit = 1 << 18

// Problem is one thing that is wrong with a file.
type Problem struct {
	File string // as it was given to Read
	Place
	Key  string // with its tables: "stop.signal"; empty: it is none's
	Text string // what is wrong, and what would be right
}

// Error is the problem as one line: FILE:LINE:COLUMN: KEY: TEXT.
func (p Problem) Error() string {
	var b strings.Builder
	for _, part := range []string{p.File, p.String(), p.Key} {
		if part != "" {
			b.WriteString(part)
			b.WriteByte(':')
		}
	}
	text := b.String()
	if p.Key != "" {
		text = strings.TrimSuffix(text, p.Key+":") + " " + p.Key + ":"
	}
	return text + " " + p.Text
}

// String is LINE:COLUMN, or "" without a place.
func (p Place) String() string {
	if p.Line == 0 {
		return ""
	}
	return fmt.Sprintf("%d:%d", p.Line, p.Col)
}

// Read reads a file. The Service is good for something only if there is no problem. The
// error is for a file that cannot be read, and names it: errors.Is(err, fs.ErrNotExist).
func Read(path string) (Service, []Problem, error) {
	data, err := smallfile.Read(path, sizeLimit)
	if err != nil {
		return Service{}, nil, err
	}
	s, problems := Parse(string(data))
	for i := range problems {
		problems[i].File = path
	}
	return s, problems, nil
}

// Joined is all problems as one error, or nil.
func Joined(problems []Problem) error {
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// Parse reads the text of a file. Problems are in the order of their places, and name no
// file. A text
// that is no TOML has one.
func Parse(text string) (Service, []Problem) {
	text = strings.TrimPrefix(text, "\ufeff") // as the decoder does
	var values map[string]any
	if _, err := toml.Decode(text, &values); err != nil {
		return Service{}, []Problem{syntaxProblem(text, err)}
	}
	d := &decoder{places: locate(text)}
	s := Service{places: d.places}
	d.table("", "", values, &s)
	d.check(&s)
	sort.SliceStable(d.problems, func(i, j int) bool {
		a, b := &d.problems[i], &d.problems[j]
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col)) < 0
	})
	return s, d.problems
}

// syntaxProblem finds line and column anew: those of the decoder are one off where a line
// begins.
func syntaxProblem(text string, err error) Problem {
	p := Problem{Place: Place{1, 1}, Text: "this is not TOML: " + err.Error()}
	if at, ok := errors.AsType[toml.ParseError](err); ok {
		before := text[:min(max(at.Position.Start, 0), len(text))]
		p.Place = Place{1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')}
		p.Text = "this is not TOML: " + strings.TrimSuffix(at.Message, ".")
	}
	return p
}

// decoder collects what is wrong.
type decoder struct {
	places   places
	problems []Problem
}

// wrong notes a problem with the value of a key.
// It is called in many places and for few keys: inlined, 8 kB of code more, with clash.
//
//go:noinline
func (d *decoder) wrong(path, text string) {
	d.problems = append(d.problems, Problem{Place: d.places[path].value, Key: path, Text: text})
}

// table sets the fields of a table to what the file says. name is that of the table, path where it
// is in the file.
func (d *decoder) table(name, path string, values map[string]any, to any) {
	for _, word := range slices.Sorted(maps.Keys(values)) {
		full := join(path, word)
		k, ok := find(join(name, word))
		switch {
		case !ok || strings.Contains(word, "."):
			var names []string
			for _, k := range in(name) {
				names = append(names, k.name)
			}
			d.unknown(full, word, names)
		case k.kind == kindTable:
			d.oneTable(k.name, full, values[word], field(to, word))
		case k.kind == kindTables:
			d.checks(full, values[word], to)
		default:
			if v, ok := d.value(k.kind, full, values[word]); ok {
				assign(field(to, word), v)
			}
		}
	}
}

func (d *decoder) oneTable(name, path string, value, to any) {
	values, ok := value.(map[string]any)
	if !ok {
		d.wrong(path, "it is "+show(value)+"; it can be a table, ["+path+"]")
	}
	d.table(name, path, values, to)
}

// checks reads the only key that can be several tables, health.
func (d *decoder) checks(path string, value, to any) {
	s, _ := to.(*Service)
	elements, ok := value.([]map[string]any)
	if mixed, isArray := value.([]any); isArray {
		ok = true
		for _, v := range mixed {
			element, isTable := v.(map[string]any)
			ok = ok && isTable
			elements = append(elements, element)
		}
	}
	if !ok {
		d.wrong(path, "it is "+show(value)+"; it can be tables, [["+path+"]]")
		return
	}
	s.Health = make([]Check, len(elements))
	for i, element := range elements {
		d.table(path, fmt.Sprintf("%s[%d]", path, i), element, &s.Health[i])
	}
}

// unknown says that a key is none, and which it may be instead.
func (d *decoder) unknown(path, word string, names []string) {
	const few = 16
	text := "there is no such key (docs/service.md lists them)"
	if near := nearest(strings.ToLower(strings.ReplaceAll(word, "-", "_")), names); near != "" {
		table := strings.TrimSuffix(strings.TrimSuffix(path, word), ".")
		text = "there is no such key; the nearest is " + join(strings.TrimRight(table, "0123456789[]"), near)
	} else if _, is := find(word); is {
		text = "there is no such key in this table; " + word + " stands above all tables"
	} else if len(names) <= few {
		text = "there is no such key; it can be " + orList(names)
	}
	d.problems = append(d.problems, Problem{Place: d.places[path].key, Key: path, Text: text})
}

// orList writes "a, b or c".
func orList(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// Path is a path of the file seen from the directory that the file is in.
func Path(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
