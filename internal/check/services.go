//go:build linux

package check

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/servicefile"
	"github.com/sillelien/baseinit/supervisor"
)

// servicesDir is about services.d.
func (c *checker) servicesDir() {
	dir := c.etc("services.d")
	c.files(dir, func(path string) string {
		name, file, inside := strings.Cut(path, "/")
		if !inside {
			return "" // is no service
		}
		if rest, isLog := strings.CutPrefix(file, "log/"); isLog {
			name, file = name+"/log", rest
		}
		s := find(c.legacy, name)
		switch file {
		case "run":
			return legacyService(name, s) + c.script(filepath.Join(dir, name, file), asService)
		case "down":
			return name + " is not started until s6-svc -u"
		case "log":
			return name + "'s log service"
		}
		if isOfRC(top(file)) {
			return "means something only in s6-rc.d, ignored"
		}
		return c.serviceFile(name, filepath.Join(dir, name), file)
	})
}

// legacyService tells what becomes of a service of services.d, nil if it is wrong.
func legacyService(name string, s *supervisor.Service) string {
	text := "service " + name
	parent, isLog := strings.CutSuffix(name, "/log")
	switch {
	case isLog:
		text += ", reads what " + parent + " prints"
	case s == nil: // it is wrong, and so the boot ends
		return text
	case s.Down:
		text += ", not started until s6-svc -u"
	case len(s.After) > 0:
		text += ", started after the services of s6-rc.d"
	default:
		text += ", started with the container"
	}
	if s == nil {
		return text
	}
	return text + after(s.Requires)
}

func after(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return ", after " + strings.Join(names, ", ")
}

// isOfRC tells whether a file has a meaning in s6-rc.d alone.
func isOfRC(file string) bool {
	switch file {
	case "type", "up", "timeout-up", "timeout-down", "producer-for", "consumer-for", "pipeline-name", "flag-essential", "contents", "contents.d":
		return true
	}
	return false
}

// serviceFile tells what a file means to a service that runs.
func (c *checker) serviceFile(name, dir, file string) string {
	if dependency, found := strings.CutPrefix(file, "dependencies.d/"); found {
		return name + " starts after " + dependency
	}
	path := filepath.Join(dir, file)
	switch top(file) {
	case "finish":
		if c.isNeverRun(dir + "/finish") {
			return ""
		}
		return "runs after each end of " + name + c.script(dir+"/finish", asFinish)
	case "reload-signal":
		_, err := s6.ReadSignal(dir + "/reload-signal")
		c.unused(err, dir+"/reload-signal")
	case "max-death-tally":
		_, err := s6.ReadTallyLimit(dir + "/max-death-tally")
		c.unused(err, dir+"/max-death-tally")
	case servicefile.Name:
		return c.serviceTOML(name, path)
	case "lock-fd", "flag-newpidns", "instance", "instances":
		c.find(Finding{File: path, Severity: Warning, Code: Ignored, Text: "not supported, ignored"})
		return ""
	case "flag-timeout-killpg":
		return "what it asks for is done anyway"
	case "nosetsid":
		return "ignored, as by s6 since 2.10"
	case "supervise":
		return "made anew in each container, with this mode and group"
	case "event":
		return "made anew in each container"
	}
	if meaning := valueOf(name, file); meaning != "" {
		return meaning
	}
	c.misnamed(dir, file, serviceFiles)
	return name + "'s own file"
}

// isNeverRun tells whether s6 has found a finish file to be no script.
func (c *checker) isNeverRun(path string) bool {
	return slices.ContainsFunc(c.found[path], func(f Finding) bool { return f.Code == DeadFinish || f.Code == LinkOut })
}

// unused is about a value that is read only when it is needed.
func (c *checker) unused(err error, file string) {
	if err != nil {
		_, text, _ := strings.Cut(err.Error(), file+": ")
		c.find(Finding{File: file, Line: 1, Severity: Warning, Code: Value, Text: text + ": the default is used"})
	}
}

// valueOf tells what the value in a file of a service is for.
func valueOf(name, file string) string {
	switch file {
	case "notification-fd":
		return "the descriptor on which " + name + " says that it is ready"
	case "timeout-finish":
		return "how long " + name + "'s finish may take"
	case "timeout-kill", "timeout-down":
		return "how long " + name + " may take to end"
	case "timeout-up":
		return "how long " + name + " may take to be ready"
	case "down-signal":
		return "the signal that stops " + name
	case "reload-signal":
		return "the signal that s6-svc -l sends to " + name
	case "max-death-tally":
		return "how many ends of " + name + " are remembered"
	case "max-restarts":
		return "how often " + name + " is started again"
	case "critical":
		return "the container ends when " + name + " fails for good"
	case "dependencies":
		return "names what " + name + " starts after"
	case "producer-for":
		return "names who reads what " + name + " prints"
	case "consumer-for":
		return "names whose output " + name + " reads"
	case "pipeline-name":
		return "names " + name + " with those whose output it reads"
	case "flag-essential":
		return "only the end of the container stops " + name
	}
	return ""
}

// top is the first name of a path.
func top(path string) string {
	name, _, _ := strings.Cut(path, "/")
	return name
}

func find(services []supervisor.Service, name string) *supervisor.Service {
	for i := range services {
		if services[i].Name == name {
			return &services[i]
		}
	}
	return nil
}
