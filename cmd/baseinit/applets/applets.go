//go:build linux

// Package applets runs the commands that baseinit is under other names, while the
// packages of the program are initialised: a command needs few of them, and scripts
// call it often. Go initialises packages in the order of their import paths as far as
// what they import allows, so this one comes before net, net/http and crypto/tls.
package applets

import (
	"os"

	"github.com/sillelien/baseinit/internal/applet"
	"github.com/sillelien/baseinit/internal/execline"
)

func init() { //nolint:gochecknoinits // see the comment of the package
	if code, found := execline.Main(os.Args, applet.Find); found {
		os.Exit(code)
	}
}
