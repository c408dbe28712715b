//go:build linux

package applet

import (
	"slices"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// Names lists all commands, execline's words among them, sorted. One of them, baseinit, is
// the program itself, for `baseinit check`.
func Names() []string {
	all := append(execline.Names(), "baseinit")
	for i := range applets {
		all = append(all, applets[i].name)
	}
	slices.Sort(all)
	return all
}

// enders are the commands by which scripts for s6-overlay v3 end the container. They are
// linked in /run/s6/basedir/bin alone: in PATH such names are other programs'.
var enders = [...]applet{
	{"halt", "", "Stops the container.", halt},
	{"poweroff", "", "Stops the container.", halt},
	{"reboot", "", "Stops the container: who started it decides whether it starts again.", halt},
}

// lister is baseinit-names. It is not among the applets, which it lists.
var lister = applet{
	"baseinit-names", "", "Prints the names of all commands that this program is, a line each: the links to make.",
	func(*execline.Process, []string) ([]string, error) {
		return nil, execline.Write(1, strings.Join(Names(), "\n")+"\n")
	},
}
