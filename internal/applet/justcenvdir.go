//go:build linux

package applet

import (
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// justcEnvdir is justc-envdir of s6-overlay v1: unlike with s6-envdir the value is the whole
// file as it is, up to a zero byte, and an empty file is an empty variable.
func justcEnvdir(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "Ii")
	if !ok || len(rest) < 2 {
		return nil, errUsage
	}
	tolerant := len(options) > 0 && options[len(options)-1].Letter == 'I'
	return rest[1:], variables(rest[0], tolerant, true, func(name, value string) {
		value, _, _ = strings.Cut(value, "\x00")
		p.Set(name, value)
	})
}
