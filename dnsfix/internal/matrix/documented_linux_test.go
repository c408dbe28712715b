package matrix_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// page is docs/dns.md: the table, and what stands around it.
type page struct{ head, table, tail string }

const (
	pagePath = "../../../docs/dns.md"
	begin    = "<!-- begin matrix -->\n"
	end      = "<!-- end matrix -->"
)

func readPage(t *testing.T) *page {
	t.Helper()
	text, err := os.ReadFile(pagePath)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	table, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s: no markers for the matrix", pagePath)
	}
	return &page{head, table, tail}
}

// throughBaseinit is the last column; those before are what each client gets alone.
var throughBaseinit = len(clients)

// says tells whether an outcome is in a column of a row. Of a row that is not in the page
// anything is.
func (p *page) says(row string, column int, o outcome) bool {
	_, rest, ok := strings.Cut(p.table, "| "+row+" | ")
	rest, _, _ = strings.Cut(rest, " |\n")
	if cells := strings.Split(rest, " | "); ok && column < len(cells) {
		return slices.Contains(strings.Split(cells[column], " or "), o.class())
	}
	return true
}

// documented compares the table with that of the page, or with UPDATE_DOCS=1
// writes it there. After a run of some rows only there is nothing to compare.
func documented(t *testing.T, p *page, table []row, cells [][]cell) {
	t.Helper()
	for _, cells := range cells {
		if slices.ContainsFunc(cells, func(c cell) bool { return c.without.result == "" || c.with.result == "" }) {
			return
		}
	}
	now := markdown(table, cells)
	if os.Getenv("UPDATE_DOCS") == "1" {
		if err := os.WriteFile(pagePath, []byte(p.head+begin+now+end+p.tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(p.table, now); diff != "" {
		t.Errorf("%s is not what was measured; UPDATE_DOCS=1 go test ./dnsfix/internal/matrix writes it (-file +measured):\n%s", pagePath, diff)
	}
}

// markdown is the table: what each client gets by itself, and what all get through baseinit.
func markdown(table []row, cells [][]cell) string {
	var b strings.Builder
	b.WriteString("| case |")
	for _, c := range clients {
		b.WriteString(" " + c.name + " |")
	}
	b.WriteString(" all through baseinit |\n|--|" + strings.Repeat("--|", len(clients)+1) + "\n")
	for i, r := range table {
		fmt.Fprintf(&b, "| %s |", r.name)
		var through []string
		onlyIPv6 := strings.Contains(r.want, ":") && !strings.Contains(r.want, ".")
		for j, cell := range cells[i] {
			alone, _ := r.alone(&clients[j])
			fmt.Fprintf(&b, " %s |", cmp.Or(alone, cell.without.class()))
			class := cell.with.class()
			if slices.Contains(through, class) || clients[j].onlyA && onlyIPv6 {
				continue
			}
			through = append(through, class)
		}
		fmt.Fprintf(&b, " %s |\n", strings.Join(through, " or "))
	}
	return b.String()
}
