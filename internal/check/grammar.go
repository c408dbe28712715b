//go:build linux

package check

import "github.com/sillelien/baseinit/internal/execline"

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
	if g.user == userWord && g.words > 0 {
		user, at = left[0], ch.from(left).at[0]
	}
	return ch.from(left[g.words:]), user, at, true
}

// chainWord tells how a word of execline or s6 goes on, which runs the rest of its line.
func chainWord(word string) (g grammar, known bool) {
	switch word {
	case "with-contenv":
		return grammar{}, true
	case "exec":
		return grammar{options: "cla:"}, true
	case "foreground":
		return grammar{blocks: 1}, true
	case "background":
		return grammar{options: "d", blocks: 1}, true
	case "pipeline":
		return grammar{options: "drw", blocks: 1}, true
	case "if":
		return grammar{options: "nXtx:", blocks: 1}, true
	case "ifelse", "ifte":
		return grammar{options: "nX", blocks: 2}, true
	case "ifthenelse":
		return grammar{options: "Xs", blocks: 3}, true
	case "backtick":
		return grammar{options: "iIxD:NnEe", words: 1, blocks: 1}, true
	case "forbacktickx":
		return grammar{options: "Eepo:x:NnCc0d:", words: 1, blocks: 1}, true
	case "forstdin":
		return grammar{options: "Eepo:x:NnCc0d:", words: 1}, true
	case "forx":
		return grammar{options: "Eepo:x:", words: 1, data: 1}, true
	case "multisubstitute":
		return grammar{data: 1}, true
	case "trap":
		return grammar{options: "x", data: 1}, true
	case "tryexec":
		return grammar{options: "ncla:", data: 1}, true
	case "emptyenv":
		return grammar{options: "pcoP"}, true
	case "elgetpositionals":
		return grammar{options: "P:"}, true
	case "shift":
		return grammar{options: "n:b:"}, true
	case "loopwhilex":
		return grammar{options: "no:x:"}, true
	case "s6-applyuidgid":
		return grammar{options: "zu:g:G:Uk"}, true
	case "s6-softlimit":
		return grammar{options: "a:c:d:f:l:m:o:p:r:s:t:"}, true
	case "s6-notifyoncheck":
		return grammar{options: "d3:s:T:t:w:n:c:"}, true
	case "s6-setsid":
		return grammar{options: "sbfgiIqd:"}, true
	case "multidefine":
		return grammar{options: "0rCcNnd:", words: 1, data: 1}, true
	case "case":
		return grammar{options: "SseEinN", words: 1, data: 1}, true
	case "wait":
		return grammar{options: "Iiaort:", data: 1}, true
	case "s6-setuidgid":
		return grammar{words: 1, user: userWord}, true
	case "s6-envuidgid":
		return grammar{options: "ugBniD:", words: 1, user: userWord}, true
	case "unexport", "umask", "fdclose", "posix-umask", "execline-umask", "fdreserve":
		return grammar{words: 1}, true
	case "cd", "posix-cd", "execline-cd":
		return grammar{options: "LP", words: 1}, true
	case "fdblock":
		return grammar{options: "n", words: 1}, true
	case "s6-envdir":
		return grammar{options: "IinfLc:", words: 1}, true
	case "justc-envdir", "envfile":
		return grammar{options: "Ii", words: 1}, true
	case "s6-setlock":
		return grammar{options: "nNrwt:", words: 1}, true
	case "s6-maximumtime":
		return grammar{options: "0abikqtx12", words: 1}, true
	case "export", "fdswap", "piperw":
		return grammar{words: 2}, true
	case "fdmove":
		return grammar{options: "c", words: 2}, true
	case "redirfd":
		return grammar{options: "rwuaxnb", words: 2}, true
	case "heredoc":
		return grammar{options: "d", words: 2}, true
	case "importas":
		return grammar{options: "iuD:NnsCcd:", words: 2}, true
	case "elglob":
		return grammar{options: "vwsme0", words: 2}, true
	case "define":
		return grammar{options: "NnsCcd:", words: 2}, true
	}
	return g, false
}

// outsideWord is chainWord for programs of others that run the rest of their line.
func outsideWord(word string) (g grammar, known bool) {
	switch word {
	case "su-exec", "gosu", "setuidgid", "envuidgid":
		return grammar{words: 1, user: userWord}, true
	case "chpst":
		return grammar{options: "u:U:b:/:n:l:L:m:d:o:p:f:c:r:t:e:vP012", user: 'u'}, true
	case "runuser":
		return grammar{options: "u:g:G:", user: 'u'}, true
	case "sudo":
		return grammar{options: "u:g:EHnS", user: 'u'}, true
	case "env", "s6-env":
		return grammar{options: "iu:C:"}, true
	case "nice", "s6-nice":
		return grammar{options: "Iin:"}, true
	case "nohup", "time", "busybox", "dumb-init", "command":
		return grammar{options: "vc"}, true
	case "tini":
		return grammar{options: "gsvwp:e:"}, true
	case "ionice":
		return grammar{options: "c:n:t"}, true
	case "setsid":
		return grammar{options: "cfw"}, true
	case "stdbuf":
		return grammar{options: "i:o:e:"}, true
	case "envdir":
		return grammar{words: 1}, true
	case "timeout":
		return grammar{options: "k:s:fv", words: 1}, true
	}
	return g, false
}
