package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sillelien/baseinit/internal/nearest"
)

// errHelp is the error of parse when help was asked for.
var errHelp = errors.New("help was asked for")

// parse splits what comes after the command's name in flags and arguments, which may be
// mixed; "--" ends the flags.
func (c *Command) parse(words []string) (flags map[string]string, args []string, err error) {
	flags, args, err = c.split(words)
	if err == nil {
		err = c.check(flags, args)
	}
	return flags, args, err
}

// check tells what does not go together, by the command's usage: "[--dot | --json]" are one
// of two, and arguments are for who has more than flags there.
func (c *Command) check(flags map[string]string, args []string) error {
	isOnlyFlags := true
	for group := range strings.SplitSeq(c.Usage, "[") {
		group, rest, _ := strings.Cut(group, "]")
		isOnlyFlags = isOnlyFlags && (group == "" || group[0] == '-') && strings.TrimSpace(rest) == ""
		var given []string
		for choice := range strings.SplitSeq(group, " | ") {
			word, _, _ := strings.Cut(choice, " ")
			for _, f := range c.Flags {
				if _, is := flags[f.Name]; is && (word == "--"+f.Name || word == "-"+f.Short) {
					given = append(given, word)
				}
			}
		}
		if len(given) > 1 {
			return fmt.Errorf("%s do not go together", strings.Join(given, " and "))
		}
	}
	if isOnlyFlags && len(args) > 0 {
		return fmt.Errorf("it takes no arguments, not even %q", args[0])
	}
	return nil
}

// split is parse without a check.
func (c *Command) split(words []string) (flags map[string]string, args []string, err error) {
	flags = map[string]string{}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		switch {
		case word == "--":
			return flags, append(args, words...), nil
		case word == "-h" || word == "--help":
			return nil, nil, errHelp
		case strings.HasPrefix(word, "--"):
			words, err = c.long(flags, word[2:], words)
		case len(word) > 1 && word[0] == '-':
			words, err = c.short(flags, word[1:], words)
		default:
			args = append(args, word)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return flags, args, nil
}

// long takes --name, --name=value and --name value.
func (c *Command) long(flags map[string]string, word string, words []string) ([]string, error) {
	name, value, has := strings.Cut(word, "=")
	i := slices.IndexFunc(c.Flags, func(f Flag) bool { return f.Name == name })
	if i < 0 {
		var known []string
		for _, f := range c.Flags {
			known = append(known, "--"+f.Name)
		}
		return nil, fmt.Errorf("there is no flag --%s%s", name, nearest.Hint("--"+name, known))
	}
	f := c.Flags[i]
	switch {
	case f.Value == "" && has:
		return nil, fmt.Errorf("--%s has no value", name)
	case f.Value != "" && !has:
		if len(words) == 0 {
			return nil, fmt.Errorf("--%s needs a value: %s", name, f.Value)
		}
		value, words = words[0], words[1:]
	}
	flags[name] = value
	return words, nil
}

// short takes -f, -fg, -nVALUE and -n VALUE.
func (c *Command) short(flags map[string]string, letters string, words []string) ([]string, error) {
	for letters != "" {
		letter := letters[:1]
		letters = letters[1:]
		i := slices.IndexFunc(c.Flags, func(f Flag) bool { return f.Short == letter })
		if i < 0 {
			return nil, fmt.Errorf("there is no flag -%s", letter)
		}
		f := c.Flags[i]
		if f.Value == "" {
			flags[f.Name] = ""
			continue
		}
		if letters == "" {
			if len(words) == 0 {
				return nil, fmt.Errorf("-%s needs a value: %s", letter, f.Value)
			}
			letters, words = words[0], words[1:]
		}
		flags[f.Name], letters = letters, ""
	}
	return words, nil
}
