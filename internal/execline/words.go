//go:build linux

package execline

import (
	"slices"

	"github.com/sillelien/baseinit/internal/execline/wordlist"
)

// words finds one of execline's own words, or nil.
func words(name string) Word {
	switch name {
	case "execlineb":
		return execlineb
	// What is run.
	case "exec":
		return execute
	case "tryexec":
		return tryexec
	case "exit":
		return exit
	case "foreground":
		return foreground
	case "background":
		return background
	case "wait":
		return waitWord
	case "pipeline":
		return pipeline
	case "trap":
		return trap
	case "runblock":
		return runblock
	case "execline-text":
		return text
	case detachWord:
		return detach
	// Whether it is run, and how often.
	case "if":
		return ifWord
	case "ifelse":
		return ifelse
	case "ifte":
		return ifte
	case "ifthenelse":
		return ifthenelse
	case "case":
		return caseWord
	case "eltest", "s6-test":
		return eltest
	case "loopwhilex":
		return loopwhilex
	case "forx":
		return forx
	case "forstdin":
		return forstdin
	case "forbacktickx":
		return forbacktickx
	// What is put into the rest of the line.
	case "define":
		return define
	case "importas", "import":
		return importas
	case "multidefine":
		return multidefine
	case "multisubstitute":
		return multisubstitute
	case "elglob":
		return elglob
	case "elgetpositionals":
		return elgetpositionals
	// The environment.
	case "export":
		return export
	case "unexport":
		return unexport
	case "emptyenv":
		return emptyenv
	case "envfile":
		return envfile
	case "backtick":
		return backtick
	case "withstdinas":
		return withstdinas
	case "getcwd":
		return getcwd
	case "getpid":
		return getpid
	case "homeof":
		return homeof
	case "elgetopt":
		return elgetopt
	case "shift":
		return shift
	case "dollarat":
		return dollarat
	// The process.
	case "cd", "execline-cd", "posix-cd":
		return cd
	case "umask", "execline-umask", "posix-umask":
		return umask
	// Descriptors.
	case "redirfd":
		return redirfd
	case "fdmove":
		return fdmove
	case "fdclose":
		return fdclose
	case "fdswap":
		return fdswap
	case "fdblock":
		return fdblock
	case "fdreserve":
		return fdreserve
	case "piperw":
		return piperw
	case "heredoc":
		return heredoc
	}
	return nil
}

// Names lists the words under which links to this program are made.
func Names() []string { return slices.Clone(wordlist.Names[:]) }
