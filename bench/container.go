//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// patience is how long a container may take for anything it is asked.
const patience = 60 * time.Second

// A service is one service directory of the tree that a supervising init is started on.
type service struct {
	name string
	then string // what the probe does after its stamp: pause, or stubborn
}

// killAfter is what a stubborn service's timeout-kill says, which s6 and baseinit both heed.
const killAfter = time.Second

// A container is an init as PID 1 of its own namespaces.
type container struct {
	dir    string
	cmd    *exec.Cmd
	fifo   *os.File
	stamps *bufio.Scanner
	output *os.File      // what the container prints: a file, or a sink's pipe, which is to be read
	start  time.Duration // CLOCK_MONOTONIC just before the init's exec
	gone   chan struct{} // closed when PID 1, and with it the namespace, is gone
}

// boot starts in on a fresh tree of services, and with cmd, the probe's arguments, if there is one.
func (l *lab) boot(in initProgram, services []service, cmd ...string) (*container, error) {
	c, err := l.newContainer(in, services)
	if err != nil {
		return nil, err
	}
	if len(cmd) > 0 {
		cmd = append([]string{l.probe, cmd[0], c.fifo.Name()}, cmd[1:]...)
	}
	if c.output, err = os.Create(filepath.Join(c.dir, "output")); err == nil {
		err = c.launch(c.output, in.argv(in.path, c.dir, cmd))
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// newContainer makes a container for in, with its tree, in which nothing runs yet.
func (l *lab) newContainer(in initProgram, services []service) (_ *container, err error) {
	dir, err := os.MkdirTemp(l.dir, "container-")
	if err != nil {
		return nil, err
	}
	c := &container{dir: dir, gone: make(chan struct{})}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	fifo := filepath.Join(dir, "stamps")
	if c.fifo, err = openFIFO(fifo); err != nil {
		return nil, err
	}
	c.stamps = bufio.NewScanner(c.fifo)
	c.cmd = exec.Command(l.probe, "stage", fifo)
	c.cmd.Env = append(containerEnv(), in.env...)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
	}
	err = l.writeTree(dir, fifo, services)
	return c, err
}

// openFIFO opens for both ways, so that no reader ever sees an end between two writers; Go's poller gives it deadlines.
func openFIFO(path string) (*os.File, error) {
	if err := syscall.Mkfifo(path, 0o622); err != nil {
		return nil, fmt.Errorf("cannot make the FIFO %s: %w", path, err)
	}
	return os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
}

// servicesDir is where a tree has its service directories; s6-svscan takes it as its scan directory.
func servicesDir(tree string) string { return filepath.Join(tree, "etc/services.d") }

func (l *lab) writeTree(tree, fifo string, services []service) error {
	if err := os.MkdirAll(servicesDir(tree), 0o755); err != nil {
		return err
	}
	for _, s := range services {
		dir := filepath.Join(servicesDir(tree), s.name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		script := fmt.Sprintf("#!/bin/sh\nexec %s stamp %s %s %s\n", l.probe, fifo, s.name, s.then)
		if err := os.WriteFile(filepath.Join(dir, "run"), []byte(script), 0o755); err != nil {
			return err
		}
		if s.then != "stubborn" {
			continue
		}
		limit := strconv.FormatInt(killAfter.Milliseconds(), 10) + "\n"
		if err := os.WriteFile(filepath.Join(dir, "timeout-kill"), []byte(limit), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// launch makes argv PID 1 of new namespaces, and returns when it is about to run.
func (c *container) launch(output *os.File, argv []string) (err error) {
	c.cmd.Args = append(c.cmd.Args, argv...)
	c.cmd.Stdout, c.cmd.Stderr = output, output
	if err := c.cmd.Start(); err != nil {
		return err
	}
	go c.wait()
	_, c.start, err = c.next()
	return err
}

// containerEnv is what Docker gives, and where baseinit keeps its state without --root.
func containerEnv() []string {
	return []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=bench", "HOME=/root", "BASEINIT_RUN=/run/s6"}
}

// wait stamps the end itself, behind all stamps made before it. How PID 1 ended does not matter: inits differ in that.
func (c *container) wait() {
	_ = c.cmd.Wait()
	close(c.gone)
	fmt.Fprintln(c.fifo, "gone 0")
}

// next waits for one stamp.
func (c *container) next() (name string, at time.Duration, err error) {
	if err := c.fifo.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return "", 0, err
	}
	if !c.stamps.Scan() {
		return "", 0, c.fail(fmt.Errorf("no further stamp: %w", c.stamps.Err()))
	}
	name, number, _ := strings.Cut(c.stamps.Text(), " ")
	if name == "gone" {
		return "", 0, c.fail(errors.New("PID 1 ended before the next stamp"))
	}
	ns, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return "", 0, c.fail(fmt.Errorf("bad stamp %q", c.stamps.Text()))
	}
	return name, time.Duration(ns), nil
}

// await waits for n stamps and returns how long after the init's exec the latest was made.
func (c *container) await(n int) (time.Duration, error) {
	latest := c.start
	for range n {
		_, at, err := c.next()
		if err != nil {
			return 0, err
		}
		latest = max(latest, at)
	}
	return latest - c.start, nil
}

// stop sends SIGTERM to PID 1 and returns how long it was until it was gone.
func (c *container) stop() (time.Duration, error) {
	began := time.Now()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, c.fail(err)
	}
	select {
	case <-c.gone:
		return time.Since(began), nil
	case <-time.After(patience):
		return 0, c.fail(fmt.Errorf("still there %v after SIGTERM", patience))
	}
}

// close ends the container, however far it came.
func (c *container) close() {
	c.kill()
	if c.fifo != nil {
		c.fifo.Close()
	}
	if c.output != nil {
		c.output.Close()
	}
	os.RemoveAll(c.dir)
}

func (c *container) kill() {
	if c.cmd != nil && c.cmd.Process != nil {
		_ = c.cmd.Process.Kill()
		<-c.gone
	}
}

// fail adds the end of what the container printed. It ends the container, as a pipe is not to be read to its end before.
func (c *container) fail(err error) error {
	c.kill()
	_, _ = c.output.Seek(0, io.SeekStart)
	output, _ := io.ReadAll(c.output)
	output = bytes.TrimSpace(output)
	return fmt.Errorf("%w; its last output: %q", err, output[max(0, len(output)-2000):])
}
