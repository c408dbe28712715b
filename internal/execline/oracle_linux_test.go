package execline_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

const realExeclineb = "/usr/bin/execlineb"

// theirs runs a script with the real execline.
func (s script) theirs(t *testing.T, at place) (outcome, string) {
	t.Helper()
	return s.run(t, at, realExeclineb, at.dir+":/usr/lib/execline/bin:/usr/bin:/bin")
}

// compare runs a script with both.
func (s script) compare(t *testing.T, at place) {
	t.Helper()
	want, theirWords := s.theirs(t, at)
	got, ourWords := s.ours(t, at)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("%q %q %q: (-real execline +ours)\n%sreal: %sours: %s", s.options, s.text, s.args, diff, theirWords, ourWords)
	}
}

// TestOracle runs scripts through the real execline and ours: what they print and
// the code they end with must be the same.
func TestOracle(t *testing.T) {
	pid1test.NeedProgram(t, realExeclineb, "execline")
	for name, scripts := range oracleScripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := newPlace(t)
			for _, text := range scripts {
				s := script{text: text, args: []string{"one", "two words", "$three"}, stdin: "l1\nl2 x\n\nl4"}
				if options, rest, found := strings.Cut(text, "|||"); found {
					s.options, s.text = strings.Fields(options), rest
				} else {
					s.options = []string{"-P"}
				}
				s.compare(t, at)
			}
		})
	}
}

// generated compares scripts that chance makes, always the same ones.
func generated(t *testing.T, seed uint64, next func(generator) script) {
	t.Helper()
	pid1test.NeedProgram(t, realExeclineb, "execline")
	const groups, scripts = 4, 60
	for g := range uint64(groups) {
		t.Run(fmt.Sprint(g), func(t *testing.T) {
			t.Parallel()
			at := newPlace(t)
			gen := generator{rand.New(rand.NewPCG(seed, g))}
			for range scripts {
				next(gen).compare(t, at)
			}
		})
	}
}

// TestOracleGenerated does so with words in any order.
func TestOracleGenerated(t *testing.T) {
	options := [][]string{{"-P"}, {}, {"-S2"}, {"-s1"}, {"-p"}, {"-S0"}, {"-W", "-S1"}}
	generated(t, 5, func(gen generator) script {
		return script{options: options[gen.IntN(len(options))], text: gen.line(3), args: []string{"x", "y z"}, stdin: "in\nput\n"}
	})
}

// TestOracleLexing does so with texts whose quotes and braces chance sets. Not among
// them: a backslash at the end of a line right after a word, for which the real one has
// several answers, none of them that of its manual.
func TestOracleLexing(t *testing.T) {
	pieces := []string{
		"a", "b", " ", " ", "\n", "\t", "\\z", "\\\\", `"`, `"`, "{", "}", " { ", " } ", "#", "$A", "${A}", `\"`, " \\\n",
		`"\n"`, `"\0x41"`, `"\101"`, `"\065"`, "$", "\r\n", "é", `"\x"`, `\ `, `""`,
	}
	generated(t, 7, func(gen generator) script {
		var b strings.Builder
		for range 1 + gen.IntN(12) {
			b.WriteString(gen.pick(pieces...))
		}
		return script{options: []string{"-P"}, text: "define A va\\$lue words " + b.String()}
	})
}

// generator makes scripts.
type generator struct{ *rand.Rand }

func (g generator) pick(from ...string) string { return from[g.IntN(len(from))] }

func (g generator) word() string {
	return g.pick("a", "b1", `"two words"`, `""`, "${V}", "$V", "x${V}y", "${W}", `\\${V}`, "$1", "${2}", "$@", "$#", "${V}-${W}",
		`"a\tb"`, "$HOME", `\\\\$V`, "${", "$", "}x", "-n", "--", "#no", "x#y")
}

// simple is a program that ends.
func (g generator) simple() string {
	switch g.IntN(7) {
	case 0:
		return "words " + g.word() + " " + g.word()
	case 1:
		return "exit " + g.pick("0", "1", "3", "256", "", "x")
	case 2:
		return "sh -c \"" + g.pick("exit 4", "echo hi; exit 0", "kill -9 $$", "echo out") + "\""
	case 3:
		return g.pick("true", "false")
	case 4:
		return "eltest " + g.pick("a = a", "${V} = v", "-n ${W}", "! -n x", "1 -lt 2 -a 2 -lt 1", "-f /etc/passwd -o a", `"" -o ""`)
	case 5:
		return "cat"
	default:
		return "words " + g.word()
	}
}

// line is a command line of that depth.
func (g generator) line(depth int) string {
	if depth == 0 {
		return g.simple()
	}
	rest := func() string { return "\n" + g.line(depth-1) }
	block := func() string { return "{ " + g.line(g.IntN(depth)) + " }" }
	switch g.IntN(21) {
	case 0:
		return "foreground " + block() + rest()
	case 1:
		return "if " + g.pick("", "-n", "-t", "-x 9", "-X", "-nX") + " " + block() + rest()
	case 2:
		return "ifelse " + g.pick("", "-n", "-X") + " " + block() + " " + block() + rest()
	case 3:
		return "ifthenelse " + g.pick("", "-X") + " " + block() + block() + " " + block() + rest()
	case 4:
		return "define " + g.pick("", "-s", "-sC", "-n", "-sn", "-sd:") + " V " + g.pick("v", `" p  q "`, "${W}", "a:b", "$HOME") + rest()
	case 5:
		return "importas " + g.pick("", "-i", "-D none", "-u", "-s", "-sC") + " " + g.pick("V", "W") + " " + g.pick("HOME", "NOPE", "LIST", "?", "X") + rest()
	case 6:
		return "export X " + g.word() + rest()
	case 7:
		return "unexport " + g.pick("HOME", "X", "NOPE") + rest()
	case 8:
		return "backtick " + g.pick("", "-n", "-N", "-I", "-x", "-D d", "-E") + " X " + block() + rest()
	case 9:
		return "pipeline " + block() + rest()
	case 10:
		return "forx V { " + g.word() + " b } importas -i V V" + rest()
	case 11:
		return "redirfd -w 2 /dev/null" + rest()
	case 12:
		return "multisubstitute { define V " + g.word() + " importas -D d W " + g.pick("HOME", "NOPE") + " }" + rest()
	case 13:
		return "multidefine " + g.pick("", "-r", "-0") + " \"a b c\" { " + g.pick("V", "V W", "V \"\" W", "V W X Y") + " }" + rest()
	case 14:
		return "heredoc 0 " + g.word() + rest()
	case 15:
		return "fdmove -c 4 1" + rest()
	case 16:
		return "exec " + g.pick("", "-a words") + rest()
	case 17:
		return "elgetpositionals " + g.pick("", "-P 3") + rest()
	case 18:
		return "background { " + g.pick("true", "exit 3", "false") + " } wait " + g.pick("{ }", "-a { }") + rest()
	case 19:
		return "loopwhilex -x " + g.pick("0 true", "1,3,4 exit 3", "0,1 false") + rest()
	default:
		return "emptyenv " + g.pick("-p", "-c", "-P") + rest()
	}
}
