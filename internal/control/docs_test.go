package control_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/control"
)

const page = "../../docs/api.md"

// TestPage: docs/api.md is what the routes and the objects of package api say.
// UPDATE_DOCS=1 writes it.
func TestPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	want := between(t, between(t, got, "paths", paths()), "objects", objects(t))
	if os.Getenv("UPDATE_DOCS") == "1" {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("%s is not what the code says; UPDATE_DOCS=1 go test ./internal/control writes it (-page +code):\n%s", page, diff)
	}
}

// between puts text between the marks of a part of a page.
func between(t *testing.T, page, name, text string) string {
	t.Helper()
	begin, end := "<!-- begin "+name+": from the code -->\n", "<!-- end "+name+" -->\n"
	before, rest, ok := strings.Cut(page, begin)
	_, after, found := strings.Cut(rest, end)
	if !ok || !found {
		t.Fatalf("there is no part %s", name)
	}
	return before + begin + text + end + after
}

func paths() string {
	var b strings.Builder
	for _, r := range control.Routes() {
		method := "GET"
		if r.Post {
			method = "POST"
		}
		fmt.Fprintf(&b, "### %s /v1/%s\n\n%s. Answer: %s.\n", method, r.Path, strings.TrimSuffix(strings.ToUpper(r.Meaning[:1])+r.Meaning[1:], "."), r.Answer)
		if len(r.Parameters) > 0 {
			b.WriteString("\n| parameter | meaning |\n|--|--|\n")
		}
		for _, p := range r.Parameters {
			meaning := p.Meaning
			if p.Required {
				meaning += "; needed"
			}
			fmt.Fprintf(&b, "| `%s=%s` | %s |\n", p.Name, p.Value, meaning)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// objects are the structs of package api, with their comments.
func objects(t *testing.T) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "api/api.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, decl := range file.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				object(&b, spec, oneLine(d.Doc))
			case *ast.ValueSpec:
				if strings.HasPrefix(spec.Names[0].Name, "Stage") {
					if spec.Names[0].Name == "StagePrepare" {
						b.WriteString("### Stages\n\n" + oneLine(d.Doc) + "\n\n| stage | meaning |\n|--|--|\n")
					}
					fmt.Fprintf(&b, "| %s | %s |\n", strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`), oneLine(spec.Comment))
					if spec.Names[0].Name == "StageFinish" {
						b.WriteString("\n")
					}
				}
			}
		}
	}
	return b.String()
}

func object(b *strings.Builder, spec *ast.TypeSpec, doc string) {
	fmt.Fprintf(b, "### %s\n\n%s\n\n| field | type | meaning |\n|--|--|--|\n", spec.Name.Name, doc)
	for _, f := range spec.Type.(*ast.StructType).Fields.List {
		_, tag, _ := strings.Cut(f.Tag.Value, `json:"`)
		tag, _, _ = strings.Cut(tag, `"`)
		name, _, optional := strings.Cut(tag, ",")
		kind := kindOf(f.Type)
		if optional {
			kind += ", or missing"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", name, kind, oneLine(f.Comment))
	}
	b.WriteString("\n")
}

// kindOf is a type as JSON has it.
func kindOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return kindOf(e.X)
	case *ast.ArrayType:
		return "array of " + kindOf(e.Elt)
	case *ast.SelectorExpr:
		return "time"
	case *ast.Ident:
		switch e.Name {
		case "int", "int64", "float64":
			return "number"
		case "bool":
			return "true or false"
		}
		return e.Name
	}
	return "?"
}

func oneLine(doc *ast.CommentGroup) string {
	return strings.Join(strings.Fields(doc.Text()), " ")
}
