package cli

import (
	"fmt"
	"slices"
	"strings"
)

const shells = "bash zsh fish"

// signals are those that are offered; all others can be sent, too.
const signals = "HUP INT QUIT KILL USR1 USR2 ALRM TERM CONT STOP WINCH"

func completionsCommand() *Command {
	return &Command{
		Name: "completions", Usage: "bash | zsh | fish", Summary: "Prints what a shell needs to complete commands, flags and the names of services.",
		Details: "Names of services are asked for at the control socket, so they are there in a shell inside the container.",
		Examples: []Example{
			{"completions bash >/etc/bash_completion.d/baseinit", "installs them for bash; `source <(baseinit completions bash)` has them in one shell"},
			{"completions fish | source", "has them in one fish"},
		},
		Completes: "shells", Anywhere: true,
		Run: func(c *Call) error {
			if len(c.Args) != 1 || !slices.Contains(strings.Fields(shells), c.Args[0]) {
				return usagef("for which shell: bash, zsh or fish?")
			}
			return c.Printf("%s", map[string]func() string{"bash": bash, "zsh": zsh, "fish": fish}[c.Args[0]]())
		},
	}
}

// offers is what completes an argument: words, or the services that a status names.
func (c *Command) offers() (words string, services bool) {
	switch c.Completes {
	case "services":
		return "", true
	case "signal services":
		return signals, true
	case "commands":
		return strings.Join(Names(), " "), false
	case "shells":
		return shells, false
	}
	return "", false
}

// flagWords are the flags, long ones and short ones.
func (c *Command) flagWords() string {
	var words []string
	for _, f := range c.Flags {
		words = append(words, "--"+f.Name)
		if f.Short != "" {
			words = append(words, "-"+f.Short)
		}
	}
	return strings.Join(append(words, "--help"), " ")
}

func bash() string {
	var b strings.Builder
	b.WriteString(`# bash completion for baseinit, made by: baseinit completions bash
_baseinit() {
	local word=${COMP_WORDS[COMP_CWORD]} flags= words= services= name
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		words='` + strings.Join(Names(), " ") + `'
	else
		case ${COMP_WORDS[1]} in
`)
	for _, c := range Commands() {
		words, services := c.offers()
		line := "\t\t" + c.Name + ") flags='" + c.flagWords() + "'"
		if c.Name == "check" {
			line += "; compopt -o default"
		}
		switch {
		case services && words != "": // the first argument is a word, the others are services
			line += "; if [ \"$COMP_CWORD\" -eq 2 ]; then words='" + words + "'; else services=1; fi"
		case words != "":
			line += "; words='" + words + "'"
		case services:
			line += "; services=1"
		}
		b.WriteString(line + " ;;\n")
	}
	b.WriteString(`		esac
	fi
	case $word in
	-*) COMPREPLY=($(compgen -W "$flags" -- "$word")); return ;;
	esac
	COMPREPLY=($(compgen -W "$words" -- "$word"))
	if [ -n "$services" ]; then
		while IFS= read -r name; do
			case $name in
			"$word"*) COMPREPLY+=("$(printf %q "$name")") ;;
			esac
		done < <(baseinit status --names 2>/dev/null)
	fi
}
complete -F _baseinit baseinit
`)
	return b.String()
}

func zsh() string {
	var b strings.Builder
	b.WriteString("#compdef baseinit\n# zsh completion for baseinit, made by: baseinit completions zsh\n_baseinit() {\n\tlocal -a commands\n\tcommands=(\n")
	for _, c := range Commands() {
		b.WriteString("\t\t" + quote(c.Name+":"+plain(c.Summary)) + "\n")
	}
	b.WriteString("\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe command commands\n\t\treturn\n\tfi\n\tlocal -a names\n\tcase $words[2] in\n")
	for _, c := range Commands() {
		words, services := c.offers()
		b.WriteString("\t" + c.Name + ")\n\t\tcompadd -- " + c.flagWords() + "\n")
		if words != "" {
			b.WriteString("\t\tcompadd -- " + words + "\n")
		}
		if services {
			b.WriteString("\t\tnames=(${(f)\"$(baseinit status --names 2>/dev/null)\"})\n\t\tcompadd -a names\n")
		}
		b.WriteString("\t\t;;\n")
	}
	b.WriteString("\tesac\n}\n_baseinit \"$@\"\n")
	return b.String()
}

func fish() string {
	var b strings.Builder
	b.WriteString("# fish completion for baseinit, made by: baseinit completions fish\ncomplete -c baseinit -f\n")
	for _, c := range Commands() {
		fmt.Fprintf(&b, "complete -c baseinit -n __fish_use_subcommand -a %s -d %s\n", c.Name, quote(plain(c.Summary)))
		seen := "complete -c baseinit -n '__fish_seen_subcommand_from " + c.Name + "'"
		for _, f := range c.Flags {
			line := seen + " -l " + f.Name
			if f.Short != "" {
				line += " -s " + f.Short
			}
			if f.Value != "" {
				line += " -x"
			}
			b.WriteString(line + " -d " + quote(plain(f.Meaning)) + "\n")
		}
		words, services := c.offers()
		if words != "" {
			b.WriteString(seen + " -a " + quote(words) + "\n")
		}
		if services {
			b.WriteString(seen + " -a '(baseinit status --names 2>/dev/null)'\n")
		}
	}
	return b.String()
}
