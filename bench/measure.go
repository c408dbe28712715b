//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func startTime(l *lab, in initProgram) ([]float64, error) {
	c, err := l.boot(in, nil, "stamp", "cmd", "exit")
	if err != nil {
		return nil, err
	}
	defer c.close()
	took, err := c.await(1)
	return []float64{milliseconds(took)}, err
}

func servicesTime(l *lab, in initProgram, n int) ([]float64, error) {
	c, took, err := l.bootServices(in, n, "pause")
	if err != nil {
		return nil, err
	}
	c.close()
	return []float64{milliseconds(took)}, nil
}

func stopTime(l *lab, in initProgram, then string) ([]float64, error) {
	c, _, err := l.bootServices(in, 10, then)
	if err != nil {
		return nil, err
	}
	defer c.close()
	time.Sleep(settle)
	took, err := c.stop()
	return []float64{milliseconds(took)}, err
}

// memoryUse returns PSS in kB, processes and threads of the container, services excluded.
func memoryUse(l *lab, in initProgram, services int) ([]float64, error) {
	c, _, err := l.bootServices(in, services, "pause")
	if err != nil {
		return nil, err
	}
	defer c.close()
	time.Sleep(3 * idle) // baseinit gives back what its boot needed after a second
	pids, err := namespacePIDs(c.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	var pss, processes, threads float64
	for _, pid := range pids {
		proc := filepath.Join("/proc", strconv.Itoa(pid))
		if exe, err := os.Readlink(proc + "/exe"); err != nil || exe == l.probe {
			continue
		}
		kB, err := field(proc+"/smaps_rollup", "Pss:")
		if err != nil {
			return nil, err
		}
		n, err := field(proc+"/status", "Threads:")
		if err != nil {
			return nil, err
		}
		pss, processes, threads = pss+kB, processes+1, threads+n
	}
	return []float64{pss, processes, threads}, nil
}

// orphanCost returns the init's CPU time for each orphan in microseconds, and the whole time in milliseconds.
func orphanCost(l *lab, in initProgram) ([]float64, error) {
	c, err := l.boot(in, nil, "orphans", strconv.Itoa(orphanCount))
	if err != nil {
		return nil, err
	}
	defer c.close()
	if _, err := c.await(1); err != nil {
		return nil, err
	}
	before, err := cpuTime(c.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	began, err := c.await(1)
	if err != nil {
		return nil, err
	}
	ended, err := c.await(1)
	if err != nil {
		return nil, err
	}
	after, err := cpuTime(c.cmd.Process.Pid)
	each := float64((after - before).Nanoseconds()) / 1e3 / orphanCount
	return []float64{each, milliseconds(ended - began)}, err
}

// bootServices boots in with n equal services and returns how long it took until the last was up.
func (l *lab) bootServices(in initProgram, n int, then string) (*container, time.Duration, error) {
	services := make([]service, n)
	for i := range services {
		services[i] = service{name: fmt.Sprintf("service-%03d", i), then: then}
	}
	c, err := l.boot(in, services)
	if err != nil {
		return nil, 0, err
	}
	took, err := c.await(n)
	if err != nil {
		c.close()
		return nil, 0, err
	}
	return c, took, nil
}

// cpuTime reads another process's CPU clock, whose id is made of its pid: clock_getcpuclockid(3). Unlike getrusage it leaves
// out the children that the process has waited for, and unlike /proc/PID/stat it counts nanoseconds.
func cpuTime(pid int) (time.Duration, error) {
	const cpuClockSched = 2 // CPUCLOCK_SCHED of linux/posix-timers_types.h
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|cpuClockSched), &t); err != nil {
		return 0, fmt.Errorf("cannot read the CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// namespacePIDs lists the processes in the PID namespace of process pid.
func namespacePIDs(pid int) ([]int, error) {
	own, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid))
	if err != nil {
		return nil, err
	}
	links, err := filepath.Glob("/proc/[0-9]*/ns/pid")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, link := range links {
		if ns, err := os.Readlink(link); err != nil || ns != own {
			continue // gone, or another namespace's
		}
		n, err := strconv.Atoi(strings.Split(link, "/")[2])
		if err != nil {
			return nil, err
		}
		pids = append(pids, n)
	}
	return pids, nil
}

// field reads the number behind a key of a file like /proc/PID/status.
func field(path, key string) (float64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == key {
			return strconv.ParseFloat(words[1], 64)
		}
	}
	return 0, fmt.Errorf("cannot find %q in %s", key, path)
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
