package cli

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sillelien/baseinit/internal/control/api"
)

func statusCommand() *Command {
	return &Command{
		Name: "status", Usage: "[--json | --names] [--no-usage] [SERVICE...]", Summary: "Prints how the container and its services are.",
		Details: "READY is how long a service took to be ready, after its last start. MEM and CPU count all its processes. The last column says why a service is not as it should be, or how its last run ended.",
		Flags: []Flag{
			{Name: "json", Meaning: "print the answer of the API as it is: see docs/api.md"},
			{Name: "names", Meaning: "print the names of the services, a line each"},
			{Name: "no-usage", Meaning: "leave out MEM and CPU, for which all processes are looked at"},
		},
		Examples: []Example{
			{"status", "prints a table of all services"},
			{"status web", "prints a line, and ends with 3 if web is not ready or done"},
			{"status --json", "prints all that is known, for programs"},
		},
		Codes:     "0 each service that is wanted is ready or done, and each one named is, or is scheduled; 3 one is not; 2 the command line is wrong; 1 there is no such service; 4 no baseinit answers",
		Completes: "services", Run: status,
	}
}

func status(c *Call) error {
	query := Query{}.Add("service", c.Args...)
	if c.Has("no-usage") || c.Has("names") {
		query = query.Add("usage", "0")
	}
	if c.Has("json") {
		return statusJSON(c, query)
	}
	var s api.Status
	if err := c.Get("status", query, &s); err != nil {
		return err
	}
	if c.Has("names") {
		return names(c, s.Services)
	}
	if len(c.Args) == 0 {
		if err := c.Printf("%s\n\n", about(s.Container)); err != nil {
			return err
		}
	}
	if err := c.Printf("%s", servicesTable(s.Services)); err != nil {
		return err
	}
	return verdict(s, len(c.Args) > 0)
}

func names(c *Call, services []api.Service) error {
	for i := range services {
		if err := c.Printf("%s\n", services[i].Name); err != nil {
			return err
		}
	}
	return nil
}

func statusJSON(c *Call, query Query) error {
	var raw json.RawMessage
	if err := c.Get("status", query, &raw); err != nil {
		return err
	}
	if err := c.Printf("%s\n", strings.TrimSpace(string(raw))); err != nil {
		return err
	}
	var s api.Status
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	return verdict(s, len(c.Args) > 0)
}

// verdict is the exit code of a status.
func verdict(s api.Status, named bool) error {
	for i := range s.Services {
		if svc := &s.Services[i]; (svc.Wanted || named) && (!svc.Ready && svc.State != "done" && svc.State != "scheduled" || svc.Health == "unhealthy") {
			return Exit(CodeNotRunning)
		}
	}
	return nil
}

// about is the container in one line.
func about(c api.Container) string {
	text := fmt.Sprintf("baseinit %s, pid %d, %s for %s", c.Version, c.PID, stage(c.Stage), duration(c.Uptime))
	if c.Memory > 0 {
		text += ", " + size(c.Memory)
	}
	return text
}

func stage(name string) string {
	switch name {
	case api.StageUp:
		return "up"
	case api.StageStop, api.StageFinish:
		return "stopping (" + name + "), running"
	}
	return "booting (" + name + "), running"
}

// noServices is what is printed in place of an empty table.
const noServices = "no services (they are read after cont-init.d)\n"

// servicesTable is a line for each service.
func servicesTable(services []api.Service) string {
	if len(services) == 0 {
		return noServices
	}
	var t table
	t.add("NAME", "STATE", "PID", "READY", "UPTIME", "RESTARTS", "MEM", "CPU", "WHY")
	for i := range services {
		s := &services[i]
		t.add(s.Name, state(s), number(s.PID), after(s), uptime(s), strconv.Itoa(s.Restarts), dash(s.Memory > 0, size(s.Memory)), dash(s.Memory > 0, seconds(s.CPU)), why(s))
	}
	return t.String()
}

func state(s *api.Service) string {
	if s.Health == "unhealthy" {
		return "unhealthy"
	}
	return s.State
}

func number(n int) string { return dash(n > 0, strconv.Itoa(n)) }

func after(s *api.Service) string { return dash(s.Ready && s.Started != nil, seconds(s.ReadyAfter)) }

func uptime(s *api.Service) string { return dash(s.PID > 0, duration(s.Uptime)) }

func dash(has bool, text string) string {
	if has {
		return text
	}
	return "-"
}

// why is why a service is not as it should be, else what it says of itself, or how its last
// run ended.
func why(s *api.Service) string {
	var parts []string
	switch {
	case s.Reason != "":
		parts = append(parts, s.Reason)
	case len(s.WaitingFor) > 0:
		parts = append(parts, "waits for "+strings.Join(s.WaitingFor, ", "))
	case s.Text != "":
		parts = append(parts, s.Text)
	}
	if s.NextStart != nil {
		parts = append(parts, "starts in "+duration(time.Until(*s.NextStart).Seconds()))
	}
	if s.LastExit != nil && !strings.Contains(s.Reason, s.LastExit.Reason) {
		reason := s.LastExit.Reason
		if s.PID > 0 {
			reason = "last run " + reason
		}
		parts = append(parts, reason)
	}
	return strings.Join(parts, "; ")
}

// duration is a number of seconds for a person: 5s, 3m12s, 2h05m, 4d03h.
func duration(s float64) string {
	d := time.Duration(max(s, 0) * float64(time.Second))
	switch {
	case d < 10*time.Second:
		return seconds(s)
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
}

// seconds is a short time: 12ms, 0.3s, 7.1s.
func seconds(s float64) string {
	switch {
	case s <= 0:
		return "0s"
	case s < 0.1:
		return fmt.Sprintf("%.0fms", s*1000)
	case s < 60:
		return fmt.Sprintf("%.1fs", s)
	}
	return duration(s)
}

// size is a number of bytes for a person: 812K, 12.5M, 1.1G.
func size(bytes int64) string {
	value := float64(bytes) / 1024
	for _, unit := range "KMGT" {
		if value < 1000 {
			if value < 100 && unit != 'K' {
				return fmt.Sprintf("%.1f%c", value, unit)
			}
			return fmt.Sprintf("%.0f%c", value, unit)
		}
		value /= 1024
	}
	return fmt.Sprintf("%.0fP", value)
}
