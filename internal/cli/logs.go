package cli

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/sillelien/baseinit/internal/control/api"
)

func logsCommand() *Command {
	return &Command{
		Name: "logs", Usage: "[-f] [-n LINES] [--since TIME] [--json] [SERVICE...]", Summary: "Prints what services have written lately.",
		Details: "baseinit keeps the last lines of each service whose output goes through it, what it sends to syslog, and its own lines, of the service `baseinit`. By default output does not go through it: `BASEINIT_OUTPUT=plain` changes that, and nothing else. See docs/logs.md.",
		Flags: []Flag{
			{Name: "follow", Short: "f", Meaning: "go on with what they write from now on"},
			{Name: "last", Short: "n", Value: "LINES", Meaning: "only the last so many lines"},
			{Name: "since", Value: "TIME", Meaning: "only what was written since: `5m` ago, or `2026-11-27T10:00:00Z`"},
			{Name: "json", Meaning: "a JSON object for each line: see docs/api.md"},
		},
		Examples:  []Example{{"logs -n 20 web", "prints the last 20 lines of web"}, {"logs -f --since 5m", "prints what all have written in 5 minutes, and goes on"}},
		Completes: "services", Run: logs,
	}
}

func logs(c *Call) error {
	query := Query{}.Add("service", c.Args...)
	if value := c.Value("last"); value != "" {
		if n, err := strconv.Atoi(value); err != nil || n < 0 {
			return usagef("--last is %q: it can be a number of lines", value)
		}
		query = query.Add("last", value)
	}
	if value := c.Value("since"); value != "" {
		t, err := since(value, time.Now())
		if err != nil {
			return err
		}
		query = query.Add("since", t)
	}
	if c.Has("follow") {
		query = query.Add("follow", "1")
	}
	return c.lines("logs", query, func(line []byte) (string, error) {
		var l api.Line
		err := json.Unmarshal(line, &l)
		if len(c.Args) == 1 {
			return l.Msg, err
		}
		return "[" + l.Service + "] " + l.Msg, err
	})
}

// lines prints what a stream gives: as it is with --json, else as text makes of each object.
func (c *Call) lines(path string, query Query, text func(object []byte) (string, error)) error {
	return c.Stream(path, query, func(object []byte) error {
		if c.Has("json") {
			return c.Printf("%s", object)
		}
		line, err := text(object)
		if err != nil {
			return err
		}
		return c.Printf("%s\n", line)
	})
}

func eventsCommand() *Command {
	return &Command{
		Name: "events", Usage: "[-f] [--json]", Summary: "Prints what has happened to the services lately.",
		Details: "The last 256 events are kept.",
		Flags: []Flag{
			{Name: "follow", Short: "f", Meaning: "go on with what happens from now on"},
			{Name: "json", Meaning: "a JSON object for each event: see docs/api.md"},
		},
		Examples: []Example{{"events -f", "prints what has happened, and goes on until it is interrupted"}},
		Run: func(c *Call) error {
			var query Query
			if c.Has("follow") {
				query = query.Add("follow", "1")
			}
			return c.lines("events", query, func(line []byte) (string, error) {
				var e api.Event
				err := json.Unmarshal(line, &e)
				return e.Time.Format("15:04:05.000") + "  " + e.Text, err
			})
		},
	}
}
