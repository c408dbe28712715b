//go:build linux

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A scenario is one table: what is measured, of which inits, in which units.
type scenario struct {
	name      string
	title     string
	about     string
	columns   []column // what a trial returns
	maxRounds int      // 0: as many as asked for
	recorded  string   // what is known of peers that cannot be run here
	trials    func([]initProgram) []trial
}

// A column is one of the values that a trial returns. The first gets quantiles and a ratio, whatever it says.
type column struct {
	unit  string
	ratio bool // it is compared with the row that the trial names
	worst bool // the largest sample counts, not the median: one lost message would not show in that
}

// medians are columns that show the median and no more.
func medians(units ...string) []column {
	columns := make([]column, len(units))
	for i, unit := range units {
		columns[i].unit = unit
	}
	return columns
}

// A trial is one row of a table: its run is one sample.
type trial struct {
	name string
	base string // the row that the ratio is to
	run  func(*lab) ([]float64, error)
}

// Long enough for an init to come to rest after what it was last asked.
const (
	settle = 100 * time.Millisecond
	idle   = time.Second
)

const orphanCount = 20_000

func scenarios() []scenario {
	return append([]scenario{
		{
			name: "start", title: "Start: the init's exec to CMD's first instruction, no services", columns: medians("ms"),
			about:  "CMD is a static C program whose first statement reads the clock.",
			trials: each(runsCMD, "tini-static", startTime),
		},
		{
			name: "services", title: "Start: the init's exec to the last of 50 services' first instruction", columns: medians("ms"),
			about:    "Each service is a `run` script of `sh` that execs a static C program. s6-svscan runs on the tree's services.d as it is, without the stages that s6-overlay adds.",
			recorded: "s6-overlay 3.2.3.2 cannot be installed here. On such a machine it took 118 ms (CMD's first instruction, 23 Nov 2026, the same 50 services), and s6-svscan alone 30 ms to the last of them.",
			trials: each(supervises, "s6-svscan", func(l *lab, in initProgram) ([]float64, error) {
				return servicesTime(l, in, 50)
			}),
		},
		{
			name: "scripts", title: "Scripts: what one use of a command costs, from its start to its end", columns: medians("ms"),
			about:  fmt.Sprintf("Each sample is the mean of %d runs, one after the other. The environment that with-contenv and s6-envdir read has 21 variables. The six words are %#q.", spawns, chained),
			trials: scriptTrials,
		},
		{
			name: "stop", title: "Stop: SIGTERM to PID 1 gone, 10 services", columns: medians("ms"),
			about:    fmt.Sprintf("Obedient services die of SIGTERM. Stubborn ones ignore it and have a `timeout-kill` of %v, so nothing can be faster than that.", killAfter),
			recorded: "s6-overlay 3.2.3.2 cannot be installed here. On such a machine it took 3,042 ms with obedient services (23 Nov 2026).",
			trials: func(inits []initProgram) []trial {
				return slices.Concat(stopTrials(inits, "obedient", "pause"), stopTrials(inits, "stubborn", "stubborn"))
			},
		},
		{
			name: "memory", title: "Memory of the init and its helpers, idle, without the services", columns: medians("PSS kB", "processes", "threads"),
			about:     "PSS is the sum over all processes of the container that are not services (smaps_rollup), three seconds after the last service came up.",
			maxRounds: 5,
			trials: func(inits []initProgram) []trial {
				return slices.Concat(memoryTrials(inits, 0), memoryWithoutSyslog(inits), memoryTrials(inits, 200))
			},
		},
		{
			name: "orphans", title: "Orphans: CPU that the init spends on each of 20,000", columns: medians("CPU us each", "ms in all"),
			about:     "CMD forks a child that forks a grandchild and ends; the grandchild lives on for half a millisecond. Measured until none is left.",
			maxRounds: 10,
			trials:    each(reaps, "tini-static", orphanCost),
		},
		{
			name: "syslog", title: "Syslog: 500,000 messages of 200 bytes to /dev/log, output read",
			columns: []column{{unit: "messages/s"}, {unit: "CPU us each", ratio: true}, {unit: "lost at worst", worst: true}, {unit: "peak RSS kB"}},
			about: "The messages come as glibc's syslog(3) sends them, by blocking sends, of 8 processes or of 1. A C program ([probe/flood.c](probe/flood.c)) reads " +
				"the pipe that the sink prints to, and checks each message. Messages per second count from the first send to the last line read; CPU is the sink's alone. The writers and the reader share the cores with the sink.",
			maxRounds: 10,
			trials: func(inits []initProgram) []trial {
				return slices.Concat(syslogTrials(inits, 8, 500_000), syslogTrials(inits, 1, 500_000))
			},
		},
		{
			name: "syslog-stall", title: "Syslog: nobody reads the sink's output for 10 s, 8 writers of 20,000 messages",
			columns: []column{{unit: "longest send ms"}, {unit: "lost at worst", worst: true}, {unit: "miscounted at worst", worst: true}, {unit: "peak RSS kB"}},
			about: "Each of 8 processes sends 20,000 messages of 200 bytes, one every half millisecond, by blocking sends. The pipe that the sink prints to is read from 10 s after the first on. " +
				"Miscounted is the difference between what was lost and what the sink itself says it dropped, in lines \"dropped N messages\".",
			maxRounds: 3,
			trials: each(stalls, "busybox syslogd", func(l *lab, in initProgram) ([]float64, error) {
				return syslogStall(l, in, flood{writers: 8, messages: 20_000, gap: 500 * time.Microsecond, stall: 10 * time.Second})
			}),
		},
		{
			name: "idle", title: "Idle: wake-ups of a syslog sink that has nothing to do", columns: medians("wake-ups/s", "threads"),
			about:     "Voluntary context switches of all threads in 5 s (/proc/PID/task/TID/status), from 2 s after the sink is up.",
			maxRounds: 5,
			trials:    idleTrials,
		},
	}, dnsScenarios()...)
}

func scenarioNames() []string {
	var names []string
	for _, s := range scenarios() {
		names = append(names, s.name)
	}
	return names
}

// choose returns the scenarios that -scenario names.
func choose(name string) ([]scenario, error) {
	all := scenarios()
	if name == "all" {
		return all, nil
	}
	i := slices.IndexFunc(all, func(s scenario) bool { return s.name == name })
	if i < 0 {
		return nil, fmt.Errorf("cannot measure %q: -scenario is all, %s", name, strings.Join(scenarioNames(), ", "))
	}
	return all[i : i+1], nil
}

func runsCMD(in initProgram) bool    { return in.runsCMD }
func reaps(in initProgram) bool      { return in.runsCMD && in.name != "no init" && in.name != floor }
func supervises(in initProgram) bool { return in.supervises }
func stops(in initProgram) bool      { return in.supervises && in.name != floor }
func logs(in initProgram) bool       { return in.sink != nil }
func stalls(in initProgram) bool     { return logs(in) && in.name != floor }

// each makes one trial of every init that fits, compared with the one named base.
func each(fits func(initProgram) bool, base string, run func(*lab, initProgram) ([]float64, error)) func([]initProgram) []trial {
	return func(inits []initProgram) []trial {
		var trials []trial
		for _, in := range inits {
			if fits(in) {
				trials = append(trials, trial{name: in.name, base: base, run: func(l *lab) ([]float64, error) { return run(l, in) }})
			}
		}
		return trials
	}
}

// variant marks trials that a scenario has of the same inits more than once.
func variant(trials []trial, suffix string) []trial {
	for i := range trials {
		trials[i].name += suffix
		trials[i].base += suffix
	}
	return trials
}

func stopTrials(inits []initProgram, kind, then string) []trial {
	return variant(each(stops, "s6-svscan", func(l *lab, in initProgram) ([]float64, error) {
		return stopTime(l, in, then)
	})(inits), ", "+kind)
}

// memoryTrials compares an init with itself: what a service costs it.
func memoryTrials(inits []initProgram, services int) []trial {
	trials := each(stops, "", func(l *lab, in initProgram) ([]float64, error) { return memoryUse(l, in, services) })(inits)
	for i := range trials {
		trials[i].base = trials[i].name + ", 0 services"
		trials[i].name += ", " + strconv.Itoa(services) + " services"
	}
	return trials
}

// memoryWithoutSyslog shows what baseinit's idle sink costs.
func memoryWithoutSyslog(inits []initProgram) []trial {
	return variant(each(stops, "baseinit", func(l *lab, in initProgram) ([]float64, error) {
		return memoryUse(l, in, 0)
	})(syslogOff(inits)), ", 0 services")
}

func idleTrials(inits []initProgram) []trial {
	wakes := func(l *lab, in initProgram) ([]float64, error) { return wakeUps(l, in, 5*time.Second) }
	return slices.Concat(each(stalls, "busybox syslogd", wakes)(inits), each(stops, "busybox syslogd", wakes)(syslogOff(inits)))
}

func syslogTrials(inits []initProgram, writers, messages int) []trial {
	f := flood{writers: writers, messages: messages / writers}
	suffix := fmt.Sprintf(", %d writers", writers)
	if writers == 1 {
		suffix = ", 1 writer"
	}
	return variant(each(logs, "busybox syslogd", func(l *lab, in initProgram) ([]float64, error) {
		return syslogCost(l, in, f)
	})(inits), suffix)
}
