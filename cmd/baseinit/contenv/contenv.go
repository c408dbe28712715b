//go:build linux

// Package contenv is with-contenv for what it is called for most: a program that is none of
// ours. Every script that begins with "#!/usr/bin/with-contenv sh" pays for it, so it is run
// before most packages of the program are initialised, which takes as long again as all
// else: Go initialises packages as soon as what they import is, and this one imports only
// what every Go program has. It does nothing where anything is unusual: the command of
// package applet, which comes later, then does the same, and has words for what is wrong.
package contenv

import (
	"os"
	"syscall"

	"github.com/sillelien/baseinit/envdir/entries"
	"github.com/sillelien/baseinit/internal/execline/wordlist"
)

func init() { //nolint:gochecknoinits // see the comment of the package
	if name := base(os.Args[0]); (name == "with-contenv" || name == "with-contenv-legacy") && len(os.Args) > 1 {
		become(os.Args[1:])
	}
}

// become makes the process a program in the container's environment, or returns.
func become(argv []string) {
	env := os.Environ()
	if keep, _ := syscall.Getenv("S6_KEEP_ENV"); keep != "1" {
		var ok bool
		if env, ok = environ(); !ok {
			return
		}
	}
	if file, ok := find(argv[0], env); ok {
		_ = syscall.Exec(file, argv, env)
	}
}

// kept are variables that are not the container's and that a service still needs: see
// package applet.
var kept = [...]string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "BASEINIT_RUN"}

// environ reads the container's environment.
func environ() (env []string, ok bool) {
	run, _ := syscall.Getenv("BASEINIT_RUN")
	if run == "" {
		run = "/run"
	}
	var replaced [len(kept)]bool
	ok = true
	err := entries.Each(run+"/s6/container_environment", func(name string, content []byte, err error) {
		ok = ok && err == nil
		for i := range kept {
			replaced[i] = replaced[i] || kept[i] == name
		}
		if value, set := entries.Value(content); set {
			env = append(env, name+"="+value)
		}
	})
	for i, name := range kept {
		if value, set := syscall.Getenv(name); set && !replaced[i] {
			env = append(env, name+"="+value)
		}
	}
	return env, ok && err == nil
}

// find looks for a program in the PATH of an environment. It is not ok if there is none,
// or if it is one of ours, which need no exec.
func find(name string, env []string) (file string, ok bool) {
	if wordlist.Has(base(name)) || name == "" {
		return "", false
	}
	if base(name) != name {
		return name, foreign(name)
	}
	for path := searchPath(env); ; {
		dir := path
		for i := range len(path) {
			if path[i] == ':' {
				dir = path[:i]
				break
			}
		}
		file := dir + "/" + name
		if dir == "" {
			file = name
		}
		if syscall.Access(file, 1) == nil { // X_OK
			return file, foreign(file)
		}
		if len(dir) == len(path) {
			return "", false
		}
		path = path[len(dir)+1:]
	}
}

// foreign tells whether a file is a program that is not this one.
func foreign(file string) bool {
	var here, there syscall.Stat_t
	return syscall.Stat(file, &there) == nil && there.Mode&syscall.S_IFMT == syscall.S_IFREG &&
		syscall.Stat("/proc/self/exe", &here) == nil && (here.Dev != there.Dev || here.Ino != there.Ino)
}

// searchPath is where programs are looked for: nowhere without a PATH.
func searchPath(env []string) string {
	for _, entry := range env {
		if len(entry) > 5 && entry[:5] == "PATH=" {
			return entry[5:]
		}
	}
	return "/nonexistent"
}

// base is the last part of a path.
func base(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[i+1:]
		}
	}
	return path
}
