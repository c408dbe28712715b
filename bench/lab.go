//go:build linux

package main

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed probe/probe.c
var probeSource []byte

//go:embed probe/flood.c
var floodSource []byte

//go:embed probe/dns.c
var dnsSource []byte

// An initProgram is one of the programs compared.
type initProgram struct {
	name       string
	pkg        string // the Debian package that brings it
	program    string // what it is called in PATH, if not by its name
	path       string // where it is; empty when it is not installed
	version    string
	runsCMD    bool // it runs a command and ends with it
	supervises bool // it runs the service directories of a tree
	// argv is how it is started on a tree, and with a command or none.
	argv func(path, tree string, cmd []string) []string
	// sink is how it is started to print what comes on /dev/log; nil if it does not.
	sink func(path, tree string) []string
	// dns is how it is started to answer on 127.0.0.1:53 what the server at 127.0.0.2 knows; nil if it does not.
	dns func(path, tree string) []string
	env []string // beside the container's
}

// candidates lists the programs that may be compared, before a look at which are here.
func candidates() []initProgram {
	dashed := func(path, _ string, cmd []string) []string { return append([]string{path, "--"}, cmd...) }
	rooted := func(path, tree string, cmd []string) []string {
		return append([]string{path, "--root", tree, "--"}, cmd...)
	}
	inits := []initProgram{
		{
			name: "no init", runsCMD: true,
			argv: func(_, _ string, cmd []string) []string { return cmd },
		},
		{name: "tini-static", pkg: "tini", runsCMD: true, argv: dashed},
		{name: "dumb-init", pkg: "dumb-init", runsCMD: true, argv: dashed},
		{
			name: "s6-svscan", pkg: "s6", supervises: true,
			argv: func(path, tree string, _ []string) []string { return []string{path, servicesDir(tree)} },
		},
		{
			name: floor, runsCMD: true, supervises: true, argv: rooted,
			sink: func(path, _ string) []string { return []string{path, "syslog"} },
		},
		{
			name: "baseinit", runsCMD: true, supervises: true, argv: rooted,
			env:  []string{"BASEINIT_SYSLOG=on"}, // as by default, but with --root
			sink: func(path, tree string) []string { return rooted(path, tree, nil) },
			dns: func(path, tree string) []string {
				return []string{path, "--root", tree, "--dns=on", "--syslog=off"}
			},
		},
	}
	commands := []initProgram{{name: "s6-envdir", pkg: "s6"}, {name: "execlineb", pkg: "execline"}} // of scripts.go
	return withDNS(slices.Concat(loggers(), inits, commands))
}

// floor is the program in that directory, which does the least: what no Go program
// is faster than.
const floor = "bare Go"

// A lab is what all measurements share: a scratch folder, the probe, and the inits that are here.
type lab struct {
	dir      string
	probe    string
	flood    string
	dns      string
	compiler string // of these three
	inits    []initProgram
	absent   []initProgram
}

// newLab compiles the probe, builds baseinit unless given as a binary, and looks for the peers.
func newLab(baseinit string) (_ *lab, err error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	l := &lab{dir: dir}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if err := l.compileProbes(); err != nil {
		return nil, err
	}
	if baseinit == "" {
		baseinit = filepath.Join(dir, "baseinit")
		if err := build(baseinit, "cmd/baseinit"); err != nil {
			return nil, err
		}
	}
	if err := build(l.floor(), "bench/floor"); err != nil {
		return nil, err
	}
	for _, p := range candidates() {
		if err := p.locate(l, baseinit); err != nil {
			return nil, err
		}
		if p.path == "" {
			l.absent = append(l.absent, p)
			continue
		}
		l.inits = append(l.inits, p)
	}
	return l, nil
}

func (l *lab) floor() string { return filepath.Join(l.dir, "floor") }

func (l *lab) close() { os.RemoveAll(l.dir) }

// compileProbes prefers musl: a static program of glibc's takes 0.5 ms to start, four times as long, in every row alike.
func (l *lab) compileProbes() error {
	l.compiler = "gcc"
	if _, err := exec.LookPath("musl-gcc"); err == nil {
		l.compiler = "musl-gcc"
	}
	l.probe, l.flood, l.dns = filepath.Join(l.dir, "probe"), filepath.Join(l.dir, "flood"), filepath.Join(l.dir, "dns")
	return errors.Join(l.compile(l.probe, probeSource), l.compile(l.flood, floodSource), l.compile(l.dns, dnsSource))
}

func (l *lab) compile(path string, source []byte) error {
	if err := os.WriteFile(path+".c", source, 0o644); err != nil {
		return err
	}
	if out, err := exec.Command(l.compiler, "-static", "-O2", "-o", path, path+".c").CombinedOutput(); err != nil {
		return fmt.Errorf("cannot compile %s.c with %s: %w\n%s", filepath.Base(path), l.compiler, err, out)
	}
	return nil
}

// build makes a binary as the image ships it.
func build(path, pkg string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "github.com/sillelien/baseinit/"+pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// locate fills in where p is and of which version. The size of baseinit stands for its version: what is linked decides its start.
func (p *initProgram) locate(l *lab, baseinit string) error {
	switch p.name {
	case "C echo":
		p.path, p.version = "-", "a C program that sends back what it gets"
	case "no init":
		p.path, p.version = "-", "CMD itself as PID 1"
	case floor:
		p.path, p.version = l.floor(), "a Go program that does the least (bench/floor)"
	case "baseinit":
		info, err := os.Stat(baseinit)
		if err != nil {
			return fmt.Errorf("cannot measure baseinit: %w", err)
		}
		p.path, p.version = baseinit, fmt.Sprintf("this tree, %.1f MB", float64(info.Size())/1e6)
	default:
		p.path, p.version = find(*p)
	}
	return nil
}

// find looks p up in PATH and asks Debian for its version. Both are empty if it is not here.
func find(p initProgram) (path, version string) {
	path, err := exec.LookPath(cmp.Or(p.program, p.name))
	if err != nil {
		return "", ""
	}
	out, err := exec.Command("dpkg-query", "-W", "-f", "${Version}", p.pkg).Output()
	if err != nil {
		return path, "of unknown version"
	}
	return path, strings.TrimSpace(string(out))
}
