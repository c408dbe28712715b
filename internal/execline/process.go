//go:build linux

package execline

import (
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
)

// The exit codes of execline and s6.
const (
	CodeUsage   = 100 // a wrong call, or a script with a mistake
	CodeSystem  = 111 // a system call failed
	CodeCannot  = 126 // a program is there and cannot be run
	CodeMissing = 127 // a program is not there
)

// Word does what one word of a line stands for. argv is the line from the word
// itself; what it gives is the rest, which is run next, or an error, which is
// an *Exit when the word ends the process on purpose.
type Word func(p *Process, argv []string) ([]string, error)

// Exit is the end of the process with that code.
type Exit struct {
	Code int
	Err  error // what to say, or nil
}

// Error says why, or names the code.
func (e *Exit) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap gives what went wrong.
func (e *Exit) Unwrap() error { return e.Err }

// Usage is the end of a word that was called in a wrong way; usage is how to call it.
// It is called in many places and runs once at most: inlined, 12 kB of code more.
//
//go:noinline
func Usage(usage string) error {
	return &Exit{CodeUsage, errors.New("usage: " + usage)}
}

// Process is the present process, as words see and change it. Its descriptors,
// directory and identity are the real ones.
type Process struct {
	// Env is the environment of what is run next.
	Env []string
	// File is the script that is run, for messages; empty: none.
	File string
	// Commands finds words that are none of execline's own. One that a PATH search
	// finds as a program other than this one is that program. May be nil.
	Commands func(name string) Word

	path string // PATH as the last word found it: what follows is looked for there
}

// Run runs a line and gives the code to exit with, if the process has not become
// another program.
func (p *Process) Run(argv []string) int {
	if len(argv) == 0 {
		return 0
	}
	return p.follow(argv[0], argv)
}

// follow runs a line; last is the word that came before it.
func (p *Process) follow(last string, argv []string) int {
	for len(argv) > 0 {
		word := p.word(argv[0])
		if word == nil {
			return p.report(last, p.become(argv))
		}
		p.path = searchPath(p.Env)
		next, err := word(p, argv)
		if err != nil {
			return p.report(argv[0], err)
		}
		last, argv = argv[0], next
	}
	return 0
}

// Command runs the command that the process is: argv[0] is not looked for in PATH.
func (p *Process) Command(word Word, argv []string) int {
	next, err := word(p, argv)
	if err != nil {
		return p.report(argv[0], err)
	}
	return p.follow(argv[0], next)
}

// report says what ended the process and gives its code.
func (p *Process) report(name string, err error) int {
	exit, ok := errors.AsType[*Exit](err)
	if !ok {
		exit = &Exit{CodeSystem, err}
	}
	if exit.Err != nil {
		p.warn(name, err)
	}
	return exit.Code
}

// warn says something on standard error, with the word and the script it is about.
func (p *Process) warn(name string, err error) {
	line := path.Base(name) + ": " + err.Error() + "\n"
	if p.File != "" {
		line = p.File + ": " + line
	}
	_, _ = syscall.Write(2, []byte(line)) // nobody to tell
}

// word finds what a name stands for; nil: a program.
func (p *Process) word(name string) Word {
	if base, ours := ownName(name); ours {
		if w := words(base); w != nil {
			return w
		}
		if p.Commands != nil {
			if w := p.Commands(base); w != nil && (base != name || p.isOurs(base)) {
				return w
			}
		}
	}
	return nil
}

// self is the program that this process runs.
const self = "/proc/self/exe"

// ownName gives the name of a command without its directory, and whether it can
// be ours: a path must lead to this very program, or nowhere.
func ownName(name string) (string, bool) {
	if !strings.Contains(name, "/") {
		return name, true
	}
	var here, there syscall.Stat_t
	if err := syscall.Stat(name, &there); err != nil {
		return path.Base(name), errors.Is(err, syscall.ENOENT)
	}
	if syscall.Stat(self, &here) != nil {
		return "", false
	}
	return path.Base(name), here.Dev == there.Dev && here.Ino == there.Ino
}

// isOurs tells whether the first program of that name in PATH is this one, or
// there is none.
func (p *Process) isOurs(name string) bool {
	found, err := lookPath(name, p.path)
	if err != nil {
		return true
	}
	_, ours := ownName(found)
	return ours
}

// Get gives a variable.
func (p *Process) Get(name string) (string, bool) { return lookup(p.Env, name) }

func lookup(env []string, name string) (string, bool) {
	for _, entry := range slices.Backward(env) { // the last of equal names counts
		if value, ok := strings.CutPrefix(entry, name); ok && strings.HasPrefix(value, "=") {
			return value[1:], true
		}
	}
	return "", false
}

// Set sets a variable.
func (p *Process) Set(name, value string) {
	p.Unset(name)
	p.Env = append(p.Env, name+"="+value)
}

// Unset takes a variable out.
func (p *Process) Unset(name string) {
	p.keep(func(n string) bool { return n != name })
}

// keep takes those variables out that are not to be kept. Env may be somebody
// else's, so it is not changed in place.
func (p *Process) keep(keep func(name string) bool) {
	kept := make([]string, 0, len(p.Env)+1)
	for _, entry := range p.Env {
		name, _, _ := strings.Cut(entry, "=")
		if keep(name) {
			kept = append(kept, entry)
		}
	}
	p.Env = kept
}

// become makes the process the program that argv names.
func (p *Process) become(argv []string) error {
	return p.becomeAs(argv[0], argv)
}

func (p *Process) becomeAs(name string, argv []string) error {
	file, err := lookPath(name, p.path)
	if name == "" {
		err = syscall.EACCES // as the real execline says
	}
	if err == nil {
		err = syscall.Exec(file, argv, p.Env)
	}
	return cannotRun(name, err)
}

// cannotRun is the error for a program that cannot be run.
func cannotRun(name string, err error) error {
	code := CodeCannot
	if errors.Is(err, syscall.ENOENT) {
		code = CodeMissing
	}
	return &Exit{code, fmt.Errorf("cannot run %s: %w", name, err)}
}

// defaultPath is where programs are looked for without a PATH, as execvp(3) of musl does.
const defaultPath = "/usr/local/bin:/usr/bin:/bin"

func searchPath(env []string) string {
	if path, ok := lookup(env, "PATH"); ok {
		return path
	}
	return defaultPath
}

// lookPath finds a program as execvp(3) does: a name with a slash is a path, and
// one that may not be run is passed over, but remembered. It opens nothing.
func lookPath(name, path string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	if name == "" {
		return "", syscall.ENOENT
	}
	err := error(syscall.ENOENT)
	for dir := range strings.SplitSeq(path, ":") {
		if dir == "" {
			dir = "."
		}
		file := dir + "/" + name
		var st syscall.Stat_t
		if syscall.Stat(file, &st) != nil || st.Mode&syscall.S_IFMT != syscall.S_IFREG {
			continue
		}
		if syscall.Access(file, 1) == nil { // X_OK
			return file, nil
		}
		err = syscall.EACCES
	}
	return "", err
}

// Warn says something that stops nothing.
func (p *Process) Warn(err error) { p.warn("warning", err) }

// SearchNewPath makes the rest of the line be looked for in the PATH that it will have.
func (p *Process) SearchNewPath() { p.path = searchPath(p.Env) }

// NewProcess gives the present process with that environment.
func NewProcess(env []string, commands func(name string) Word) *Process {
	return &Process{Env: env, Commands: commands, path: searchPath(env)}
}

// Main runs the word that argv[0] names as a command: what os.Args hold.
func Main(argv []string, commands func(name string) Word) (code int, found bool) {
	name := path.Base(argv[0])
	word := words(name)
	if word == nil && commands != nil {
		word = commands(name)
	}
	if word == nil {
		return 0, false
	}
	p := NewProcess(os.Environ(), commands)
	return p.Command(word, append([]string{name}, argv[1:]...)), true
}
