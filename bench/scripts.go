//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// A command is one that scripts call.
type command struct {
	name, base string
	of         string // the initProgram
	argv       func(l *lab) []string
}

// chained is a run script of six words of execline.
const chained = "export A b define C d importas -D e F G umask 022 cd / fdmove -c 2 1 true"

// commands are what a script pays for, each beside what it is compared with.
func commands() []command {
	execlineb := func(*lab) []string { return []string{"execlineb", "-Pc", chained} }
	return []command{
		{name: "bare Go that execs sh -c true", base: "bare Go that execs sh -c true", of: floor, argv: func(*lab) []string {
			return []string{"floor", "exec", "/bin/sh", "-c", "true"}
		}},
		{name: "baseinit: with-contenv sh -c true", base: "bare Go that execs sh -c true", of: "baseinit", argv: func(*lab) []string {
			return []string{"with-contenv", "sh", "-c", "true"}
		}},
		{name: "s6: s6-envdir DIR sh -c true", base: "bare Go that execs sh -c true", of: "s6-envdir", argv: func(l *lab) []string {
			return []string{"s6-envdir", "-Lf", "--", l.contenv(), "sh", "-c", "true"}
		}},
		{name: "execline: execlineb, 6 words", base: "execline: execlineb, 6 words", of: "execlineb", argv: execlineb},
		{name: "baseinit: execlineb, 6 words", base: "execline: execlineb, 6 words", of: "baseinit", argv: execlineb},
	}
}

// contenv is a container's environment, as with-contenv reads it below BASEINIT_RUN.
func (l *lab) contenv() string { return filepath.Join(l.dir, "s6", "container_environment") }

// spawns is how many runs make one sample.
const spawns = 20

func scriptTrials(inits []initProgram) []trial {
	var trials []trial
	for _, c := range commands() {
		if i := slices.IndexFunc(inits, func(in initProgram) bool { return in.name == c.of }); i >= 0 {
			path := inits[i].path
			trials = append(trials, trial{name: c.name, base: c.base, run: func(l *lab) ([]float64, error) { return spawnTime(l, path, c.argv(l)) }})
		}
	}
	return trials
}

// spawnTime is how long a command takes from its start to its end, the mean of some.
func spawnTime(l *lab, path string, argv []string) ([]float64, error) {
	if err := l.fillContenv(); err != nil {
		return nil, err
	}
	env := []string{"PATH=/usr/lib/execline/bin:/usr/bin:/bin", "BASEINIT_RUN=" + l.dir}
	began := time.Now()
	for range spawns {
		pid, err := syscall.ForkExec(path, argv, &syscall.ProcAttr{Env: env, Files: []uintptr{0, 1, 2}})
		if err != nil {
			return nil, fmt.Errorf("cannot start %s: %w", path, err)
		}
		var status syscall.WaitStatus
		for {
			if _, err = syscall.Wait4(pid, &status, 0, nil); !errors.Is(err, syscall.EINTR) {
				break
			}
		}
		if err != nil || status != 0 {
			return nil, fmt.Errorf("cannot measure %q: it ended with status %d: %w", argv, status, err)
		}
	}
	return []float64{milliseconds(time.Since(began)) / spawns}, nil
}

// fillContenv writes an environment of the usual size, once.
func (l *lab) fillContenv() error {
	dir := l.contenv()
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	err := os.MkdirAll(dir, 0o755)
	for i := range 20 {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, fmt.Sprintf("VARIABLE_%02d", i)), []byte("the value of a variable"), 0o644))
	}
	return errors.Join(err, os.WriteFile(filepath.Join(dir, "PATH"), []byte("/usr/bin:/bin"), 0o644))
}
