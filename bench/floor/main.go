//go:build linux

// Command floor is the least that a Go program must do to be an init: it starts
// the services of a tree and a command, and waits. What baseinit takes longer
// than this is baseinit's; the rest is Go's and the kernel's, on this machine and
// in this run.
package main

import (
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
)

// main takes what baseinit takes: --root DIR -- [CMD...]; or syslog, for a sink; or exec
// and a program, which it becomes.
func main() {
	if len(os.Args) > 2 && os.Args[1] == "exec" {
		_ = syscall.Exec(os.Args[2], os.Args[2:], os.Environ())
		os.Exit(1)
	}
	if len(os.Args) == 2 && os.Args[1] == "syslog" {
		sink()
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	null, err := os.Open(os.DevNull)
	if err != nil || len(os.Args) < 4 {
		os.Exit(2)
	}
	services := os.Args[2] + "/etc/services.d/"
	entries, _ := os.ReadDir(services)
	var started sync.WaitGroup
	for _, e := range entries {
		started.Go(func() { start([]string{"./run"}, services+e.Name(), null.Fd()) })
	}
	if cmd := os.Args[slices.Index(os.Args, "--")+1:]; len(cmd) > 0 {
		if pid := start(cmd, "", 0); pid > 0 {
			var status syscall.WaitStatus
			_, _ = syscall.Wait4(pid, &status, 0, nil)
			os.Exit(status.ExitStatus())
		}
	}
	started.Wait()
	<-term
}

func start(argv []string, dir string, stdin uintptr) int {
	pid, _ := syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{
		Dir: dir, Env: os.Environ(), Files: []uintptr{stdin, 1, 2}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	return pid
}
