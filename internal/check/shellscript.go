//go:build linux

package check

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/check/shell"
	"github.com/sillelien/baseinit/internal/execline"
)

// shellScript is a script for a shell.
type shellScript struct {
	*checker
	path      string
	list      shell.List
	functions map[string]shell.List
	// What makes the last command matter less: the script is more than a start of a program.
	lives bool
	// sources is that other files say what some words do, paths that they are looked for elsewhere.
	sources, paths bool
}

// shell finds what is wrong with a shell script.
func (c *checker) shell(path string, as use) {
	text, ok := c.scriptText(path)
	if !ok {
		return
	}
	if before, _, found := strings.Cut(text, "\r\n"); found {
		c.find(Finding{
			File: path, Line: 1 + strings.Count(before, "\n"), Column: len(before) - strings.LastIndex(before, "\n"), Severity: Warning, Code: CRLF,
			Text: "the line ends in CRLF: the carriage return is a part of its last word", Fix: c.unDOS(path),
		})
		return
	}
	list, ok := shell.Parse(text)
	if !ok {
		return
	}
	first, _, _ := strings.Cut(text, "\n")
	s := &shellScript{
		checker: c, path: path, list: list, functions: map[string]shell.List{},
		lives: list.HasBackground(), sources: strings.HasSuffix(first, "bashio"),
	}
	list.Each(s.survey)
	switch as {
	case asService:
		s.service()
	case asFinish:
		s.finish()
	}
}

// survey learns what a script consists of, and looks at the users that it names.
func (s *shellScript) survey(c *shell.Command) {
	switch {
	case c.Kind == shell.Function:
		s.functions[c.Name] = c.Inner[0]
	case c.Is("trap", "wait"):
		s.lives = true
	case c.Is(".", "source"):
		s.sources = true
	}
	s.paths = s.paths || slices.Contains(c.Assigns, "PATH") || c.Is("export") && slices.ContainsFunc(c.Words, func(w shell.Word) bool { return strings.HasPrefix(w.Text, "PATH=") })
	s.program(c, s.user)
}

// program follows a command to the program that it runs in the end. It has no words if that is
// not certain.
func (s *shellScript) program(c *shell.Command, user func(path, name string, at execline.Place)) (line chain) {
	for _, w := range c.Words {
		line.argv = append(line.argv, w.Text)
		line.at = append(line.at, execline.Place{Line: w.Line, Column: w.Column})
	}
	if len(c.Words) > 0 && isBuiltin(line.argv[0]) && !c.Is("exec", "command") {
		return line
	}
	return follow(s.path, line, user)
}

// isBuiltin tells whether a word is a builtin of shells. Words of the language are none here.
func isBuiltin(word string) bool {
	return slices.Contains(strings.Fields(". : [ alias bg break builtin cd command continue declare echo eval exec exit export false fg getopts hash jobs kill let local "+
		"mapfile popd printf pushd pwd read readonly return set shift shopt source test times trap true type typeset ulimit umask unalias unset wait"), word)
}

// isBrief tells whether a program is none that a service consists of, or one that does nothing
// which a signal would have to end.
func isBrief(program string) bool {
	name := filepath.Base(program)
	return strings.HasPrefix(name, "s6-") && name != "s6-log" || slices.Contains(strings.Fields("awk basename cat chgrp chmod chown cp curl cut date dirname env find grep halt head "+
		"hostname id install ip iptables kill killall ln logger ls mkdir mkfifo mktemp mv nc pgrep ping pkill poweroff ps reboot rm rmdir sed sleep sort stat sync sysctl "+
		"tail tar tee touch tr true uname wget xargs"), name)
}

// finish finds that a finish script sleeps for longer than it is let.
func (s *shellScript) finish() {
	limit := s.finishLimit(filepath.Dir(s.path))
	slept := 0.0
	for _, st := range s.list {
		if st.Background || len(st.Pipelines) != 1 || len(st.Pipelines[0]) != 1 {
			continue
		}
		c := &st.Pipelines[0][0]
		if !c.Is("sleep", "s6-sleep") || len(c.Words) != 2 {
			continue
		}
		seconds, err := strconv.ParseFloat(strings.TrimSuffix(c.Words[1].Text, "s"), 64)
		if err != nil {
			continue
		}
		if slept += seconds; limit > 0 && slept > limit.Seconds() {
			s.findAt(s.path, execline.Place{Line: c.Line, Column: c.Column}, Finding{
				Severity: Warning, Code: SlowFinish, Text: "sleeps on when its " + limit.String() + " are over: it is killed, and what follows is not done",
			})
			return
		}
	}
}
