//go:build linux

package applet

import (
	"github.com/sillelien/baseinit/internal/credential"
	"github.com/sillelien/baseinit/internal/execline"
)

// become is what a service with another user, limits and the like starts as. Only
// credential.Spec.Wrap calls it, so it is in no list.
func become(p *execline.Process, argv []string) ([]string, error) {
	code, err := credential.Become(argv, p.Env, p.Warn)
	return nil, &execline.Exit{Code: code, Err: err}
}
