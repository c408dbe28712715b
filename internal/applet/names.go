//go:build linux

package applet

import (
	"slices"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// Names lists all commands, execline's words among them, sorted.
func Names() []string {
	all := execline.Names()
	for i := range applets {
		all = append(all, applets[i].name)
	}
	slices.Sort(all)
	return all
}

// lister is baseinit-names. It is not among the applets, which it lists.
var lister = applet{
	"baseinit-names", "", "Prints the names of all commands that this program is, a line each: the links to make.",
	func(*execline.Process, []string) ([]string, error) {
		return nil, execline.Write(1, strings.Join(Names(), "\n")+"\n")
	},
}
