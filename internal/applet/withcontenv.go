//go:build linux

package applet

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/sillelien/baseinit/envdir"
	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/statedir"
)

// kept are variables that are not the container's and that a service still
// needs: how it tells that it is ready, and where the environment is.
var kept = [...]string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "BASEINIT_RUN"}

// withContenv goes on in the container's environment as it now is, instead of the
// one it was called in.
func withContenv(p *execline.Process, argv []string) ([]string, error) {
	if len(argv) < 2 {
		return nil, errUsage
	}
	env, err := containerEnviron(p)
	if err != nil {
		return nil, err
	}
	p.Env = env
	p.SearchNewPath()
	return argv[1:], nil
}

// printContenv prints one variable of the container's environment.
func printContenv(p *execline.Process, argv []string) ([]string, error) {
	if len(argv) != 2 || argv[1] == "" || strings.Contains(argv[1], "=") {
		return nil, errUsage
	}
	env, err := containerEnviron(p)
	if err != nil {
		return nil, err
	}
	value, set := execline.NewProcess(env, nil).Get(argv[1])
	if !set {
		return nil, exit(1)
	}
	return nil, execline.Write(1, value+"\n")
}

// containerEnviron is the container's environment, or with S6_KEEP_ENV=1 the
// caller's.
func containerEnviron(p *execline.Process) ([]string, error) {
	if keep, _ := p.Get("S6_KEEP_ENV"); keep == "1" {
		return p.Env, nil
	}
	vars, err := envdir.Read(filepath.Join(runDir(p), "s6", "container_environment"))
	if vars == nil && err != nil {
		return nil, err
	}
	var own []string
	for _, name := range kept {
		if value, ok := p.Get(name); ok {
			own = append(own, name+"="+value)
		}
	}
	return envdir.Overlay(own, vars), nil
}

// runDir is where the container keeps what can be written: see package boot. Who comes
// from outside, as by docker exec, has not been told; where /run cannot be written, PID 1
// keeps it in a directory of the user's own.
func runDir(p *execline.Process) string {
	if dir, _ := p.Get("BASEINIT_RUN"); dir != "" {
		return dir
	}
	var st syscall.Stat_t
	if syscall.Stat(statedir.Usual+"/s6", &st) == nil {
		return statedir.Usual
	}
	name := statedir.Private(os.Getuid())
	for _, variable := range [...]string{"XDG_RUNTIME_DIR", "TMPDIR", ""} {
		parent, _ := p.Get(variable)
		if variable == "" {
			parent = "/tmp"
		}
		own := filepath.Join(parent, name, "1")
		if parent != "" && syscall.Stat(own, &st) == nil && int(st.Uid) == os.Getuid() {
			return own
		}
	}
	return statedir.Usual
}
