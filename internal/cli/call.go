package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/sillelien/baseinit/internal/nearest"
)

// The exit codes of all commands.
const (
	CodeFailed      = 1 // it did not work
	CodeUsage       = 2 // the command line is wrong
	CodeNotRunning  = 3 // status: something is not as it should be
	CodeUnreachable = 4 // no baseinit answers
)

// Call is one call of a command.
type Call struct {
	Command Command
	Args    []string // without flags
	Stdout  io.Writer
	Stderr  io.Writer
	flags   map[string]string
}

// Has tells whether a flag was given.
func (c *Call) Has(flag string) bool { _, has := c.flags[flag]; return has }

// Value is the value of a flag, or "".
func (c *Call) Value(flag string) string { return c.flags[flag] }

// Printf writes to standard output.
func (c *Call) Printf(format string, args ...any) error {
	_, err := fmt.Fprintf(c.Stdout, format, args...)
	return err
}

// Exit is the error of a command that has said what there is to say, and ends with a code.
type Exit int

// Error is for who does not look.
func (e Exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// usageError is a command line that is wrong.
type usageError struct{ error }

// usagef makes one.
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Main runs the command that a command line has, if it is one, and gives the exit code.
// first tells that this is the container's first process, for which words are CMD. For others
// they are not where a baseinit runs already: it would have its boot done again by another one.
func Main(argv []string, first bool) (code int, found bool) {
	if len(argv) == 0 || base(argv[0]) != "baseinit" || len(argv) > 1 && strings.HasPrefix(argv[1], "-") {
		return 0, false
	}
	if len(argv) == 1 {
		if first || !answers() {
			return 0, false
		}
		_, _ = os.Stderr.WriteString(overview())
		return CodeUsage, true
	}
	command := Find(argv[1])
	switch {
	case command == nil && !first && (isSlip(argv[1]) || answers()):
		fmt.Fprintf(os.Stderr, "baseinit: there is no command %q%s (baseinit help lists them)\n", argv[1], nearest.Hint(argv[1], Names()))
		return CodeUsage, true
	case command == nil || command.Run == nil || first && !command.Anywhere:
		return 0, false
	}
	return command.run(argv[2:], os.Stdout, os.Stderr), true
}

// answers tells whether a baseinit runs here.
func answers() bool {
	conn, err := dial()
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// isSlip tells whether a word is most likely a command with a slip in it: it could be CMD, but
// there is no such program.
func isSlip(word string) bool {
	if nearest.Of(word, Names()) == "" || strings.Contains(word, "/") {
		return false
	}
	for dir := range strings.SplitSeq(os.Getenv("PATH"), ":") {
		if syscall.Access(dir+"/"+word, 1) == nil { // X_OK
			return false
		}
	}
	return true
}

// base is the last part of a path.
func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// run runs a command and says what went wrong.
func (c *Command) run(words []string, stdout, stderr io.Writer) int {
	flags, args, err := c.parse(words)
	if errors.Is(err, errHelp) {
		_, _ = io.WriteString(stdout, c.help())
		return 0
	}
	if err != nil {
		err = usageError{err}
	} else {
		err = c.Run(&Call{Command: *c, Args: args, Stdout: stdout, Stderr: stderr, flags: flags})
	}
	return c.code(err, stderr)
}

// code is the exit code of an error, after it has been said.
func (c *Command) code(err error, stderr io.Writer) int {
	if err == nil || errors.Is(err, syscall.EPIPE) { // who read it has read enough
		return 0
	}
	if exit, ok := errors.AsType[Exit](err); ok {
		return int(exit)
	}
	_, wrong := errors.AsType[usageError](err)
	if problem, ok := errors.AsType[*ProblemError](err); wrong || ok && problem.Status == 400 {
		fmt.Fprintf(stderr, "baseinit %s: %v (baseinit help %s tells more)\n", c.Name, err, c.Name)
		return CodeUsage
	}
	if _, ok := errors.AsType[*UnreachableError](err); ok {
		fmt.Fprintf(stderr, "baseinit %s: %v\n", c.Name, err)
		return CodeUnreachable
	}
	fmt.Fprintf(stderr, "baseinit %s: %v\n", c.Name, err)
	return CodeFailed
}
