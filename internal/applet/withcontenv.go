package applet

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/sillelien/baseinit/envdir"
)

// kept are variables that are not the container's and that a service still
// needs: how it tells that it is ready, and where the environment is.
var kept = []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "BASEINIT_RUN"}

// withContenv is with-contenv PROGRAM [ARGUMENT...]: it becomes the program, in
// the container's environment as it now is, instead of the one it was called in.
func withContenv(args []string, stderr io.Writer) int {
	if len(args) == 0 {
		return fail(stderr, codeUsage, "usage: with-contenv PROGRAM [ARGUMENT...]")
	}
	env, err := containerEnviron()
	if err != nil {
		return fail(stderr, codeSystem, "with-contenv: %v", err)
	}
	path, err := find(args[0], env)
	if err == nil {
		err = syscall.Exec(path, args, env)
	}
	code := 126
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, exec.ErrNotFound) {
		code = 127
	}
	return fail(stderr, code, "with-contenv: cannot run %s: %v", args[0], err)
}

// containerEnviron is the container's environment, or with S6_KEEP_ENV=1 the
// caller's.
func containerEnviron() ([]string, error) {
	if os.Getenv("S6_KEEP_ENV") == "1" {
		return os.Environ(), nil
	}
	run := "/run"
	if dir := os.Getenv("BASEINIT_RUN"); dir != "" {
		run = dir
	}
	dir := filepath.Join(run, "s6", "container_environment")
	vars, err := envdir.Read(dir)
	if vars == nil && err != nil {
		return nil, err
	}
	var own []string
	for _, name := range kept {
		if value, ok := os.LookupEnv(name); ok {
			own = append(own, name+"="+value)
		}
	}
	return envdir.Overlay(own, vars), nil
}

// find looks a program up in the PATH that it is going to have.
func find(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, entry := range env {
		if path, ok := strings.CutPrefix(entry, "PATH="); ok {
			if err := os.Setenv("PATH", path); err != nil {
				return "", err
			}
		}
	}
	return exec.LookPath(name)
}
