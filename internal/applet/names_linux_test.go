package applet_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/applet"
)

// TestNames: each name is a command, each command has one name, and baseinit-names
// prints them.
func TestNames(t *testing.T) {
	t.Parallel()
	all, run := applet.Names(), t.TempDir() // of no container, whatever the host has in /run
	if got := (call{argv: []string{"baseinit-names"}}).run(t); got.stdout != strings.Join(all, "\n")+"\n" {
		t.Errorf("baseinit-names: %+v, want %q", got, all)
	}
	if unique := slices.Compact(slices.Clone(all)); len(unique) != len(all) {
		t.Errorf("a name is there twice: %q", all)
	}
	for _, name := range all {
		// A call with an option that none of them has ends with a usage or its own code, not
		// with the code of a program that is not there.
		got := call{argv: []string{name, "--no-such-option"}, env: []string{"BASEINIT_RUN=" + run}}.run(t)
		if got.code == 127 && name != "wait" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
