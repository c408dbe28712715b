package cli

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

func envCommand() *Command {
	return &Command{
		Name: "env", Usage: "[-0 | --json] [SERVICE]", Summary: "Prints the environment that a service would be started with now.",
		Details: "Without a SERVICE it is the container's. It is sorted, and quoted so that a shell can read it.",
		Flags: []Flag{
			{Name: "null", Short: "0", Meaning: "NAME=VALUE as they are, with a NUL after each, for `xargs -0`"},
			{Name: "json", Meaning: "a JSON object"},
		},
		Examples:  []Example{{"env web", "prints what web would get"}},
		Completes: "services", Run: env,
	}
}

func env(c *Call) error {
	if len(c.Args) > 1 {
		return usagef("one service at a time")
	}
	var vars map[string]string
	if err := c.Get("env", Query{}.Add("service", c.Args...), &vars); err != nil {
		return err
	}
	if c.Has("json") {
		text, err := json.MarshalIndent(vars, "", "  ")
		if err != nil {
			return err
		}
		return c.Printf("%s\n", text)
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		line := name + "=" + quote(vars[name]) + "\n"
		if c.Has("null") {
			line = name + "=" + vars[name] + "\x00"
		}
		if err := c.Printf("%s", line); err != nil {
			return err
		}
	}
	return nil
}

// quote writes a value so that a shell reads it as it is.
func quote(value string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%"
	if value != "" && strings.Trim(value, plain) == "" {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
