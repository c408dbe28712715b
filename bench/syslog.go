//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// A flood is what a sink has to bear.
type flood struct {
	writers  int
	messages int           // of each writer
	gap      time.Duration // between two messages of a writer
	stall    time.Duration // how long the sink's output is not read, from the first message on
}

func (f flood) total() int { return f.writers * f.messages }

// An outcome is what became of a flood.
type outcome struct {
	took    time.Duration // from the first send to the last message read
	lost    int           // messages that never came out
	owned   int           // messages that the sink itself says it dropped
	longest time.Duration // the longest send(2)
	cpu     time.Duration // of the sink
	peak    float64       // of the sink's resident memory, kB
}

// syslogCost returns messages per second, CPU us for each message, messages lost, and peak memory in kB.
func syslogCost(l *lab, in initProgram, f flood) ([]float64, error) {
	o, err := l.bear(in, f)
	if err != nil {
		return nil, err
	}
	total := float64(f.total())
	rate := (total - float64(o.lost)) / o.took.Seconds()
	return []float64{rate, float64(o.cpu.Nanoseconds()) / 1e3 / total, float64(o.lost), o.peak}, nil
}

// syslogStall returns the longest send in ms, messages lost, by how many the sink's own count of them is wrong, and peak memory in kB.
func syslogStall(l *lab, in initProgram, f flood) ([]float64, error) {
	o, err := l.bear(in, f)
	if err != nil {
		return nil, err
	}
	return []float64{milliseconds(o.longest), float64(o.lost), math.Abs(float64(o.lost - o.owned)), o.peak}, nil
}

// bear starts in as a sink and floods it.
func (l *lab) bear(in initProgram, f flood) (o outcome, err error) {
	c, err := l.bootSink(in)
	if err != nil {
		return o, err
	}
	defer c.close()
	time.Sleep(settle)
	before, err := c.total(cpuNanoseconds)
	if err != nil {
		return o, err
	}
	if err := l.send(c, f, &o); err != nil {
		return o, c.fail(err)
	}
	after, err := c.total(cpuNanoseconds)
	if err != nil {
		return o, err
	}
	o.cpu = time.Duration(after - before)
	o.peak, err = c.total(func(pid int) (float64, error) { return field(fmt.Sprintf("/proc/%d/status", pid), "VmHWM:") })
	return o, err
}

// send runs the flood, which is also the reader of the sink's output.
func (l *lab) send(c *container, f flood, o *outcome) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience+f.stall)
	defer cancel()
	cmd := exec.CommandContext(ctx, l.flood, strconv.Itoa(c.cmd.Process.Pid), strconv.Itoa(f.writers), strconv.Itoa(f.messages),
		strconv.FormatInt(f.gap.Microseconds(), 10), strconv.FormatInt(f.stall.Milliseconds(), 10))
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.output, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("cannot flood it: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	var written int
	if _, err := fmt.Fscan(&stdout, &o.took, &written, &o.owned, &o.longest); err != nil {
		return fmt.Errorf("cannot read the flood's summary: %w", err)
	}
	if written == 0 {
		return errors.New("no message came out")
	}
	o.lost = f.total() - written
	return nil
}

// bootSink starts in as a sink, whose output is a pipe, and returns when somebody reads /dev/log. The network namespace is for
// net.unix.max_dgram_qlen: 10 in a new one, as containers have it, and anything on the machine itself.
func (l *lab) bootSink(in initProgram) (_ *container, err error) {
	c, err := l.newContainer(in, nil)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if err := writeRsyslogConf(c.dir); err != nil {
		return nil, err
	}
	output, input, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer input.Close()
	c.output = output
	c.cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWNET
	if err := c.launch(input, in.sink(in.path, c.dir)); err != nil {
		return nil, err
	}
	input.Close() // so that the pipe ends when the sink does
	err = c.awaitLog()
	return c, err
}

// awaitLog waits until the container's /dev/log can be connected to.
func (c *container) awaitLog() error {
	const limit = 5 * time.Second
	path := fmt.Sprintf("/proc/%d/root/dev/log", c.cmd.Process.Pid)
	for deadline := time.After(limit); ; {
		if conn, err := net.Dial("unixgram", path); err == nil {
			return conn.Close()
		}
		select {
		case <-time.After(time.Millisecond):
		case <-c.gone:
			return c.fail(errors.New("nobody reads /dev/log: PID 1 has ended"))
		case <-deadline:
			return c.fail(fmt.Errorf("nobody reads /dev/log after %v", limit))
		}
	}
}

// total sums up what read says of each process of the container.
func (c *container) total(read func(pid int) (float64, error)) (float64, error) {
	pids, err := namespacePIDs(c.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	var sum float64
	for _, pid := range pids {
		n, err := read(pid)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func cpuNanoseconds(pid int) (float64, error) {
	t, err := cpuTime(pid)
	return float64(t), err
}

// wakeUps returns how often a second the threads of in went to sleep of themselves while there was nothing to do, and how many they are.
func wakeUps(l *lab, in initProgram, watched time.Duration) ([]float64, error) {
	boot := l.bootSink
	if in.sink == nil {
		boot = func(in initProgram) (*container, error) { return l.boot(in, nil) }
	}
	c, err := boot(in)
	if err != nil {
		return nil, err
	}
	defer c.close()
	time.Sleep(2 * idle) // Go's runtime returns memory for a second after the start
	before, err := c.total(switches)
	if err != nil {
		return nil, err
	}
	time.Sleep(watched)
	after, err := c.total(switches)
	if err != nil {
		return nil, err
	}
	threads, err := c.total(func(pid int) (float64, error) { return field(fmt.Sprintf("/proc/%d/status", pid), "Threads:") })
	return []float64{(after - before) / watched.Seconds(), threads}, err
}

// switches adds up the voluntary context switches of a process's threads.
func switches(pid int) (float64, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil {
		return 0, err
	}
	var sum float64
	for _, task := range tasks {
		n, err := field(task, "voluntary_ctxt_switches:")
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}
