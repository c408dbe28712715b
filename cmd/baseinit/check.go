//go:build linux

package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/sillelien/baseinit/internal/boot"
	"github.com/sillelien/baseinit/internal/check"
	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/servicefile"
)

const checkUsage = `usage: baseinit check [--strict] [--quiet] [--json] [--ignore CODE,...] [ROOT]
       baseinit check --schema

Tells of each file of the tree below ROOT (default /) what baseinit will do with it,
in the order of the container's life, and what is wrong with it. It changes nothing and
starts nothing. The S6_ variables of its environment count. In a Dockerfile:

  RUN baseinit check

  --strict   warnings make the exit code 3
  --quiet    only what is wrong
  --json     only what is wrong, as one JSON object
  --ignore   leave these kinds of findings out: the words in brackets
  --schema   print the JSON schema of service.toml, for editors, and check nothing

error:   the boot will end with code 100, or a script with 126, 127 or 100.
warning: it works, but perhaps not as its author thinks.
note:    it cannot be known here.

exit codes: 0 no errors; 1 errors; 2 the command line is wrong, or ROOT is no directory;
3 with --strict: no errors, but warnings.
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
	strict, quiet, asJSON := flags.Bool("strict", false, ""), flags.Bool("quiet", false, ""), flags.Bool("json", false, "")
	schema := flags.Bool("schema", false, "")
	var ignored []check.Code
	flags.Func("ignore", "", func(list string) (err error) {
		ignored, err = check.Codes(list)
		return err
	})
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Print(checkUsage)
		return 0
	}
	if flags.NArg() > 1 {
		fmt.Fprintf(os.Stderr, "baseinit check: one tree at a time, not %q, too\n", flags.Arg(1))
	}
	if err != nil || flags.NArg() > 1 {
		fmt.Fprintln(os.Stderr, "baseinit check --help tells more")
		return codeUsage
	}
	if *schema {
		fmt.Print(servicefile.Schema())
		return 0
	}
	report, err := checkRoot(cmp.Or(flags.Arg(0), "/"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "baseinit: "+err.Error())
		return codeUsage
	}
	report.Ignore(ignored...)
	if *asJSON {
		err = report.WriteJSON(os.Stdout)
	} else {
		err = report.Write(os.Stdout, *quiet)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "baseinit: "+err.Error())
		return 1
	}
	return checkCode(report, *strict)
}

// checkRoot checks a tree, and the S6_ variables.
func checkRoot(root string) (check.Report, error) {
	settings, wrong := s6.ReadSettings(os.Environ())
	report, err := check.Tree(root, settings)
	if err == nil && wrong != nil {
		for _, err := range slices.Backward(boot.Unjoin(wrong)) {
			report.Add(check.Finding{File: "environment", Severity: check.Warning, Code: check.Environment, Text: err.Error()})
		}
	}
	return report, err
}

// checkCode is the exit code.
func checkCode(report check.Report, strict bool) int {
	const onlyWarnings = 3
	switch {
	case report.Count(check.Error) > 0:
		return 1
	case strict && report.Count(check.Warning) > 0:
		return onlyWarnings
	}
	return 0
}
