//go:build linux

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestQuantile(t *testing.T) {
	t.Parallel()
	r := row{samples: [][]float64{{3}, {1}, {2}, {5}, {4}, {6}, {7}, {8}, {9}, {10}, {11}}}
	for q, want := range map[float64]float64{0: 1, 0.1: 2, 0.5: 6, 0.9: 10, 1: 11} {
		if got := r.quantile(0, q); got != want {
			t.Errorf("quantile %v: got %v, want %v", q, got, want)
		}
	}
	if got := (row{samples: [][]float64{{7, 8}}}).median(1); got != 8 {
		t.Errorf("median of one sample: got %v, want 8", got)
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for x, want := range map[float64]string{0: "0", 7: "7", 1.234: "1.23", 12.34: "12.3", 123.4: "123", 3042.7: "3043"} {
		if got := number(x); got != want {
			t.Errorf("number(%v) = %q, want %q", x, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	rows := []row{
		{name: "tini", base: "tini", samples: [][]float64{{1, 10, 0, 0}}},
		{name: "ours", base: "tini", samples: [][]float64{{2.5, 20, 0, 1}, {2.5, 20, 0, 1}, {2.5, 20, 7, 1}}},
		{name: "alone", base: "not installed", samples: [][]float64{{3, 30, 0, 1}}},
	}
	columns := []column{{unit: "ms"}, {unit: "CPU us", ratio: true}, {unit: "lost", worst: true}, {unit: "threads", ratio: true}}
	want := `| | ms, median | p10 | p90 | ratio | CPU us | ratio | lost | threads | ratio |
|--|--:|--:|--:|--:|--:|--:|--:|--:|--:|
| tini | 1 | 1 | 1 | 1 | 10 | 1 | 0 | 0 | - |
| ours | 2.50 | 2.50 | 2.50 | 2.50 x tini | 20 | 2.00 x tini | 7 | 1 | - |
| alone | 3 | 3 | 3 | - | 30 | - | 0 | 1 | - |
`
	if diff := cmp.Diff(want, table(columns, rows)); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestReportNamesWhatItHoldsFor(t *testing.T) {
	t.Parallel()
	l := &lab{
		compiler: "cc",
		inits:    []initProgram{{name: "tini", version: "0.19"}, {name: "unmeasured", version: "1"}},
		absent:   []initProgram{{name: "dumb-init", pkg: "dumb-init", runsCMD: true}, {name: "socklog", pkg: "socklog"}},
	}
	s := scenario{
		name: "start", title: "Start", about: "About.", columns: medians("ms"), recorded: "118 ms.",
		trials: each(runsCMD, "", startTime),
	}
	text := report(s, []row{{name: "tini, obedient", samples: [][]float64{{1}, {2}}}}, l)
	for _, want := range []string{
		"## Start\n\nAbout.\n",
		"Recorded, not measured in this run: 118 ms.",
		"Absent, so not measured: dumb-init (apt-get install dumb-init).",
		"By `go run ./bench -scenario start -n 2` on ",
		"\ntini: 0.19; C programs compiled by cc.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("report lacks %q:\n%s", want, text)
		}
	}
}

func TestReplaceSection(t *testing.T) {
	t.Parallel()
	const before = "intro\n<!-- begin a -->\nold a\n<!-- end a -->\nbetween\n<!-- begin b -->\nold b\n<!-- end b -->\noutro\n"
	tests := map[string]struct {
		section string
		want    string
		fails   bool
	}{
		"first":   {section: "a", want: strings.Replace(before, "old a\n", "new\n", 1)},
		"second":  {section: "b", want: strings.Replace(before, "old b\n", "new\n", 1)},
		"missing": {section: "c", want: before, fails: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "README.md")
			if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := replaceSection(path, tt.section, "new\n"); (err != nil) != tt.fails {
				t.Errorf("error %v, want one: %v", err, tt.fails)
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("file (-want +got):\n%s", diff)
			}
		})
	}
}

// The README that `make bench` fills has a place for every scenario.
func TestReadmeHasSections(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range scenarioNames() {
		if !strings.Contains(string(text), "<!-- begin "+name+" -->\n") || !strings.Contains(string(text), "<!-- end "+name+" -->\n") {
			t.Errorf("README.md has no markers for %s", name)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	all, err := choose("all")
	if err != nil || len(all) != len(scenarioNames()) {
		t.Errorf("all: %d scenarios, error %v", len(all), err)
	}
	one, err := choose("stop")
	if err != nil || len(one) != 1 || one[0].name != "stop" {
		t.Errorf("stop: %d scenarios, error %v", len(one), err)
	}
	if _, err := choose("speed"); err == nil || !strings.Contains(err.Error(), "memory") {
		t.Errorf("speed: error %v, want one that lists what there is", err)
	}
}

// Every row is compared with a row of its own table, if that peer is here.
func TestTrials(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"start":    {"no init", "tini-static", "dumb-init", "bare Go", "baseinit"},
		"services": {"s6-svscan", "bare Go", "baseinit"},
		"scripts": {
			"bare Go that execs sh -c true", "baseinit: with-contenv sh -c true", "s6: s6-envdir DIR sh -c true",
			"execline: execlineb, 6 words", "baseinit: execlineb, 6 words",
		},
		"stop":    {"s6-svscan, obedient", "baseinit, obedient", "s6-svscan, stubborn", "baseinit, stubborn"},
		"memory":  {"s6-svscan, 0 services", "baseinit, 0 services", "baseinit, syslog off, 0 services", "s6-svscan, 200 services", "baseinit, 200 services"},
		"orphans": {"tini-static", "dumb-init", "baseinit"},
		"syslog": {
			"busybox syslogd, 8 writers", "rsyslogd, 8 writers", "socklog, 8 writers", "bare Go, 8 writers", "baseinit, 8 writers",
			"busybox syslogd, 1 writer", "rsyslogd, 1 writer", "socklog, 1 writer", "bare Go, 1 writer", "baseinit, 1 writer",
		},
		"syslog-stall": {"busybox syslogd", "rsyslogd", "socklog", "baseinit"},
		"dns":          {"C echo", "dnsmasq", "unbound", "CoreDNS", "baseinit"},
		"dns-paced":    {"C echo", "dnsmasq", "unbound", "CoreDNS", "baseinit"},
		"dns-misses":   {"dnsmasq", "unbound", "CoreDNS", "baseinit"},
		"dns-memory":   {"dnsmasq", "unbound", "CoreDNS", "baseinit"},
		"idle":         {"busybox syslogd", "rsyslogd", "socklog", "baseinit", "baseinit, syslog off"},
	}
	got := map[string][]string{}
	for _, s := range scenarios() {
		trials := s.trials(candidates())
		for _, tr := range trials {
			got[s.name] = append(got[s.name], tr.name)
			if !slices.ContainsFunc(trials, func(o trial) bool { return o.name == tr.base }) {
				t.Errorf("%s: %s is compared with %q, which has no row", s.name, tr.name, tr.base)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestArgv(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"no init":         "prog arg",
		"tini-static":     "/i -- prog arg",
		"dumb-init":       "/i -- prog arg",
		"s6-svscan":       "/i /tree/etc/services.d",
		"bare Go":         "/i --root /tree -- prog arg; sink: /i syslog",
		"baseinit":        "/i --root /tree -- prog arg; sink: /i --root /tree --",
		"busybox syslogd": "; sink: /i syslogd -n -O -",
		"rsyslogd":        "; sink: /i -n -f /tree/rsyslog.conf -i /tree/rsyslogd.pid",
		"socklog":         "; sink: /i unix /dev/log",
	}
	got := map[string]string{}
	for _, in := range candidates() {
		if in.argv != nil {
			got[in.name] = strings.Join(in.argv("/i", "/tree", []string{"prog", "arg"}), " ")
		}
		if in.sink != nil {
			got[in.name] += "; sink: " + strings.Join(in.sink("/i", "/tree"), " ")
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("command lines (-want +got):\n%s", diff)
	}
}

// What baseinit costs without its sink is measured of the same program.
func TestSyslogOff(t *testing.T) {
	t.Parallel()
	off := syslogOff(candidates())
	if len(off) != 1 || off[0].name != "baseinit, syslog off" || logs(off[0]) || !slices.Equal(off[0].env, []string{"BASEINIT_SYSLOG=off"}) {
		t.Errorf("got %d programs, %+v", len(off), off)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	if path, version := find(initProgram{name: "no-such-program", pkg: "none"}); path != "" || version != "" {
		t.Errorf("found %q %q", path, version)
	}
	if path, version := find(initProgram{name: "a shell", program: "sh", pkg: "no-such-package"}); path == "" || version == "" {
		t.Errorf("sh: path %q, version %q, want both", path, version)
	}
}

func TestField(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "status")
	if err := os.WriteFile(path, []byte("Name:\tx\nThreads:\t12\nPss:  34 kB\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]float64{"Threads:": 12, "Pss:": 34} {
		if got, err := field(path, key); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", key, got, err, want)
		}
	}
	if _, err := field(path, "Swap:"); err == nil {
		t.Error("Swap: no error for a key that is not there")
	}
}

func TestCPUTime(t *testing.T) {
	t.Parallel()
	before, err := cpuTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < 20*time.Millisecond; {
	}
	after, err := cpuTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if after <= before || before <= 0 {
		t.Errorf("CPU time went from %v to %v in a busy loop", before, after)
	}
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	if _, err := cpuTime(gone.Process.Pid); err == nil {
		t.Error("no error for a process that is gone")
	}
}

func TestNamespacePIDs(t *testing.T) {
	t.Parallel()
	pids, err := namespacePIDs(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(pids, os.Getpid()) {
		t.Errorf("%v lacks our own %d", pids, os.Getpid())
	}
}

func TestBenchRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]options{
		"an unknown scenario": {scenario: "speed", rounds: 1},
		"no rounds":           {scenario: "start"},
		"a missing binary":    {scenario: "start", rounds: 1, baseinit: "/nonexistent/baseinit"},
	}
	for name, o := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := bench(o, io.Discard, io.Discard); err == nil {
				t.Error("no error")
			}
		})
	}
}
