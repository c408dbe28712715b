package scenario

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// Row is one row of the table in docs/exit-codes.md.
type Row struct {
	Name, What string
	Code       int
}

// ReadTable reads the table of exit codes from docs/exit-codes.md at path.
func ReadTable(t testing.TB, path string) []Row {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(line, "| \n"), "|")
		if !strings.HasPrefix(line, "|") || len(cells) != 3 {
			continue
		}
		code, err := strconv.Atoi(strings.TrimSpace(cells[2]))
		if err == nil { // not the head
			rows = append(rows, Row{strings.TrimSpace(cells[0]), strings.TrimSpace(cells[1]), code})
		}
	}
	if len(rows) == 0 {
		t.Fatalf("%s: no table of exit codes in it", path)
	}
	return rows
}

// ExitCodes are the scenarios of the table at path, with the codes that it
// promises. A row without a scenario, and a scenario without a row, fails t.
func ExitCodes(t testing.TB, path string) []Scenario {
	t.Helper()
	codes, left := map[string]int{}, map[string]bool{}
	for _, row := range ReadTable(t, path) {
		if left[row.Name] {
			t.Errorf("%s: two rows are named %q", path, row.Name)
		}
		codes[row.Name], left[row.Name] = row.Code, true
	}
	scenarios := exitCodes()
	for i := range scenarios {
		row, _, _ := strings.Cut(scenarios[i].Name, "/")
		code, ok := codes[row]
		if !ok {
			t.Errorf("%s: no row for the scenario %q", path, scenarios[i].Name)
		}
		scenarios[i].Code = code
		delete(left, row)
	}
	for name := range left {
		t.Errorf("%s: no scenario for the row %q", path, name)
	}
	return scenarios
}
