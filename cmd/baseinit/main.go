//go:build linux

package main

import (
	"context"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/oklog/run"
	"go.uber.org/zap"

	_ "github.com/sillelien/baseinit/cmd/baseinit/applets"  // what the program is under other names
	_ "github.com/sillelien/baseinit/cmd/baseinit/contenv"  // with-contenv, sooner
	_ "github.com/sillelien/baseinit/cmd/baseinit/operator" // commands for who runs the container, sooner
	"github.com/sillelien/baseinit/internal/boot"
	"github.com/sillelien/baseinit/reaper"
)

// The main thread is the reaper's alone: see package reaper.
func init() { runtime.LockOSThread() }

func main() {
	if isCheck(os.Args) {
		os.Exit(checkTree(os.Args[2:]))
	}
	os.Exit(live())
}

// live is the container's life.
func live() int {
	began := time.Now()
	signals := catchSignals()
	syscall.Umask(0o022) // what services of s6 are used to
	options, code, done := parse(os.Args[1:])
	if done {
		return code
	}
	out := newOutput(options)
	defer out.close()
	out.warn(options.warnings)
	var container *boot.Container
	// Bound before anything is started, so that whatever logs is heard.
	log, err := out.openSyslog(options, func(pid int) string { return container.ServiceOf(pid) })
	if err != nil {
		out.refuse(err)
		return boot.CodeSystem
	}
	names, code, err := out.openDNS(options)
	if err != nil {
		out.refuse(err)
		return code
	}
	web, err := openHTTP(options)
	if err != nil {
		out.refuse(err)
		return boot.CodeSystem
	}
	cfg := options.config(out, signals, log, names)
	parts := &parts{out: out, log: log, names: names}
	cfg.Began, cfg.Metrics = began, parts.metrics
	container = boot.New(cfg)
	parts.watch(container)

	var g run.Group
	{
		// What the signals mean is the container's business. This actor ends
		// after the container's: a second signal must still be heard.
		g.Add(signals.actor(container))
	}
	{
		g.Add(container.Actor())
	}
	if log != nil {
		// Ends after the container, and writes its last words.
		g.Add(log.Actor())
	}
	if names != nil {
		// Answers until everything has ended.
		g.Add(names.Actor())
	}
	if web != nil {
		// Tells that the container stops until it has.
		g.Add(parts.monitor.Actor(web))
	}
	ended, end := context.WithCancel(context.Background())
	go func() {
		defer end()
		_ = g.Run() // how it went is the container's exit code
	}()
	<-signals.caught // the reaper asks for SIGCHLD, which is less urgent
	parts.reap(ended)
	return container.ExitCode()
}

// reap collects orphans on the main thread until ended.
func (p *parts) reap(ended context.Context) {
	r, err := reaper.New(reaper.Config{Logger: p.out.logger, LockedMain: true})
	if err == nil {
		p.reaper.Store(r)
		err = r.Run(ended)
	}
	if err != nil {
		p.out.logger.Warn("orphans are not collected", zap.Error(err))
		<-ended.Done()
	}
}
