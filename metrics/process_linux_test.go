package metrics_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/metrics"
)

// The name of a program may look like fields.
func TestParseStat(t *testing.T) {
	t.Parallel()
	stat := "1 (a) S 1 (b) S 0 1 1 0 -1 4194560 2000 300 4 5 120 30 7 8 20 0 11 0 250 12345 3 18446744073709551615\n"
	got := metrics.ParseStat(stat, 1000)
	want := metrics.Process{
		CPU: 1500 * time.Millisecond, Threads: 11, Virtual: 12345, Resident: 3 * int64(os.Getpagesize()), Start: time.Unix(1002, 500e6),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("process (-want +got):\n%s", diff)
	}
	if got := metrics.ParseStat("1 (cut", 0); got != (metrics.Process{}) {
		t.Errorf("of nothing: %+v", got)
	}
}

// This process is one, and has used the processor.
func TestReadProcess(t *testing.T) { // not parallel: others open files
	before := metrics.ReadProcess()
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for metrics.ReadProcess().CPU == before.CPU { // it is counted in hundredths
		_ = strings.Repeat("x", 1<<20)
	}
	p := metrics.ReadProcess()
	if p.FDs != before.FDs+1 || p.MaxFDs < p.FDs {
		t.Errorf("%d descriptors of %d, after %d", p.FDs, p.MaxFDs, before.FDs)
	}
	if p.Resident < 1<<20 || p.Virtual < p.Resident || p.Goroutines < 2 || p.Threads < 2 {
		t.Errorf("process %+v", p)
	}
	if age := time.Since(p.Start); age < -time.Second || age > time.Hour {
		t.Errorf("it was started %v ago", age)
	}
}
