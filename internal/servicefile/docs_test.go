package servicefile_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/servicefile"
)

var update = flag.Bool("update", false, "write docs/service.schema.json and the table of docs/service.md")

const (
	page       = "../../docs/service.md"
	schemaFile = "../../docs/service.schema.json"
	begin, end = "<!-- begin keys: go test ./internal/servicefile -update -->\n", "<!-- end keys -->\n"
)

func TestSchemaIsTheDocumentedOne(t *testing.T) {
	t.Parallel()
	if !json.Valid([]byte(servicefile.Schema())) {
		t.Fatal("the schema is no JSON")
	}
	compare(t, schemaFile, servicefile.Schema(), servicefile.Schema())
}

func TestPageListsTheKeys(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, foundEnd := strings.Cut(rest, end)
	if !found || !foundEnd {
		t.Fatalf("%s: there is no place for the table, between %s and %s", page, begin, end)
	}
	var table strings.Builder
	table.WriteString("| key | what it can be | default | what it is |\n|--|--|--|--|\n")
	escape := strings.NewReplacer("|", "\\|", "<", "&lt;")
	for _, k := range servicefile.Keys() {
		table.WriteString("| `" + k.Name + "` | " + strings.Join([]string{escape.Replace(k.Can), k.Preset, escape.Replace(k.About)}, " | ") + " |\n")
	}
	compare(t, page, table.String(), before+begin+table.String()+end+after)
}

// compare wants a file to hold a text, or makes it what it should be.
func compare(t *testing.T, file, part, whole string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(whole), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(got), part) {
		t.Errorf("%s is not up to date: go test ./internal/servicefile -update\n%s", file, cmp.Diff(string(got), whole))
	}
}

// TestEveryKeyIsTold wants each key to have words for what it can be and what it is, and a
// field.
func TestEveryKeyIsTold(t *testing.T) {
	t.Parallel()
	for _, k := range servicefile.Keys() {
		if k.Can == "" || k.About == "" {
			t.Errorf("%s: it can be %q, and is %q", k.Name, k.Can, k.About)
		}
		if !servicefile.HasField(k.Name) {
			t.Errorf("%s sets nothing", k.Name)
		}
	}
}

// TestPageShowsTheExample wants the first block of the page to be a file of the example.
func TestPageShowsTheExample(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("../../examples/service-toml/etc/services.d/web/service.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "```toml\n")
	block, _, _ = strings.Cut(block, "```")
	if diff := cmp.Diff(string(file), block); diff != "" {
		t.Errorf("the example in %s is another (-want +got)\n%s", page, diff)
	}
}
