// Package wordlist names the words of execline, for who must know them and cannot wait for
// package execline to be initialised. It imports nothing.
package wordlist

// Names are the words under which links to this program are made, sorted.
var Names = [...]string{
	"background", "backtick", "case", "cd", "define", "dollarat", "elgetopt", "elgetpositionals", "elglob", "eltest",
	"emptyenv", "envfile", "exec", "execline-cd", "execline-umask", "execlineb", "exit", "export", "fdblock", "fdclose",
	"fdmove", "fdreserve", "fdswap", "forbacktickx", "foreground", "forstdin", "forx", "getcwd", "getpid", "heredoc",
	"homeof", "if", "ifelse", "ifte", "ifthenelse", "import", "importas", "loopwhilex", "multidefine", "multisubstitute",
	"pipeline", "piperw", "posix-cd", "posix-umask", "redirfd", "runblock", "s6-test", "shift", "trap", "tryexec",
	"umask", "unexport", "wait", "withstdinas",
}

// Has tells whether a name is such a word.
func Has(name string) bool {
	for _, word := range &Names {
		if word == name {
			return true
		}
	}
	return false
}
