package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sillelien/baseinit/internal/control/api"
)

// patience is how long start, stop and restart wait, if they are not told.
const patience = 60

// waitFlags are those of commands that wait for what they have caused.
func waitFlags() []Flag {
	return []Flag{
		{Name: "wait", Short: "w", Value: "SECONDS", Meaning: "how long to wait for it; default " + strconv.Itoa(patience)},
		{Name: "no-wait", Meaning: "do not wait"},
	}
}

func startCommand() *Command {
	return &Command{
		Name: "start", Usage: "[--wait SECONDS | --no-wait] SERVICE...", Summary: "Starts services and what they require, and waits until they are ready.",
		Details: "One that backs off is started at once; one that has failed for good gets another chance.",
		Flags:   waitFlags(), Completes: "services",
		Examples: []Example{{"start web", "starts web, and ends with 1 and the reason if it does not become ready"}, {"start --no-wait web db", "asks for both and does not wait"}},
		Run:      func(c *Call) error { return steer(c, "start") },
	}
}

func stopCommand() *Command {
	return &Command{
		Name: "stop", Usage: "[--wait SECONDS | --no-wait] SERVICE...", Summary: "Stops services, those that require them first, and waits until they are down.",
		Details: "They stay down until somebody starts them, or the container starts anew. To stop CMD is to stop the container.",
		Flags:   waitFlags(), Completes: "services",
		Examples: []Example{{"stop web", "stops web and waits until it has ended"}, {"stop --wait 5 web", "ends with 1 if web is not down after 5 seconds, and goes on stopping it"}},
		Run:      func(c *Call) error { return steer(c, "stop") },
	}
}

func restartCommand() *Command {
	return &Command{
		Name: "restart", Usage: "[--wait SECONDS | --no-wait] SERVICE...", Summary: "Ends the present run of services and starts another; what requires them is left alone.",
		Details: "One that does not run is started. It waits until they are ready again.",
		Flags:   waitFlags(), Completes: "services",
		Examples: []Example{{"restart web", "restarts web and waits until it is ready"}},
		Run:      func(c *Call) error { return steer(c, "restart") },
	}
}

// steer starts, stops or restarts services and says what has become of them.
func steer(c *Call, verb string) error {
	if len(c.Args) == 0 {
		return usagef("which services?")
	}
	wait := patience
	if value := c.Value("wait"); value != "" {
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return usagef("--wait is %q: it can be a number of seconds", value)
		}
		wait = n
	}
	if c.Has("no-wait") {
		wait = 0
	}
	query := Query{}.Add("service", c.Args...).Add("wait", strconv.Itoa(wait))
	var s api.Status
	err := c.Post(verb, query, time.Duration(wait)*time.Second+answerWithin, &s)
	if err != nil {
		return err
	}
	if err := c.Printf("%s", outcomes(s.Services)); err != nil || wait == 0 {
		return err
	}
	return missed(verb, s.Services)
}

// outcomes is what has become of services, a line for each.
func outcomes(services []api.Service) string {
	var b strings.Builder
	for i := range services {
		s := &services[i]
		b.WriteString(s.Name + ": " + state(s))
		switch {
		case s.Ready && s.PID > 0:
			fmt.Fprintf(&b, " after %s, pid %d", seconds(s.ReadyAfter), s.PID)
		case why(s) != "":
			b.WriteString(" (" + why(s) + ")")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// missed is the error of services that are not what was asked for.
func missed(verb string, services []api.Service) error {
	var errs []string
	for i := range services {
		s := &services[i]
		good := s.Ready || s.State == "done"
		want := "ready"
		if verb == "stop" {
			good, want = s.State == "down" || s.State == "scheduled" || s.State == "done" || s.State == "failed", "down"
		}
		if !good {
			text := fmt.Sprintf("%s is not %s: it is %s", s.Name, want, s.State)
			if because := why(s); because != "" {
				text += " (" + because + ")"
			}
			errs = append(errs, text)
		}
	}
	if len(errs) > 0 {
		return errors.New(strings.Join(errs, "; "))
	}
	return nil
}

func reloadCommand() *Command {
	return &Command{
		Name: "reload", Summary: "Reads the service directories again.",
		Details:  "New services are started, those that are gone are stopped, those whose definition has changed are restarted. All others keep running. SIGHUP to baseinit does the same.",
		Examples: []Example{{"reload", "prints what was added, removed and replaced"}},
		Run: func(c *Call) error {
			if len(c.Args) > 0 {
				return usagef("it has no arguments: it reads all services")
			}
			var r api.Reloaded
			if err := c.Post("reload", nil, 0, &r); err != nil {
				return err
			}
			return reloaded(c, r)
		},
	}
}

func reloaded(c *Call, r api.Reloaded) error {
	for _, part := range []struct {
		what  string
		names []string
	}{{"added", r.Added}, {"removed", r.Removed}, {"restarted", r.Replaced}} {
		if len(part.names) > 0 {
			if err := c.Printf("%s: %s\n", part.what, strings.Join(part.names, ", ")); err != nil {
				return err
			}
		}
	}
	if len(r.Added)+len(r.Removed)+len(r.Replaced)+len(r.Problems) == 0 {
		return c.Printf("nothing has changed\n")
	}
	if len(r.Problems) > 0 {
		return errors.New(strings.Join(r.Problems, "; "))
	}
	return nil
}

func signalCommand() *Command {
	return &Command{
		Name: "signal", Usage: "SIGNAL SERVICE...", Summary: "Sends a signal to the process of services.",
		Details:   "SIGNAL is a name, with or without SIG, or a number. The service may end of it: its restart policy says what comes next.",
		Examples:  []Example{{"signal HUP web", "has web read its configuration again, if that is what SIGHUP means to it"}},
		Completes: "signal services",
		Run: func(c *Call) error {
			if len(c.Args) < 2 {
				return usagef("which signal, and to which services?")
			}
			return c.Post("signal", Query{}.Add("signal", c.Args[0]).Add("service", c.Args[1:]...), answerWithin, nil)
		},
	}
}
