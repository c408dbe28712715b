package control

import (
	"net/http"
	"slices"
	"strings"

	"github.com/sillelien/baseinit/internal/control/api"
)

// Route is one path of the API. docs/api.md is made from them.
type Route struct {
	Path       string
	Post       bool // it does something; else it is asked by GET, or HEAD
	Parameters []Parameter
	Answer     string // the type in package api, or what it is in words
	Meaning    string
	answer     func(*request)
}

// Parameter is one in the query of a path.
type Parameter struct {
	Name, Value string // "service", "NAME"
	Meaning     string
	Many        bool // it may be there several times
	Required    bool
	check       func(value string) error // nil: all values are good
}

// Routes gives all paths, in the order of the documentation.
func Routes() []Route {
	services := Parameter{Name: "service", Value: "NAME", Many: true, Meaning: "only this one; may be repeated"}
	named := Parameter{Name: "service", Value: "NAME", Many: true, Required: true, Meaning: "the service; may be repeated"}
	wait := Parameter{Name: "wait", Value: "SECONDS", Meaning: "how long the answer may wait for what was asked; default 0", check: isSeconds}
	follow := Parameter{Name: "follow", Value: "0 or 1", Meaning: "1: the answer goes on with what comes from now on", check: isBool}
	steered := " The answer tells how the services are then, whether that is what was asked for or not."
	return []Route{
		{
			Path: "status", Answer: "Status", Meaning: "how the container and its services are", answer: status,
			Parameters: []Parameter{services, {Name: "usage", Value: "0 or 1", Meaning: "0: without memory and processor time, for which all processes are looked at", check: isBool}},
		},
		{Path: "start", Post: true, Parameters: []Parameter{named, wait}, Answer: "Status", Meaning: "starts services and what they require." + steered, answer: start},
		{Path: "stop", Post: true, Parameters: []Parameter{named, wait}, Answer: "Status", Meaning: "stops services, those that require them first." + steered, answer: stop},
		{Path: "restart", Post: true, Parameters: []Parameter{named, wait}, Answer: "Status", Meaning: "ends the present run of services and starts another." + steered, answer: restart},
		{
			Path: "signal", Post: true, Answer: "Status", Meaning: "sends a signal to the process of services", answer: sendSignal,
			Parameters: []Parameter{named, {Name: "signal", Value: "SIGNAL", Required: true, Meaning: "`HUP`, `SIGHUP` or `1`", check: isSignal}},
		},
		{Path: "reload", Post: true, Answer: "Reloaded", Meaning: "reads the service directories again", answer: reload},
		{
			Path: "wait", Answer: "Status", Meaning: "waits until the services are as they should be. Status 409: one cannot get there by itself; 504: the time is over", answer: await,
			Parameters: []Parameter{
				named,
				{Name: "state", Value: "STATE", Meaning: "`ready` (the default): ready or done; `down`: nothing of it runs; `done`: it has ended well", check: isGoal},
				{Name: "timeout", Value: "SECONDS", Meaning: "how long to wait; default: for ever", check: isSeconds},
			},
		},
		{Path: "healthy", Parameters: []Parameter{services}, Answer: "Healthy", Meaning: "whether all is well: status 200, else 503", answer: healthy},
		{
			Path: "logs", Answer: "Line, as JSON, one a line", Meaning: "what services have written. Status 409: nothing of that goes through baseinit", answer: logs,
			Parameters: []Parameter{
				services,
				{Name: "since", Value: "TIME", Meaning: "only what came since, in RFC 3339", check: isTime},
				{Name: "last", Value: "LINES", Meaning: "only the last so many of the lines that there are", check: isNumber},
				follow,
			},
		},
		{Path: "events", Parameters: []Parameter{follow}, Answer: "Event, as JSON, one a line", Meaning: "the last 256 things that have happened", answer: events},
		{
			Path: "env", Answer: "an object of strings", Meaning: "the environment that a service would be started with now", answer: environ,
			Parameters: []Parameter{{Name: "service", Value: "NAME", Meaning: "the service; default: the container itself"}},
		},
		{Path: "processes", Answer: "array of Process", Meaning: "all processes of the container", answer: func(q *request) { q.json(http.StatusOK, orEmpty(q.backend.Processes())) }},
		{Path: "graph", Answer: "array of Node", Meaning: "the services and what they depend on", answer: func(q *request) { q.json(http.StatusOK, orEmpty(q.backend.Graph())) }},
		{Path: "timeline", Answer: "Timeline", Meaning: "how the boot went", answer: func(q *request) { q.json(http.StatusOK, q.backend.Timeline()) }},
		{Path: "metrics", Answer: "text", Meaning: "what is counted, as Prometheus reads it", answer: metrics},
	}
}

// orEmpty is an array, also if there is nothing in it.
func orEmpty[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

// find gives the route of a path.
func find(path string) (Route, bool) {
	name, ok := strings.CutPrefix(path, "/"+api.Version+"/")
	if !ok {
		return Route{}, false
	}
	all := Routes()
	i := slices.IndexFunc(all, func(r Route) bool { return r.Path == name })
	if i < 0 {
		return Route{}, false
	}
	return all[i], true
}

func paths() (all []string) {
	for _, r := range Routes() {
		all = append(all, "/"+api.Version+"/"+r.Path)
	}
	return all
}

func (r Route) methods() string {
	if r.Post {
		return http.MethodPost
	}
	return http.MethodGet + ", " + http.MethodHead
}

func (r Route) allows(method string) bool {
	if r.Post {
		return method == http.MethodPost
	}
	return method == http.MethodGet || method == http.MethodHead
}
