package applet_test

import (
	"strconv"
	"strings"
	"testing"
)

func TestGrep(t *testing.T) {
	t.Parallel()
	const lines = "one\nTwo\na.b\na+b\n(x)\naab\n"
	check(t, []example{
		{argv: []string{"s6-grep", "o"}, stdin: lines, stdout: "one\nTwo\n"},
		{argv: []string{"s6-grep", "--", ":"}, stdin: "user:group\n", stdout: "user:group\n"},
		{argv: []string{"s6-grep", "nope"}, stdin: lines, code: 1},
		{argv: []string{"s6-grep", "-i", "two"}, stdin: lines, stdout: "Two\n"},
		{argv: []string{"s6-grep", "-F", "."}, stdin: lines, stdout: "a.b\n"},
		{argv: []string{"s6-grep", "-iF", "A+"}, stdin: lines, stdout: "a+b\n"},
		{argv: []string{"s6-grep", "a+b"}, stdin: lines, stdout: "a+b\n"},
		{argv: []string{"s6-grep", "-E", "a+b"}, stdin: lines, stdout: "aab\n"},
		{argv: []string{"s6-grep", "-EF", "a+b"}, stdin: lines, stdout: "a+b\n"},
		{argv: []string{"s6-grep", `^\(a\)\{2\}b$`}, stdin: lines, stdout: "aab\n"},
		{argv: []string{"s6-grep", "(x)"}, stdin: lines, stdout: "(x)\n"},
		{argv: []string{"s6-grep", "[.+]"}, stdin: lines, stdout: "a.b\na+b\n"},
		{argv: []string{"s6-grep", `[]\]b`}, stdin: "a]b\na\\b\nab\n", stdout: "a]b\na\\b\n"},
		{argv: []string{"s6-grep", "^[^[:alpha:]]"}, stdin: lines, stdout: "(x)\n"},
		{argv: []string{"s6-grep", "*a^b$c"}, stdin: "*a^b$c\n", stdout: "*a^b$c\n"},
		{argv: []string{"s6-grep", "-c", "a"}, stdin: lines, stdout: "3\n"},
		{argv: []string{"s6-grep", "-c", "nope"}, stdin: lines, stdout: "0\n", code: 1},
		{argv: []string{"s6-grep", "-q", "a"}, stdin: lines},
		{argv: []string{"s6-grep", "-nv", "a"}, stdin: lines, stdout: "1:one\n2:Two\n5:(x)\n"},
		{argv: []string{"s6-grep", "b"}, stdin: "ab", stdout: "ab\n"},
		{argv: []string{"s6-grep", `\(a\)\1`}, code: 100, says: "cannot use the pattern"},
		{argv: []string{"s6-grep", "-E", "("}, code: 100},
		{argv: []string{"s6-grep"}, code: 100, says: "usage: s6-grep"},
	})
}

func TestCutAndSeq(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{argv: []string{"s6-cut", "-f", "1,3"}, stdin: "a\tb\tc\td\nnone\n", stdout: "a\tc\nnone\n"},
		{argv: []string{"s6-cut", "-d:", "-f2-"}, stdin: "a:b:c\n", stdout: "b:c\n"},
		{argv: []string{"s6-cut", "-d:", "-s", "-f-2"}, stdin: "a:b:c\nnone\n", stdout: "a:b\n"},
		{argv: []string{"s6-cut", "-d:", "-f9"}, stdin: "a:b\n", stdout: "\n"},
		{argv: []string{"s6-cut", "-b", "4-5,1"}, stdin: "abcdef\nx", stdout: "ade\nx\n"},
		{argv: []string{"s6-cut", "-c2", "-", "/nope"}, stdin: "abc\n", stdout: "b\n", code: 111, says: "/nope"},
		{argv: []string{"s6-cut", "-b", "0"}, code: 100},
		{argv: []string{"s6-cut", "-b", "3-2"}, code: 100},
		{argv: []string{"s6-cut", "-b", "-"}, code: 100},
		{argv: []string{"s6-cut", "-b1", "-f1"}, code: 100},
		{argv: []string{"s6-cut"}, code: 100},
		{argv: []string{"s6-seq", "3"}, stdout: "1\n2\n3\n"},
		{argv: []string{"s6-seq", "0", "2"}, stdout: "0\n1\n2\n"},
		{argv: []string{"s6-seq", "-w", "8", "2", "12"}, stdout: "08\n10\n12\n"},
		{argv: []string{"s6-seq", "-s,", "2"}, stdout: "1,2,"},
		{argv: []string{"s6-seq", "-s", "", "2"}, stdout: "1\x002\x00"},
		{argv: []string{"s6-seq", "3", "2"}},
		{argv: []string{"s6-seq", "-s", "", "10", "1", "200000"}, stdout: numbers(10, 200000)},
		{argv: []string{"s6-seq", "1", "0", "2"}, code: 100},
		{argv: []string{"s6-seq", "x"}, code: 100},
		{argv: []string{"s6-seq"}, code: 100},
	})
}

func TestExpr(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1 + 2 * 3": "7", "( 1 + 2 ) * 3": "9", "7 / 2": "3", "7 % 4": "3", "8 - 3 - 2": "3", "-3 + 5": "2", "3 * 0": "0",
		"2 < 10": "1", "b > a": "1", "2 = 02": "1", "a != a": "0", "2 >= 3": "0", "2 <= 2": "1",
		"0 | 5": "5", "3 | 5": "3", "3 & 5": "3", "0 & 5": "0", "1 = 1 & 2 = 2": "1", "word": "word",
	} {
		code := 0
		if want == "0" {
			code = 1
		}
		check(t, []example{{argv: append([]string{"s6-expr"}, strings.Fields(text)...), stdout: want + "\n", code: code}})
	}
	check(t, []example{
		{argv: []string{"s6-expr", ""}, stdout: "\n", code: 1},
		{argv: []string{"s6-expr", "", "|", ""}, stdout: "0\n", code: 1},
		{argv: []string{"s6-expr", "1", "/", "0"}, code: 2, says: "divided by 0"},
		{argv: []string{"s6-expr", "1", "+", "x"}, code: 2, says: `"x" is no number`},
		{argv: []string{"s6-expr", "1", "+"}, code: 2},
		{argv: []string{"s6-expr", "(", "1"}, code: 2},
		{argv: []string{"s6-expr", "1", "2"}, code: 2},
		{argv: []string{"s6-expr"}, code: 100},
	})
}

// TestQuote: what is quoted is printable, and comes back.
func TestQuote(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{argv: []string{"s6-quote", `a "b" \c`}, stdout: `"a \"b\" \\c"` + "\n"},
		{argv: []string{"s6-quote", "-n", "\t\n\x01é"}, stdout: `"\t\n\0x01\0xc3\0xa9"`},
		{argv: []string{"s6-quote", "-u", `a"b`}, stdout: `a\"b` + "\n"},
		{argv: []string{"s6-quote", "-d", "'n", `it's "n"`}, stdout: `'it\'s "n"'` + "\n"},
		{argv: []string{"s6-quote", "-d", "n", "n"}, stdout: `n\0x6en` + "\n"},
		{argv: []string{"s6-quote", "-d", "", "x"}, code: 100, says: "no character to quote with"},
		{argv: []string{"s6-quote"}, code: 100},
		{argv: []string{"execlineb", "-c", `s6-echo "a\t\0x41\\"`}, stdout: "a\tA\\\n"},
		{argv: []string{"s6-unquote", `"a\t\0x41\\\q"`}, stdout: "a\tA\\q\n"},
		{argv: []string{"s6-unquote", "-n", "-d", `"'`, `'x'`}, stdout: "x"},
		{argv: []string{"s6-unquote", "-d", "", `a\n"`}, stdout: "a\n\"\n"},
		{argv: []string{"s6-unquote", `"a" b`}, stdout: "a\n", says: "is left out"},
		{argv: []string{"s6-unquote", `a`}, code: 100, says: "does not start with a quote"},
		{argv: []string{"s6-unquote", ``}, code: 100},
		{argv: []string{"s6-unquote", `"a`}, code: 100, says: "not closed"},
		{argv: []string{"s6-unquote", `"a\`}, code: 100, says: "last backslash"},
		{argv: []string{"s6-unquote", `"\0xg1"`}, code: 100, says: `\0xg1 is no character`},
		{argv: []string{"s6-unquote"}, code: 100},
		{argv: []string{"s6-quote-filter"}, stdin: "a\tb\nc", stdout: `"a\tb"` + "\n" + `"c"`},
		{argv: []string{"s6-quote-filter", "-u"}, stdin: "\"\n", stdout: `\"` + "\n"},
		{argv: []string{"s6-quote-filter", "x"}, code: 100},
		{argv: []string{"s6-unquote-filter"}, stdin: "\"a\\tb\"\nno\n\"x", stdout: "a\tb\nno\n\"x", says: `cannot unquote "no"`},
		{argv: []string{"s6-unquote-filter", "-v"}, stdin: "\"a\" b\n", stdout: "a\n", says: "is left out"},
		{argv: []string{"s6-unquote-filter", "-w"}, stdin: "\"a\"\nno\n\"b\"\n", stdout: "a\n", code: 100, says: `cannot unquote "no"`},
		{argv: []string{"s6-unquote-filter", "-d", ""}, stdin: `a\n` + "\n", stdout: "a\n\n"},
		{argv: []string{"s6-unquote-filter", "x"}, code: 100},
	})
	if got := (call{argv: []string{"s6-unquote-filter", "-q"}, stdin: "no\n"}).run(t); got != (result{stdout: "no\n"}) {
		t.Errorf("%+v", got)
	}
	var all strings.Builder
	for c := 1; c < 256; c++ {
		all.WriteByte(byte(c))
	}
	quoted := call{argv: []string{"s6-quote", "-n", all.String()}}.run(t).stdout
	back := call{argv: []string{"s6-unquote", "-n", quoted}}.run(t).stdout
	word := call{argv: []string{"execlineb", "-c", "s6-echo -n -- " + quoted}}.run(t).stdout
	if back != all.String() || word != all.String() {
		t.Errorf("%q came back as %q, and in execlineb as %q", all.String(), back, word)
	}
}

// numbers is what s6-seq gives with zero bytes.
func numbers(first, last int) string {
	var b strings.Builder
	for n := first; n <= last; n++ {
		b.WriteString(strconv.Itoa(n) + "\x00")
	}
	return b.String()
}
