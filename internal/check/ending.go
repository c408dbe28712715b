//go:build linux

package check

import (
	"slices"
	"time"

	"github.com/sillelien/baseinit/internal/check/shell"
	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/supervisor"
)

// service finds that a run script does not become the service: that it does not exec it, or
// that the service goes into the background.
func (s *shellScript) service() {
	s.list.Each(func(c *shell.Command) {
		if c.Is("exec") {
			s.becomes(c)
		}
	})
	s.ends(s.list, 0)
}

// becomes looks at a program that a script execs.
func (s *shellScript) becomes(c *shell.Command) {
	line := s.program(c, noUser)
	if len(line.argv) == 0 {
		return // redirections, or not certain
	}
	s.foreground(s.path, line, func() {})
	f, is := s.lacks(line.argv[0])
	switch {
	case !is:
	case f.Code != NoProgram:
		s.findAt(s.path, line.at[0], f)
	case line.argv[0][0] != '/' && !s.sources && !s.paths: // a path may be in a volume
		s.later = append(s.later, func() {
			if !s.isMentioned("apk add", "apt-get ", "apt install", "npm ", "pip install") {
				s.findAt(s.path, line.at[0], f)
			}
		})
	}
}

func noUser(string, string, execline.Place) {}

// mostCalls bounds how many functions deep the end of a script is looked for.
const mostCalls = 20

// ends looks at the commands that a list ends with.
func (s *shellScript) ends(list shell.List, depth int) {
	if depth > mostCalls {
		return
	}
	for i := range list { // what comes behind an exec is never reached
		if c := only(list[i]); c != nil && c.Is("exec") && len(c.Words) > 1 {
			return
		}
	}
	for _, st := range slices.Backward(list) {
		if c := only(st); c == nil || c.Kind != shell.Function {
			s.statement(st, depth)
			return
		}
	}
}

// only is the command that a statement consists of, nil if there are several.
func only(st shell.Statement) *shell.Command {
	if st.Background || len(st.Pipelines) != 1 || len(st.Pipelines[0]) != 1 {
		return nil
	}
	return &st.Pipelines[0][0]
}

// statement looks at what a script ends with. What is done when a program fails does not count.
func (s *shellScript) statement(st shell.Statement, depth int) {
	i := len(st.Pipelines) - 1
	for i > 0 && len(st.Pipelines[i]) == 1 && s.isPassing(&st.Pipelines[i][0]) {
		i--
	}
	p := st.Pipelines[i]
	c := &p[0]
	switch {
	case st.Background:
		s.inBackground(c)
	case len(p) > 1:
		s.piped(c)
	case c.Kind == shell.Choice, c.Kind == shell.Group:
		for _, end := range c.Ends {
			s.ends(end, depth+1)
		}
	case c.Kind == shell.Simple && len(c.Words) > 0 && s.functions[c.Words[0].Text] != nil:
		s.ends(s.functions[c.Words[0].Text], depth+1)
	case c.Kind == shell.Simple && !c.Is("exec"):
		s.last(c)
	}
}

// isPassing tells whether a command is over soon.
func (s *shellScript) isPassing(c *shell.Command) bool {
	switch {
	case c.Kind == shell.Group:
		for _, l := range c.Inner {
			for _, st := range l {
				if inner := only(st); inner == nil || !s.isPassing(inner) {
					return false
				}
			}
		}
		return true
	case c.Kind != shell.Simple || c.Is("exec"):
		return c.Kind == shell.Test
	case len(c.Words) == 0:
		return true
	}
	return isBuiltin(c.Words[0].Text) || isBrief(c.Words[0].Text)
}

// last looks at a program that the shell waits for, as the last thing that it does.
func (s *shellScript) last(c *shell.Command) {
	line := s.program(c, noUser)
	if len(line.argv) == 0 || !s.isService(c, line) {
		return
	}
	s.foreground(s.path, line, func() {
		if !s.lives {
			s.findAt(s.path, execline.Place{Line: c.Line, Column: c.Column}, Finding{
				Severity: Warning, Code: NoExec, Text: "ends with " + line.argv[0] + " without exec: the shell stays in between, and signals that go to the process alone do not reach it",
			})
		}
	})
}

// isService tells whether a program is one that a service may consist of.
func (s *shellScript) isService(c *shell.Command, line chain) bool {
	word := line.argv[0]
	if isBuiltin(word) || isBrief(word) || s.functions[word] != nil {
		return false
	}
	if _, known := findDaemon(word); known || !s.sources {
		return true
	}
	// Words that other files define are no programs.
	return line.argv[0] != c.Words[0].Text || word[0] == '/' || s.whole && s.isThere(word)
}

// isThere tells whether there is a program of that name.
func (s *shellScript) isThere(word string) bool {
	for _, dir := range s.dirs {
		if _, found := s.below(dir + "/" + word); found {
			return true
		}
	}
	return false
}

// piped looks at the first of several programs that the shell waits for.
func (s *shellScript) piped(c *shell.Command) {
	line := s.program(c, noUser)
	if len(line.argv) == 0 || c.Is("exec") || !s.isService(c, line) {
		return
	}
	s.foreground(s.path, line, func() {
		if !s.lives {
			s.findAt(s.path, execline.Place{Line: c.Line, Column: c.Column}, Finding{
				Severity: Info, Code: NoExec, Text: "ends with a pipeline: signals that go to the process alone do not reach " + line.argv[0],
				Fix: "let a service read what it prints (log/run, or producer-for)",
			})
		}
	})
}

// inBackground looks at a program that the script ends without.
func (s *shellScript) inBackground(c *shell.Command) {
	waits := false
	s.list.Each(func(c *shell.Command) { waits = waits || c.Is("wait", "fg") })
	if waits {
		return
	}
	s.findAt(s.path, execline.Place{Line: c.Line, Column: c.Column}, Finding{
		Severity: Warning, Code: Daemonises, Text: "the script ends with a program in the background: the service ends at once, and is started again and again",
		Fix: "put exec in front and take the & away",
	})
}

// finishLimit is how long the finish of the service in a directory may take, 0 if that is not
// known or not limited.
func (c *checker) finishLimit(dir string) time.Duration {
	const usual = 5 * time.Second // as s6 has it
	for _, services := range [][]supervisor.Service{c.legacy, c.rc.Services} {
		for i := range services {
			if services[i].Dir == dir {
				if limit := services[i].FinishTimeout; limit != 0 {
					return max(limit, 0)
				}
				return usual
			}
		}
	}
	return 0
}
