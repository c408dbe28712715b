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

// documented compares the table with that in docs/dns.md, or with UPDATE_DOCS=1
// writes it there. After a run of some rows only there is nothing to compare.
func documented(t *testing.T, table []row, cells [][]cell) {
	t.Helper()
	for _, cells := range cells {
		if slices.ContainsFunc(cells, func(c cell) bool { return c.without.result == "" || c.with.result == "" }) {
			return
		}
	}
	const path, begin, end = "../../../docs/dns.md", "<!-- begin matrix -->\n", "<!-- end matrix -->"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s: no markers for the matrix", path)
	}
	now := markdown(table, cells)
	if os.Getenv("UPDATE_DOCS") == "1" {
		if err := os.WriteFile(path, []byte(head+begin+now+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(old, now); diff != "" {
		t.Errorf("%s is not what was measured; UPDATE_DOCS=1 go test ./dnsfix/internal/matrix writes it (-file +measured):\n%s", path, diff)
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
