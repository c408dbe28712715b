//go:build linux

package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/s6/fixattrs"
)

// hook is about S6_STAGE2_HOOK.
func (c *checker) hook() {
	words := strings.Fields(c.settings.Stage2Hook)
	if len(words) == 0 {
		return
	}
	const name = "S6_STAGE2_HOOK"
	if f, is := c.lacks(words[0]); is {
		f.File = name
		c.find(f)
	}
	c.say(name, "runs first and may change all that follows: "+strings.Join(words, " "))
}

func (c *checker) fixAttrs() {
	dir := c.etc("fix-attrs.d")
	c.wrong(errors.Join(fixattrs.Check(fixattrs.Config{Root: c.root, Dir: dir})...), Warning, FixAttrs, "")
	c.files(dir, func(name string) string {
		if strings.Contains(name, "/") {
			return "in a directory, skipped"
		}
		return "applied before cont-init.d"
	})
}

// scripts is about a directory of boot scripts. when goes after their places in the order.
func (c *checker) scripts(name, when string) {
	dir := c.etc(name)
	scripts, err := s6.LookAtScripts(dir)
	c.wrong(errors.Join(err), Error, Unreadable, endsBoot)
	places := map[string]string{}
	for i, s := range scripts {
		places[s.Name] = "runs " + ordinal(i+1) + when
		switch {
		case s.Err != nil:
			_, text, _ := strings.Cut(s.Err.Error(), s.Path+": ")
			c.find(Finding{File: s.Path, Severity: Error, Code: NotAScript, Text: c.inside(text) + endsCannot})
			continue
		case s.Note != "":
			c.note(s.Path, s.Note)
		}
		places[s.Name] += c.script(s.Path, asScript)
	}
	c.files(dir, func(name string) string {
		if strings.Contains(name, "/") {
			return "in a directory, skipped"
		}
		return places[name]
	})
}

func ordinal(n int) string {
	end := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			end = "st"
		case 2:
			end = "nd"
		case 3:
			end = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, end)
}

// cmd is about CMD, which is known only when a container is started.
func (c *checker) cmd() {
	early := s6.Wanted(c.rc.Services)
	all := slices.Concat(s6.Wanted(c.legacy), early)
	text := "starts when cont-init.d is over"
	switch {
	case c.settings.CmdWaitForServices && len(all) > 0:
		text = "starts when all services are ready (S6_CMD_WAIT_FOR_SERVICES): " + strings.Join(all, ", ")
	case len(early) > 0:
		text = "starts after " + strings.Join(early, ", ")
	case len(all) > 0:
		text = "starts with the services"
	}
	c.say("CMD", text)
}
