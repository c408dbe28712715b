//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/sillelien/baseinit/internal/boot"
	"github.com/sillelien/baseinit/internal/check"
	"github.com/sillelien/baseinit/internal/s6"
)

const checkUsage = `usage: baseinit check [ROOT]

Tells of each file of the tree below ROOT (default /) what baseinit will do with it,
in the order of the container's life, and what is wrong with it. It changes nothing and
starts nothing. The S6_ variables of its environment count.

warning: it works, but perhaps not as its author thinks.
error:   the boot will end with code 100, or a script with 126, 127 or 100.

exit codes: 0 no errors; 1 errors; 2 the command line is wrong, or ROOT is no directory.
`

// isCheck tells whether the program was called to check a tree. As /init it never is: there
// "check" is CMD.
func isCheck(argv []string) bool {
	return len(argv) > 1 && filepath.Base(argv[0]) == "baseinit" && argv[1] == "check"
}

// checkTree checks a tree and gives the exit code.
func checkTree(args []string) int {
	flags := flag.NewFlagSet("baseinit check", flag.ContinueOnError)
	flags.Usage = func() {}
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Print(checkUsage)
		return 0
	}
	if err != nil || flags.NArg() > 1 {
		fmt.Fprintln(os.Stderr, "baseinit check --help tells more")
		return codeUsage
	}
	root := "/"
	if flags.NArg() > 0 {
		root = flags.Arg(0)
	}
	settings, wrong := s6.ReadSettings(os.Environ())
	report, err := check.Tree(root, settings)
	if err != nil {
		fmt.Fprintln(os.Stderr, "baseinit: "+err.Error())
		return codeUsage
	}
	if wrong != nil {
		for i, err := range boot.Unjoin(wrong) {
			report.Lines = slices.Insert(report.Lines, i, check.Line{File: "environment", Severity: check.Warning, Text: err.Error()})
		}
	}
	if err := report.Write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "baseinit: "+err.Error())
		return 1
	}
	return min(report.Count(check.Error), 1)
}
