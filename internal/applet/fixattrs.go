//go:build linux

package applet

import (
	"context"
	"os"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/s6/fixattrs"
)

// fixAttrs is fix-attrs of s6-overlay v1: what a file of fix-attrs.d says, from standard
// input. Unlike there, one line that cannot be applied does not keep the others from it.
func fixAttrs(p *execline.Process, argv []string) ([]string, error) {
	if len(argv) > 1 {
		return nil, errUsage
	}
	hidden, _ := p.Get("S6_FIX_ATTRS_HIDDEN")
	warnings := fixattrs.Apply(context.Background(), fixattrs.Config{Input: os.Stdin, Hidden: hidden != "" && hidden != "0"})
	for _, w := range warnings {
		p.Warn(w)
	}
	if len(warnings) > 0 {
		return nil, exit(execline.CodeSystem)
	}
	return nil, nil
}
