package servicefile

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/sillelien/baseinit/internal/s6/smallfile"
)

// Environ gives the variables of the service, as NAME=VALUE, those that win last: of
// env_file, whose paths are seen from dir, and of env. The error joins one for each file
// that cannot be read and each line that is none, with file, line and remedy.
func (s *Service) Environ(dir string) (all []string, err error) {
	var errs []error
	for i, path := range s.EnvPaths(dir) {
		optional := strings.HasPrefix(s.EnvFiles[i], "-")
		data, err := smallfile.Read(path, sizeLimit)
		switch {
		case optional && errors.Is(err, fs.ErrNotExist):
		case errors.Is(err, fs.ErrNotExist):
			errs = append(errs, fmt.Errorf(`%w (env_file = "-%s" lets it be missing)`, err, path))
		case err != nil:
			errs = append(errs, err)
		default:
			entries, err := readEnv(path, string(data))
			all, errs = append(all, entries...), append(errs, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		all = append(all, name+"="+s.Env[name])
	}
	return all, errors.Join(errs...)
}

// EnvPaths are the files of env_file, seen from dir. A nil *Service has none.
func (s *Service) EnvPaths(dir string) (paths []string) {
	if s == nil {
		return nil
	}
	for _, name := range s.EnvFiles {
		paths = append(paths, Path(dir, strings.TrimPrefix(name, "-")))
	}
	return paths
}

// readEnv reads lines NAME=VALUE, as docker run --env-file does: a value is all that follows, but
// for quotes around all of it. Empty lines and those that begin with # say nothing.
func readEnv(path, text string) (all []string, err error) {
	var errs []error
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if start := strings.TrimSpace(line); start == "" || start[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimLeft(line, " \t"), "=")
		if !ok || name == "" || strings.ContainsAny(name, " \t\x00") || strings.Contains(value, "\x00") {
			errs = append(errs, fmt.Errorf("cannot use %s:%d: it is not NAME=VALUE", path, number))
			continue
		}
		all = append(all, name+"="+unquoted(value))
	}
	return all, errors.Join(errs...)
}

// unquoted is a value without quotes around all of it.
func unquoted(value string) string {
	for _, quote := range []string{`"`, "'"} {
		if len(value) >= 2 && strings.HasPrefix(value, quote) && strings.HasSuffix(value, quote) {
			return value[1 : len(value)-1]
		}
	}
	return value
}
