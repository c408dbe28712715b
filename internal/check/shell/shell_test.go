package shell_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/check/shell"
)

// outline writes a list down: simple commands in brackets, what others hold in braces.
func outline(l shell.List) string {
	var parts []string
	for _, s := range l {
		var pipes []string
		for _, p := range s.Pipelines {
			var commands []string
			for _, c := range p {
				commands = append(commands, command(c))
			}
			pipes = append(pipes, strings.Join(commands, "|"))
		}
		text := strings.Join(pipes, ",")
		if s.Background {
			text += "&"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}

func command(c shell.Command) string {
	if c.Kind == shell.Simple {
		var words []string
		for _, w := range c.Words {
			words = append(words, w.Text)
		}
		return strings.Join(c.Assigns, "=") + "[" + strings.Join(words, "·") + "]"
	}
	var inner []string
	for _, l := range c.Inner {
		inner = append(inner, outline(l))
	}
	name := [...]string{"", "group", "subshell", "loop", "choice", "function " + c.Name, "test"}[c.Kind]
	return name + "{" + strings.Join(inner, "; ") + "}"
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                            "",
		"#!/bin/sh\n# x\n":            "",
		"a b  c\nd;e # f\n":           "[a·b·c] [d] [e]",
		"a 'b c' \"d  $e\" f\\ g":     "[a·b c·d  $e·f g]",
		"a \\\n  b\\\nc\n":            "[a·bc]",
		"a && b || c; d | e |& f &":   "[a],[b],[c] [d]|[e]|[f]&",
		"a &&\n\n b |\n# x\nc":        "[a],[b]|[c]",
		"X=1 Y=\"a b\" a Z=2":         "X=Y[a·Z=2]",
		"a >x 2>&1 <y 3>>z b &>/q c":  "[a·b·c]",
		"a 2 >x":                      "[a·2]",
		"exec 2>&1 3>&-":              "[exec]",
		"cat <<E >x\na 'b\nE\nc":      "[cat] [c]",
		"cat <<-'E F'\n\tx\n\tE F\nd": "[cat] [d]",
		"a <<A <<B\n1\nA\n2\nB\nc":    "[a] [c]",
		"a <<<\"x y\" b":              "[a·b]",
		"a $(b $(c \")\") ')' # )'\n) `d \\` e` ${f:-\"}\"} $((1 + (2)))": "[a·$(b $(c )) ) \n)·`d \\` e`·${f:-}}·$((1 + (2)))]",
		"if a; then b; elif c\nthen\nd; else e; fi >x":                    "choice{[a]; [b]; [c]; [d]; [e]}",
		"while a; do b; done | c":                                         "loop{[a]; [b]}|[c]",
		"for i in 1 2; do a; done; for j\ndo b\ndone":                     "loop{[a]} loop{[b]}",
		"for ((i=0; i<3; i++)); do a; done":                               "loop{[a]}",
		"case $x in\n a|b) c ;; (d) ;; *) e\nesac":                        "choice{[c]; ; [e]}",
		"{ a; b; }; (c; d) &":                                             "group{[a] [b]} subshell{[c] [d]}&",
		"f() { a; }\nfunction g { b; }; function h() (c)\nf":              "function f{group{[a]}} function g{group{[b]}} function h{subshell{[c]}} [f]",
		"[[ a =~ ^(b|c)$ && ! d ]] && e; [ -n x ] || (( i++ ))":           "test{},[e] [[·-n·x·]],test{}",
		"a=(b 'c )' d)\na+=(e); declare -A x=([k]=v)":                     "a[] a[] [declare·-A·x=([k]=v)]",
		"! a; time b":            "[a] [b]",
		"diff <(a) >(b) < <(c)":  "[diff·<(a)·>(b)]",
		"a $'b\\'c' $\"d\"; e":   "[a·b\\'c·d] [e]",
		"a @(b|c) !(d)":          "[a·@(b|c)·!(d)]",
		"echo fi } done then; b": "[echo·fi·}·done·then] [b]",
		"a#b c#":                 "[a#b·c#]",
	} {
		list, ok := shell.Parse(text)
		if got := outline(list); !ok || got != want {
			t.Errorf("%q: %v, %s\nwant %s", text, ok, got, want)
		}
	}
}

// TestNotFollowed: what is no script, or one that this package does not follow, is said to be.
func TestNotFollowed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"'", `a "b`, "a $(b", "a `b", "a ${b", "if a; then b", "fi", "a )", "case x in a) b", "{ a", "(a", "for i in a; b", "a >", "a > | b", "while a; done; }", "f() a",
		"| a", "a ;; b", "&& a", "a && ", "[[ a", "((a", "coproc a", "select", strings.Repeat("(", 1000), strings.Repeat("{ ", 1000), strings.Repeat("a \"$(", 1000), "case", "for", "a=(", "$'",
	} {
		if list, ok := shell.Parse(text); ok {
			t.Errorf("%.40q: is read as %.200s", text, outline(list))
		}
	}
}

// TestPlaces: words have their places, in spite of all that may stand between them.
func TestPlaces(t *testing.T) {
	t.Parallel()
	const text = "#!/bin/sh\ncat <<E\nx\n\nE\nif a 'b\nc' d; then\n\te \\\n  f $(g\n) h\nfi\n"
	list, ok := shell.Parse(text)
	if !ok {
		t.Fatal("is not read")
	}
	var got []string
	list.Each(func(c *shell.Command) {
		for _, w := range c.Words {
			got = append(got, fmt.Sprintf("%.1s %d:%d %v", w.Text, w.Line, w.Column, w.IsCertain()))
		}
	})
	want := []string{"c 2:1 true", "a 6:4 true", "b 6:6 true", "d 7:4 true", "e 8:2 true", "f 9:3 true", "$ 9:5 false", "h 10:3 true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzParse: whatever a script holds, it is read or not, in no more time than that takes.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "if a; then b; fi", "case x in a) b;; esac", "a <<E\nE\n", "f() { a; }", "a \"$(b \"c\")\"", "a=(b)", "((a))", "[[ a ]]", "\x00\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, _ := shell.Parse(text)
		lines := 1 + strings.Count(text, "\n")
		list.Each(func(c *shell.Command) {
			if c.Line < 1 || c.Line > lines || c.Column < 1 {
				t.Errorf("%q: a command at %d:%d", text, c.Line, c.Column)
			}
		})
	})
}
