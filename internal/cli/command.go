package cli

import "strings"

// Command is one word of the command line. Help, completions and docs/cli.md are made from it.
type Command struct {
	Name    string
	Usage   string // what comes after the name: "[--json] [SERVICE...]"
	Summary string // one sentence, which says what it does
	// Details are paragraphs that say the rest; "" if there is nothing.
	Details string
	Flags   []Flag
	// Examples are lines as they are typed, without "baseinit ", and what they do.
	Examples []Example
	// Codes are its exit codes, if they are others than those of all commands.
	Codes string
	// Completes is what its arguments are, for completions: "services", "signal services",
	// "commands", "shells" or "".
	Completes string
	// Anywhere tells that it asks no container that runs.
	Anywhere bool
	// Run does it. Nil: somebody else than this package.
	Run func(*Call) error
}

// Flag is one flag of a command.
type Flag struct {
	Name    string // without dashes
	Short   string // one letter, or ""
	Value   string // what its value is, in capitals: "SECONDS"; "" if it has none
	Meaning string
}

// Example is a line that works.
type Example struct{ Line, Does string }

// Commands gives all commands, in the order of the documentation.
func Commands() []*Command {
	return []*Command{
		statusCommand(), startCommand(), stopCommand(), restartCommand(), reloadCommand(), signalCommand(), waitCommand(),
		logsCommand(), eventsCommand(), healthyCommand(), envCommand(),
		timelineCommand(), graphCommand(), treeCommand(), topCommand(),
		checkCommand(), completionsCommand(), helpCommand(),
	}
}

// Find gives the command of that name, nil if there is none.
func Find(name string) *Command {
	for _, c := range Commands() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Names lists the names of all commands.
func Names() (names []string) {
	for _, c := range Commands() {
		names = append(names, c.Name)
	}
	return names
}

// checkCommand is package check's, which cmd/baseinit runs.
func checkCommand() *Command {
	return &Command{
		Name: "check", Usage: "[--strict] [--quiet] [--json] [--ignore CODE,...] [ROOT] | --schema", Summary: "Tells what is wrong with the tree below ROOT, and what baseinit will do with it.",
		Details: "It starts nothing and needs no container that runs. See docs/check.md.",
		Flags: []Flag{
			{Name: "strict", Meaning: "warnings make the exit code 3"},
			{Name: "quiet", Meaning: "only what is wrong"},
			{Name: "json", Meaning: "only what is wrong, as one JSON object"},
			{Name: "ignore", Value: "CODE,...", Meaning: "leave these kinds of findings out"},
			{Name: "schema", Meaning: "print the JSON schema of service.toml, and check nothing"},
		},
		Examples: []Example{{"check", "checks the image that it is in, as `RUN baseinit check` in a Dockerfile"}},
		Codes:    "0 no errors; 1 errors; 2 the command line is wrong, or ROOT is no directory; 3 with --strict: no errors, but warnings", Anywhere: true,
	}
}

// flagLine is a flag as help has it: "-n, --last N".
func (f Flag) flagLine() string {
	var b strings.Builder
	if f.Short != "" {
		b.WriteString("-" + f.Short + ", ")
	}
	b.WriteString("--" + f.Name)
	if f.Value != "" {
		b.WriteString(" " + f.Value)
	}
	return b.String()
}
