//go:build linux

package main

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// sinkLab is a testLab with all sinks that are here.
func sinkLab(t *testing.T) *lab {
	t.Helper()
	testLab(t)
	l, err := newLab("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	return l
}

func needBusybox(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("busybox"); err != nil {
		t.Skip("a sink to flood: apt-get install busybox-static")
	}
}

// filtered is a sink that sees its output through a sed script.
func filtered(t *testing.T, script string) initProgram {
	t.Helper()
	needBusybox(t)
	return initProgram{name: "filtered", sink: func(_, _ string) []string {
		return []string{"/bin/sh", "-c", `busybox syslogd -n -O - | sed -u "$1"`, "sh", script}
	}}
}

// Every sink takes a small flood, and one that comes while its output is not read.
func TestSinks(t *testing.T) {
	t.Parallel()
	l := sinkLab(t)
	for _, in := range l.inits {
		if !logs(in) {
			continue
		}
		t.Run(in.name, func(t *testing.T) {
			t.Parallel()
			values, err := syslogCost(l, in, flood{writers: 3, messages: 200})
			if err != nil {
				t.Fatal(err)
			}
			if rate, cpu, lost, peak := values[0], values[1], values[2], values[3]; rate <= 0 || cpu <= 0 || lost != 0 || peak <= 0 {
				t.Errorf("%v messages/s, %v us, %v lost, %v kB; want none lost and the rest measured", rate, cpu, lost, peak)
			}
			values, err = syslogStall(l, in, flood{writers: 2, messages: 1000, gap: 10 * time.Microsecond, stall: 300 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			if longest, lost, miscounted := values[0], values[1], values[2]; longest <= 0 || miscounted != 0 {
				t.Errorf("longest send %v ms; of %v lost, the sink's own count is wrong by %v", longest, lost, miscounted)
			}
		})
	}
}

// busybox syslogd has no queue: its senders wait as long as its reader.
func TestStallIsFelt(t *testing.T) {
	t.Parallel()
	const stall = 2 * time.Second // so long that how fast the pipe fills does not matter
	values, err := syslogStall(testLab(t), filtered(t, ""), flood{writers: 2, messages: 2000, stall: stall})
	if err != nil {
		t.Fatal(err)
	}
	if longest, most := values[0], milliseconds(stall); longest < most/2 || values[1] != 0 {
		t.Errorf("longest send %v ms and %v lost; want one near %v ms, and none lost", longest, values[1], most)
	}
}

// What a sink does to its messages shows.
func TestFloodChecksMessages(t *testing.T) {
	t.Parallel()
	l := testLab(t)
	tests := map[string]struct {
		script           string
		lost, miscounted float64
		err              string
	}{
		"whole":   {},
		"lost":    {script: `/bench 01 0000003/d`, lost: 1, miscounted: 1},
		"cut":     {script: `s/\(bench 01 0000003.*\)d$/\1/`, lost: 1, miscounted: 1},
		"owned":   {script: `s/.*bench 01 0000003.*/sink: dropped 1 message here/`, lost: 1},
		"boasted": {script: `s/.*bench 01 0000003.*/sink: dropped 4 messages here/`, lost: 1, miscounted: 3},
		"twice":   {script: `/bench 01 0000003/p`, err: "came twice: bench 01 0000003"},
		"mangled": {script: `s/\(bench 01 0000003.*\)d$/\1x/`, err: "not as it was sent: bench 01 0000003"},
		"foreign": {script: `s/bench 01/bench 99/`, err: "nobody's: bench 99"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, err := syslogStall(l, filtered(t, tt.script), flood{writers: 2, messages: 10})
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want one with %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if lost, miscounted := values[1], values[2]; lost != tt.lost || miscounted != tt.miscounted {
				t.Errorf("%v lost, %v miscounted; want %v and %v", lost, miscounted, tt.lost, tt.miscounted)
			}
		})
	}
}

func TestNoSink(t *testing.T) {
	t.Parallel()
	in := initProgram{name: "deaf", sink: func(_, _ string) []string { return []string{"/bin/sh", "-c", "echo cannot hear; exit 1"} }}
	_, err := syslogCost(testLab(t), in, flood{writers: 1, messages: 1})
	if err == nil || !strings.Contains(err.Error(), "nobody reads /dev/log") || !strings.Contains(err.Error(), "cannot hear") {
		t.Errorf("error %v, want one that says so and shows the output", err)
	}
}

func TestSinkThatDies(t *testing.T) {
	t.Parallel()
	needBusybox(t)
	in := initProgram{name: "mortal", sink: func(_, _ string) []string {
		return []string{"timeout", "0.5", "busybox", "syslogd", "-n", "-O", "-"}
	}}
	_, err := syslogCost(testLab(t), in, flood{writers: 2, messages: 10_000, gap: time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "closed its output") {
		t.Errorf("error %v, want one that says so", err)
	}
}

func TestWakeUps(t *testing.T) {
	t.Parallel()
	l := testLab(t)
	values, err := wakeUps(l, shell("while :; do sleep 0.01; done"), 200*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if values[0] < 20 || values[1] < 1 {
		t.Errorf("%v wake-ups/s of %v threads in a loop that wakes up every 10 ms", values[0], values[1])
	}
}
