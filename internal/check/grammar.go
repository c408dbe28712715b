//go:build linux

package check

import (
	"path/filepath"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// chain is words of a script with their places.
type chain struct {
	argv []string
	at   []execline.Place
}

// from is the rest of a chain.
func (ch chain) from(rest []string) chain {
	return chain{rest, ch.at[len(ch.argv)-len(rest):]}
}

// grammar tells what stands between a word and the next one that is run.
type grammar struct {
	options string // as getopt(3) has them
	words   int
	data    int // blocks that are not run, or not for certain
	blocks  int // blocks that are
	user    byte
}

// userWord marks a grammar whose first word is a user; other marks are the letter of an option.
const userWord = '1'

// chainWords are words of execline and s6 that run the rest of their line, a line each: options
// that getopt(3) knows, words, blocks in {} that are run and in [] that are not, or not for
// certain.
const chainWords = `
with-contenv
exec -cla:
foreground {}
background -d {}
pipeline -drw {}
if -nXtx: {}
ifelse -nX {} {}
ifte -nX {} {}
ifthenelse -Xs {} {} {}
backtick -iIxD:NnEe NAME {}
forbacktickx -Eepo:x:NnCc0d: NAME {}
forstdin -Eepo:x:NnCc0d: NAME
forx -Eepo:x: NAME []
loopwhilex -no:x:
multisubstitute []
multidefine -0rCcNnd: VALUE []
trap -x []
tryexec -ncla: []
case -SseEinN VALUE []
wait -Iiaort: []
emptyenv -pcoP
elgetpositionals -P:
elglob -vwsme0 NAME PATTERN
shift -n:b:
importas -iuD:NnsCcd: NAME VARIABLE
define -NnsCcd: NAME VALUE
export NAME VALUE
unexport NAME
envfile -Ii FILE
umask MODE
posix-umask MODE
execline-umask MODE
cd -LP DIRECTORY
posix-cd -LP DIRECTORY
execline-cd -LP DIRECTORY
redirfd -rwuaxnb FD FILE
fdmove -c TO FROM
fdswap FD FD
fdclose FD
fdblock -n FD
fdreserve N
piperw FD FD
heredoc -d FD TEXT
s6-setuidgid USER
s6-envuidgid -ugBniD: USER
s6-applyuidgid -zu:g:G:Uk
s6-softlimit -a:c:d:f:l:m:o:p:r:s:t:
s6-notifyoncheck -d3:s:T:t:w:n:c:
s6-setsid -sbfgiIqd:
s6-setlock -nNrwt: FILE
s6-maximumtime -0abikqtx12 MS
s6-envdir -IinfLc: DIRECTORY
justc-envdir -Ii DIRECTORY
`

// outsideWords are such programs of others. An option with a = names a user.
const outsideWords = `
su-exec USER
gosu USER
setuidgid USER
envuidgid USER
chpst -u:U:b:/:n:l:L:m:d:o:p:f:c:r:t:e:vP012 u=
runuser -u:g:G: u=
sudo -u:g:EHnS u=
env -iu:C:
s6-env -i
nice -n:
s6-nice -Iin:
nohup
time -p
busybox
command -p
dumb-init -vc
tini -gsvwp:e:
ionice -c:n:t
setsid -cfw
stdbuf -i:o:e:
envdir DIRECTORY
timeout -k:s:fv TIME
`

// grammarOf finds a word in a table of grammars.
func grammarOf(table, word string) (g grammar, known bool) {
	line, known := lineFor(table, word)
	for f := range strings.FieldsSeq(line) {
		switch {
		case f == "{}":
			g.blocks++
		case f == "[]":
			g.data++
		case f[0] == '-':
			g.options = f[1:]
		case f[1:] == "=":
			g.user = f[0]
		default:
			g.words++
			if f == "USER" {
				g.user = userWord
			}
		}
	}
	return g, known
}

// lineFor is what stands behind a name in a table that begins with the end of a line.
func lineFor(table, name string) (line string, found bool) {
	for table != "" {
		if _, table, found = strings.Cut(table, "\n"+name); !found {
			return "", false
		}
		if line, _, _ = strings.Cut(table, "\n"); line == "" || line[0] == ' ' {
			return line, true
		}
	}
	return "", false
}

// take gives what stands behind a word with its options and words, and the user that is named
// there, if there is one.
func (g grammar) take(ch chain) (rest chain, user string, at execline.Place, ok bool) {
	options, left, ok := execline.Options(ch.argv[1:], g.options)
	if !ok || len(left) < g.words {
		return rest, "", at, false
	}
	at = ch.at[0]
	for _, o := range options {
		if o.Letter == g.user {
			user = o.Arg
		}
	}
	if g.user == userWord {
		user, at = left[0], ch.from(left).at[0]
	}
	return ch.from(left[g.words:]), user, at, true
}

// follow goes along a line, through programs that run the rest of it, to the one that does not.
// There is none left if that is not certain. It tells of the users that are named on the way.
func follow(path string, line chain, user func(path, name string, at execline.Place)) chain {
	for len(line.argv) > 0 {
		word := filepath.Base(line.argv[0])
		if strings.ContainsAny(line.argv[0], "$`*?") {
			return chain{}
		}
		g, known := grammarOf(chainWords, word)
		if !known {
			g, known = grammarOf(outsideWords, word)
		}
		if !known {
			return line
		}
		rest, name, at, ok := g.take(line)
		if !ok || g.data+g.blocks > 0 {
			return chain{}
		}
		user(path, name, at)
		line = rest
		for len(line.argv) > 0 && isAssignment(line.argv[0]) {
			line = line.from(line.argv[1:])
		}
	}
	return line
}

// isAssignment tells whether a word is NAME=VALUE, for env.
func isAssignment(word string) bool {
	name, _, found := strings.Cut(word, "=")
	return found && !strings.ContainsAny(name, "/-.$")
}
