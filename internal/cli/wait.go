package cli

import (
	"strconv"
	"time"

	"github.com/sillelien/baseinit/internal/control/api"
)

func waitCommand() *Command {
	return &Command{
		Name: "wait", Usage: "[--state ready|down|done] [--timeout SECONDS] SERVICE...", Summary: "Waits until each service is ready, or down, or done.",
		Details: "It may be called before the services are started, by a script of cont-init.d in the background, say. It ends with 1 as soon as one of them can get there no more by itself.",
		Flags: []Flag{
			{Name: "state", Short: "s", Value: "STATE", Meaning: "`ready` (the default): it is ready, or done; `down`: nothing of it runs, whatever has become of it; `done`: it has ended well"},
			{Name: "timeout", Short: "t", Value: "SECONDS", Meaning: "how long to wait; default: for ever"},
		},
		Examples:  []Example{{"wait db", "waits until db is ready"}, {"wait --state down --timeout 10 web", "ends with 1 if web has not ended within 10 seconds"}},
		Completes: "services", Run: wait,
	}
}

func wait(c *Call) error {
	if len(c.Args) == 0 {
		return usagef("for which services?")
	}
	query := Query{}.Add("service", c.Args...)
	state := c.Value("state")
	switch state {
	case "":
	case "ready", "down", "done":
		query = query.Add("state", state)
	default:
		return usagef("--state is %q: it can be ready, down or done", state)
	}
	if value := c.Value("timeout"); value != "" {
		if n, err := strconv.ParseFloat(value, 64); err != nil || n < 0 {
			return usagef("--timeout is %q: it can be a number of seconds", value)
		}
		query = query.Add("timeout", value)
	}
	var s api.Status
	return c.ask("GET", "wait", query, 0, &s)
}

// since turns --since, a duration or a time, into the time that the API wants.
func since(value string, now time.Time) (string, error) {
	if d, err := time.ParseDuration(value); err == nil && d >= 0 {
		return now.Add(-d).UTC().Format(time.RFC3339Nano), nil
	}
	if t, err := time.Parse(time.RFC3339, value); err == nil {
		return t.UTC().Format(time.RFC3339Nano), nil
	}
	return "", usagef("--since is %q: it can be a time like 5m or 1h30m ago, or like %s", value, now.UTC().Format(time.RFC3339))
}
