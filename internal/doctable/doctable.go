// Package doctable reads the tables of a page of documentation that tests compare with
// the code.
package doctable

import (
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// Row is one row: the names in its first cell, and its mark, the second.
type Row struct {
	Line  int
	Names []string
	Mark  string
}

// Exists tells whether the row says that its names are there.
func (r Row) Exists() bool { return r.Mark == "supported" || r.Mark == "differs" }

// Read gives the rows of the table between "<!-- begin NAME:" and "<!-- end NAME -->". A
// mark that is none, a row without a name and a name that has two rows fail the test.
func Read(t *testing.T, page, name string) []Row {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	found, inside, heading := false, false, 2 // lines of it
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "<!-- begin "+name+":"):
			found, inside = true, true
		case line == "<!-- end "+name+" -->":
			inside = false
		case inside && heading > 0:
			heading--
		case inside:
			rows = append(rows, newRow(t, page, number, line))
		}
	}
	if !found || inside {
		t.Fatalf("%s: there is no table between <!-- begin %s: ... --> and <!-- end %s -->", page, name, name)
	}
	lines := map[string]int{}
	for _, r := range rows {
		for _, n := range r.Names {
			if lines[n] != 0 {
				t.Errorf("%s:%d: %s has a row in line %d already", page, r.Line, n, lines[n])
			}
			lines[n] = r.Line
		}
	}
	return rows
}

func newRow(t *testing.T, page string, number int, line string) Row {
	t.Helper()
	cells := strings.Split(strings.Trim(line, "|"), "|")
	if len(cells) < 3 {
		t.Fatalf("%s:%d: this is no row of the table: %s", page, number, line)
	}
	r := Row{Line: number, Mark: strings.TrimSpace(cells[1])}
	for i, part := range strings.Split(cells[0], "`") {
		if i%2 == 1 {
			r.Names = append(r.Names, part)
		}
	}
	if len(r.Names) == 0 {
		r.Names = []string{strings.TrimSpace(cells[0])}
	}
	if marks := []string{"supported", "differs", "ignored", "refused"}; !slices.Contains(marks, r.Mark) {
		t.Errorf("%s:%d: the mark is %q: it can be %s", page, number, r.Mark, strings.Join(marks, ", "))
	}
	return r
}

// Complete reports names of the code that have no row.
func Complete(t *testing.T, page, what string, rows []Row, code []string) {
	t.Helper()
	var missing []string
	for _, name := range code {
		if !slices.ContainsFunc(rows, func(r Row) bool { return slices.Contains(r.Names, name) }) {
			missing = append(missing, "| `"+name+"` | ")
		}
	}
	if len(missing) > 0 {
		t.Errorf("%s: the table of %s lacks rows for what the code has; add rows that begin:\n%s", page, what, strings.Join(missing, "\n"))
	}
}

// Truthful reports rows that say the contrary of the code: what they say is there must
// be, and nothing that is there may be refused. Names may be patterns of path.Match.
func Truthful(t *testing.T, page string, rows []Row, code []string) {
	t.Helper()
	for _, r := range rows {
		for _, name := range r.Names {
			at := slices.IndexFunc(code, func(c string) bool { ok, _ := path.Match(name, c); return ok })
			switch {
			case at < 0 && r.Exists():
				t.Errorf("%s:%d: %s is marked %s, and the code has no such name", page, r.Line, name, r.Mark)
			case at >= 0 && r.Mark == "refused":
				t.Errorf("%s:%d: %s is marked refused, and the code has %s", page, r.Line, name, code[at])
			}
		}
	}
}
