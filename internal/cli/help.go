package cli

import (
	"strings"

	"github.com/sillelien/baseinit/internal/nearest"
)

func helpCommand() *Command {
	return &Command{
		Name: "help", Usage: "[COMMAND]", Summary: "Tells what a command does, with examples; without one lists them all.",
		Examples:  []Example{{"help status", "tells what `baseinit status` prints"}},
		Completes: "commands", Anywhere: true,
		Run: func(c *Call) error {
			if len(c.Args) == 0 {
				return c.Printf("%s", overview())
			}
			for _, name := range c.Args {
				command := Find(name)
				if command == nil {
					return usagef("there is no command %q%s", name, nearest.Hint(name, Names()))
				}
				if err := c.Printf("%s", command.help()); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// overview lists all commands.
func overview() string {
	var t table
	for _, c := range Commands() {
		t.add("  "+c.Name, c.Summary)
	}
	return "usage: baseinit COMMAND [ARGUMENT...]\n\n" + t.String() + `
They ask the baseinit of the container that they are run in, at its control socket:
  docker exec NAME baseinit status

baseinit help COMMAND tells more, baseinit --help how a container is started.
exit codes: ` + codes + ".\n"
}

// codes are the exit codes of every command.
const codes = "0 it worked; 1 it did not; 2 the command line is wrong; 4 no baseinit answers"

// help is what there is to say of a command, for a terminal.
func (c *Command) help() string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace("usage: baseinit "+c.Name+" "+c.Usage) + "\n\n" + wrap(plain(c.Summary)))
	if c.Details != "" {
		b.WriteString("\n" + wrap(plain(c.Details)))
	}
	if len(c.Flags) > 0 {
		var t table
		for _, f := range c.Flags {
			t.add("  "+f.flagLine(), plain(f.Meaning))
		}
		b.WriteString("\nflags:\n" + t.String())
	}
	if len(c.Examples) > 0 {
		var t table
		for _, e := range c.Examples {
			t.add("  baseinit "+e.Line, plain(e.Does))
		}
		b.WriteString("\nexamples:\n" + t.String())
	}
	b.WriteString("\n" + wrap("exit codes: "+c.codes()+"."))
	return b.String()
}

func (c *Command) codes() string {
	if c.Codes != "" {
		return c.Codes
	}
	return codes
}

// wrap breaks a text into lines of at most 100 characters, and ends the last.
func wrap(text string) string {
	const width = 100
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case column == 0:
		case column+1+len(word) > width:
			b.WriteString("\n")
			column = 0
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String() + "\n"
}

// plain is Markdown without its marks.
func plain(text string) string { return strings.ReplaceAll(text, "`", "") }

// Reference is docs/cli.md but for its head, as Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString("| command | what it does |\n|--|--|\n")
	for _, c := range Commands() {
		b.WriteString("| [`baseinit " + c.Name + "`](#baseinit-" + c.Name + ") | " + c.Summary + " |\n")
	}
	for _, c := range Commands() {
		b.WriteString("\n## baseinit " + c.Name + "\n\n    " + strings.TrimSpace("baseinit "+c.Name+" "+c.Usage) + "\n\n" + c.Summary + "\n")
		if c.Details != "" {
			b.WriteString("\n" + c.Details + "\n")
		}
		if len(c.Flags) > 0 {
			b.WriteString("\n| flag | meaning |\n|--|--|\n")
			for _, f := range c.Flags {
				b.WriteString("| `" + f.flagLine() + "` | " + f.Meaning + " |\n")
			}
		}
		if len(c.Examples) > 0 {
			b.WriteString("\n| example | what it does |\n|--|--|\n")
			for _, e := range c.Examples {
				b.WriteString("| `baseinit " + strings.ReplaceAll(e.Line, "|", "\\|") + "` | " + e.Does + " |\n")
			}
		}
		b.WriteString("\nExit codes: " + c.codes() + ".\n")
	}
	return b.String()
}
