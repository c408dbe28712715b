package metrics_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/metrics"
)

// table is the documentation of all metrics, as Markdown.
func table() string {
	var b strings.Builder
	b.WriteString("| metric | type | labels | what it says |\n|--|--|--|--|\n")
	for _, m := range metrics.List() {
		labels := ""
		for i, l := range m.Labels {
			if i > 0 {
				labels += ", "
			}
			labels += "`" + l + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Type, labels, m.Help)
	}
	return b.String()
}

// The table of docs/metrics.md is that of the code. UPDATE_DOCS=1 writes it.
func TestDocumented(t *testing.T) {
	t.Parallel()
	const page, begin, end = "../docs/metrics.md", "<!-- begin metrics: go test ./metrics compares this -->\n", "<!-- end metrics -->"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	got, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s: there are no markers %s%s", page, begin, end)
	}
	if os.Getenv("UPDATE_DOCS") == "1" {
		if err := os.WriteFile(page, []byte(head+begin+table()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(table(), got); diff != "" {
		t.Errorf("%s is not what the code says; UPDATE_DOCS=1 go test writes it (-code +file):\n%s", page, diff)
	}
}
