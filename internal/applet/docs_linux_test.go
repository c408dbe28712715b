package applet_test

import (
	"slices"
	"testing"

	"github.com/sillelien/baseinit/internal/applet"
	"github.com/sillelien/baseinit/internal/doctable"
)

// TestDocumented: each command has one row in docs/s6.md, and what that says is there is.
func TestDocumented(t *testing.T) {
	t.Parallel()
	const page = "../../docs/s6.md"
	code := applet.Names()
	for _, name := range []string{"baseinit-names", "halt", "poweroff", "reboot"} { // not linked in PATH, or what lists the links
		if applet.Find(name) == nil {
			t.Errorf("there is no command %s", name)
		}
		code = append(code, name)
	}
	commands, words := doctable.Read(t, page, "commands"), doctable.Read(t, page, "execline")
	doctable.Complete(t, page, "commands or of execline", slices.Concat(commands, words), code)
	doctable.Truthful(t, page, slices.Concat(commands, words), code)
	for _, r := range words {
		for _, name := range r.Names {
			if slices.ContainsFunc(commands, func(c doctable.Row) bool { return slices.Contains(c.Names, name) }) {
				t.Errorf("%s:%d: %s has a row in both tables", page, r.Line, name)
			}
		}
	}
}
