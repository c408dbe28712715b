//go:build linux

package applet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	entries, err := os.ReadDir(rest[0])
	if errors.Is(err, fs.ErrNotExist) && tolerant {
		return rest[1:], nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the environment: %w", err)
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || strings.Contains(name, "=") {
			continue
		}
		value, err := readVariable(filepath.Join(rest[0], name), true)
		if errors.Is(err, errNotFile) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read the environment: %w", err)
		}
		value, _, _ = strings.Cut(value, "\x00")
		p.Set(name, value)
	}
	return rest[1:], nil
}
