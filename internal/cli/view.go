package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/view"
)

func timelineCommand() *Command {
	return &Command{
		Name: "timeline", Usage: "[-o FILE | --json]", Summary: "Draws the container's boot: what took how long, what waited for what, and what the whole waited for.",
		Details: "In the terminal it is a line for each stage, script and service; with `-o` a picture. The critical path is what has to be quicker for the boot to be. docs/timeline.md tells more.",
		Flags: []Flag{
			{Name: "output", Short: "o", Value: "FILE", Meaning: "write it as SVG into FILE; -: to standard output"},
			jsonFlag(),
		},
		Examples: []Example{
			{"timeline", "prints a chart as wide as the terminal"},
			{"timeline -o boot.svg", "writes a picture for a browser or a page, light and dark"},
		},
		Run: func(c *Call) error {
			if c.Has("json") {
				return printJSON(c, "timeline")
			}
			var t api.Timeline
			if err := c.Get("timeline", nil, &t); err != nil {
				return err
			}
			if file := c.Value("output"); file != "" {
				return c.save(file, view.SVG(t))
			}
			return c.Printf("%s", view.Timeline(t, c.options()))
		},
	}
}

func graphCommand() *Command {
	return &Command{
		Name: "graph", Usage: "[--dot | --mermaid | --json]", Summary: "Prints what services depend on, and how they are.",
		Details: "Each service stands above what it requires, what it starts after, and what its output goes to. What follows from another line is left out.",
		Flags: []Flag{
			{Name: "dot", Meaning: "for Graphviz"},
			{Name: "mermaid", Meaning: "for Mermaid, which GitHub and GitLab draw"},
			jsonFlag(),
		},
		Examples: []Example{{"graph", "prints a tree"}, {"graph --dot | dot -Tsvg >services.svg", "draws a picture"}},
		Run: func(c *Call) error {
			if c.Has("json") {
				return printJSON(c, "graph")
			}
			var nodes []api.Node
			if err := c.Get("graph", nil, &nodes); err != nil {
				return err
			}
			switch {
			case c.Has("dot"):
				return c.Printf("%s", view.DOT(nodes))
			case c.Has("mermaid"):
				return c.Printf("%s", view.Mermaid(nodes))
			}
			if len(nodes) == 0 {
				return c.Printf("%s", noServices)
			}
			return c.Printf("%s", view.Graph(nodes, c.options()))
		},
	}
}

func treeCommand() *Command {
	return &Command{
		Name: "tree", Usage: "[--json]", Summary: "Prints the processes of each service: number, user, memory, command.",
		Details:  "Below \"no service\" are those that no service has started: what boot scripts have left running, and what `docker exec` runs.",
		Flags:    []Flag{jsonFlag()},
		Examples: []Example{{"tree", "prints them all"}},
		Run: func(c *Call) error {
			if c.Has("json") {
				return printJSON(c, "processes")
			}
			var all []api.Process
			if err := c.Get("processes", nil, &all); err != nil {
				return err
			}
			var s api.Status
			if err := c.Get("status", Query{}.Add("usage", "0"), &s); err != nil {
				return err
			}
			return c.Printf("%s", view.Tree(all, s.Container.PID, userName, c.options()))
		},
	}
}

func jsonFlag() Flag {
	return Flag{Name: "json", Meaning: "print the answer of the API as it is: see docs/api.md"}
}

// printJSON prints the answer for a path as it is.
func printJSON(c *Call, path string) error {
	var raw json.RawMessage
	if err := c.Get(path, nil, &raw); err != nil {
		return err
	}
	return c.Printf("%s\n", strings.TrimSpace(string(raw)))
}

// save writes a file, or to standard output.
func (c *Call) save(file, text string) error {
	if file == "-" {
		return c.Printf("%s", text)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // it is for others to look at
		return fmt.Errorf("cannot write the picture (-o - prints it): %w", err)
	}
	return nil
}

// options are what standard output can show.
func (c *Call) options() view.Options {
	o := view.Options{Unicode: isUTF8(os.Getenv)}
	if f, is := c.Stdout.(*os.File); is {
		if columns, _, err := windowSize(f); err == nil {
			o.Width = columns
			o.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		}
	}
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns > 0 {
		o.Width = columns
	}
	return o
}

// isUTF8 tells whether the locale's characters are Unicode's: locale(7).
func isUTF8(getenv func(string) string) bool {
	for _, name := range [...]string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := getenv(name); value != "" {
			value = strings.ToUpper(value)
			return strings.Contains(value, "UTF-8") || strings.Contains(value, "UTF8")
		}
	}
	return false
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return ""
}
