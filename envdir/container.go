package envdir

import (
	"errors"
	"io/fs"
)

// Container is the live environment of a container: that of a directory which
// boot scripts write to while the container runs. s6-overlay keeps it in
// /run/s6/container_environment, and so does baseinit.
type Container struct {
	// Dir is the environment directory.
	Dir string
	// Base is the environment that Dir was made from, usually [os.Environ] at
	// the start of PID 1. Of its variables those count whose names no file can
	// have ([ErrName]), or all of them when Dir cannot be read.
	Base []string
}

// Environ reads Dir anew and returns the environment for a process that is
// started now, as a list of NAME=VALUE strings in byte order of the names,
// after what comes from Base. It can be used even if the error is not nil:
// the error then says what is missing from it. That Dir does not exist is
// not an error.
func (c Container) Environ() ([]string, error) {
	env, err := Read(c.Dir)
	if env == nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return Overlay(c.Base, nil), err
	}
	var base []string
	for _, entry := range c.Base {
		if _, _, err := split(entry); errors.Is(err, ErrName) {
			base = append(base, entry)
		}
	}
	return Overlay(base, env), err
}
