//go:build linux

// Package operator runs the commands of package cli while the packages of the program are
// initialised, as package applets does for those of scripts: a HEALTHCHECK runs one every
// few seconds, and needs neither net/http nor crypto/tls.
package operator

import (
	"os"

	"github.com/sillelien/baseinit/internal/cli"
)

func init() { //nolint:gochecknoinits // see the comment of the package
	if code, found := cli.Main(os.Args, os.Getpid() == 1); found {
		os.Exit(code)
	}
}
