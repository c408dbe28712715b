package doctable_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/doctable"
)

const page = "../../docs/s6.md"

// TestVariablesDocumented: each S6_ variable whose name is a string anywhere in the code
// has a row in docs/s6.md, and those that the page says have an effect are in the code.
func TestVariablesDocumented(t *testing.T) {
	t.Parallel()
	code := map[string]bool{}
	for _, dir := range []string{"..", "../../cmd"} {
		err := filepath.WalkDir(dir, func(file string, _ fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") && !strings.Contains(file, "/scenario/") {
				for _, text := range literals(parse(t, file)) {
					if strings.HasPrefix(text, "S6_") && text != "S6_" && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" {
						code[text] = true
					}
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if !code["S6_VERBOSITY"] || !code["S6_KEEP_ENV"] {
		t.Fatalf("the search for variables does not work: %v", code)
	}
	// Some are the names of files.
	for _, r := range doctable.Read(t, page, "paths") {
		for _, name := range r.Names {
			delete(code, path.Base(name))
		}
	}
	rows := doctable.Read(t, page, "variables")
	names := slices.Sorted(maps.Keys(code))
	doctable.Complete(t, page, "variables", rows, names)
	doctable.Truthful(t, page, rows, names)
}

// TestFilesDocumented: each file of a service or source directory that the code looks at
// has a row in docs/s6.md. Those are the cases of a switch over file, what file is compared
// with, and the names that are joined to a directory.
func TestFilesDocumented(t *testing.T) {
	t.Parallel()
	code := map[string]bool{}
	for _, file := range []string{"../s6/services.go", "../s6/rc.go", "../s6/rcresolve.go", "../boot/live.go", "../boot/livedir.go"} {
		tree := parse(t, file)
		constants := constants(tree)
		add := func(e ast.Expr) {
			if text, ok := text(e); ok {
				code[text] = true
			} else if id, ok := e.(*ast.Ident); ok && constants[id.Name] != "" {
				code[constants[id.Name]] = true
			}
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SwitchStmt:
				if isFile(n.Tag) {
					for _, clause := range n.Body.List {
						for _, e := range clause.(*ast.CaseClause).List {
							add(e)
						}
					}
				}
			case *ast.BinaryExpr:
				if isFile(n.X) {
					add(n.Y)
				}
			case *ast.CallExpr:
				// live.go joins names of other directories, too.
				name := called(n)
				if name == "signalFile" || name == "filepath.Join" && file != "../boot/live.go" {
					add(n.Args[len(n.Args)-1])
				}
			}
			return true
		})
	}
	for _, name := range []string{"run", "flag-essential", "type", "contents.d", "reload-signal", "max-death-tally"} {
		if !code[name] {
			t.Fatalf("the search for files does not find %s: %v", name, code)
		}
	}
	rows := slices.Concat(doctable.Read(t, page, "files"), doctable.Read(t, page, "rc files"))
	doctable.Complete(t, page, "service directory files or of s6-rc.d", rows, slices.Sorted(maps.Keys(code)))
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func literals(tree *ast.File) (all []string) {
	ast.Inspect(tree, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok {
			if text, ok := text(e); ok {
				all = append(all, text)
			}
		}
		return true
	})
	return all
}

// text is the value of a string literal.
func text(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(lit.Value)
	return value, err == nil
}

// constants are the strings that a file gives names to.
func constants(tree *ast.File) map[string]string {
	named := map[string]string{}
	ast.Inspect(tree, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			for i, value := range spec.Values {
				if text, ok := text(value); ok {
					named[spec.Names[i].Name] = text
				}
			}
		}
		return true
	})
	return named
}

func isFile(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "file"
}

// called is the name of the function that is called.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if pkg, ok := f.X.(*ast.Ident); ok {
			return pkg.Name + "." + f.Sel.Name
		}
	}
	return ""
}
