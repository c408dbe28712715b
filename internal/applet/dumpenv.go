//go:build linux

package applet

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// dumpenv is s6-dumpenv: a file for each variable. Each is written under another name and
// renamed, so that with-contenv never reads half of one.
func dumpenv(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "Nm:")
	mode := uint64(0o755)
	for _, o := range options {
		if o.Letter == 'm' {
			n, err := strconv.ParseUint(o.Arg, 8, 12)
			ok, mode = ok && err == nil, n
		}
	}
	if !ok || len(rest) != 1 {
		return nil, errUsage
	}
	dir := rest[0]
	if err := makeDir(dir, mode); err != nil {
		return nil, err
	}
	for _, entry := range p.Env {
		name, value, _ := strings.Cut(entry, "=")
		if name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
			p.Warn(fmt.Errorf("cannot keep the variable %q: no file can have that name", name))
			continue
		}
		file := filepath.Join(dir, name)
		draft := file + "=.tmp" // which envdir readers pass over
		if err := os.WriteFile(draft, []byte(value), 0o666); err != nil {
			return nil, fmt.Errorf("cannot keep the variable: %w", err)
		}
		if err := os.Rename(draft, file); err != nil {
			return nil, fmt.Errorf("cannot keep the variable: %w", err)
		}
	}
	return nil, nil
}

// makeDir makes a directory, unless it is there.
func makeDir(dir string, mode uint64) error {
	err := os.Mkdir(dir, fileMode(mode))
	if err == nil {
		return nil
	}
	if st, _ := os.Stat(dir); st != nil && st.IsDir() {
		return nil
	}
	return fmt.Errorf("cannot make the directory: %w", err)
}
