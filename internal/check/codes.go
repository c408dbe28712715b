package check

import (
	"fmt"
	"slices"
	"strings"
)

// Code names a kind of finding. It stays what it is from version to version.
type Code string

// The kinds of findings: see Kinds.
const (
	CRLF          Code = "crlf"
	Cycle         Code = "cycle"
	Daemonises    Code = "daemonises"
	DeadFinish    Code = "dead-finish"
	Duplicate     Code = "duplicate-name"
	Environment   Code = "environment"
	Execline      Code = "execline"
	FixAttrs      Code = "fix-attrs"
	Foreign       Code = "foreign"
	Ignored       Code = "ignored-file"
	Incomplete    Code = "incomplete"
	LinkOut       Code = "link-out"
	NoExec        Code = "no-exec"
	NoInterpreter Code = "no-interpreter"
	NoProgram     Code = "no-program"
	NotAScript    Code = "not-a-script"
	NotExecutable Code = "not-executable"
	NotStarted    Code = "not-started"
	ShellInUp     Code = "shell-in-up"
	Skipped       Code = "skipped"
	SlowFinish    Code = "slow-finish"
	TOML          Code = "toml"
	UnknownFile   Code = "unknown-file"
	UnknownName   Code = "unknown-name"
	Unreadable    Code = "unreadable"
	Value         Code = "value"
	WrongUser     Code = "wrong-user"
)

// Kind is what a code stands for.
type Kind struct {
	Code Code
	// Severity is the highest that its findings have.
	Severity Severity
	// What is found, and Fix what to do about it where the finding does not say.
	What, Fix string
}

// kinds are sorted by code.
var kinds = [...]Kind{
	{CRLF, Error, "lines that end as on Windows: in the first line there is then no such interpreter, in others the shell takes the carriage return for a part of the last word", `sed -i 's/\r$//' FILE`},
	{Cycle, Error, "services that require each other, or bundles that hold each other", "take one of the names away"},
	{Daemonises, Warning, "a service that goes into the background: its end is taken for the service's, which is started again and again", "keep it in the foreground"},
	{DeadFinish, Warning, "a finish that is never run: not a script, in a directory without run, or of a oneshot", "take it away, or make it what is run"},
	{Duplicate, Error, "two services of one name", "rename one"},
	{Environment, Error, "an S6_ variable that cannot be used", "correct it, or unset it"},
	{Execline, Error, "execline that cannot be run: a block or a quote that is not closed, a word without its block", "correct the line"},
	{FixAttrs, Warning, "a line of fix-attrs.d that is not understood, and passed over", "write PATH RECURSE ACCOUNT FMODE DMODE"},
	{Foreign, Warning, "a program of s6 itself in the place of baseinit's", "link it to /init"},
	{Ignored, Warning, "a file that means something to s6 and is not supported, or means nothing where it is", "take it away"},
	{Incomplete, Error, "a source directory of s6-rc.d without type, or without its run or up file", "add the file"},
	{LinkOut, Info, "a link to an absolute path, which is followed only in the container", "check in the image: RUN baseinit check"},
	{NoExec, Warning, "a run script that ends with a program that it does not exec: the shell stays in between, and signals that go to the process alone do not reach the program", "put exec in front"},
	{NoInterpreter, Error, "an interpreter in the first line that is not there, or that env or with-contenv cannot find", "install it, or correct the first line"},
	{NoProgram, Warning, "a program that is not there", "install it, or correct its name"},
	{NotAScript, Error, "something in a script's place that cannot be run: a directory, a link to nowhere, an empty file", "put a script or a program there"},
	{NotExecutable, Warning, "a script without execute permission", "chmod +x it where the image is built"},
	{NotStarted, Warning, "a service of s6-rc.d that no bundle of the boot leads to", "add its name to user/contents.d"},
	{ShellInUp, Warning, "shell in an up or down file, which s6-rc takes for execline; baseinit runs it as the script that it is", "put it into a script of its own and name that in the file"},
	{Skipped, Warning, "something in a directory of services that is no service", "take it away, or add a run file"},
	{SlowFinish, Warning, "a finish that sleeps for longer than it is let", "raise timeout-finish, or sleep less"},
	{TOML, Error, "a service.toml that cannot be used: no TOML, a key that there is not, a value that a key cannot have", "correct it (docs/service.md lists the keys)"},
	{UnknownFile, Warning, "a file with almost the name of one that means something", "rename it"},
	{UnknownName, Error, "a name that no service or bundle has", "correct it, or add the service"},
	{Unreadable, Error, "a file or directory that cannot be read", "correct its mode or owner"},
	{Value, Error, "a value that cannot be used", "correct it"},
	{WrongUser, Warning, "a user or group that is in neither etc/passwd nor etc/group, and that no script adds", "add it where the image is built, or correct its name"},
}

// Kinds lists all kinds of findings, sorted by code.
func Kinds() []Kind { return slices.Clone(kinds[:]) }

// kindOf finds a code's kind.
func kindOf(code Code) Kind {
	for i := range kinds {
		if kinds[i].Code == code {
			return kinds[i]
		}
	}
	return Kind{}
}

// Codes reads a list of codes with commas between them.
func Codes(list string) (codes []Code, err error) {
	for word := range strings.SplitSeq(list, ",") {
		code := Code(strings.TrimSpace(word))
		if kindOf(code).Code == "" {
			return nil, fmt.Errorf("there is no kind of findings called %q", code)
		}
		codes = append(codes, code)
	}
	return codes, nil
}
