package credential_test

import (
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/credential"
	"github.com/sillelien/baseinit/internal/pid1test"
)

// BenchmarkBecome is what a start costs without and with the step in between. The figure that
// counts is the median.
func BenchmarkBecome(b *testing.B) {
	self := pid1test.Build(b)
	for name, spec := range map[string]credential.Spec{
		"plain": {},
		"umask": {Umask: new(uint32(0o22))},
		"user":  {User: "nobody"},
		"all of it": {
			User: "nobody", Groups: []string{"daemon"}, Umask: new(uint32(0o22)), Nice: new(1), OOMScoreAdj: new(100),
			Capabilities: &[]string{"net_bind_service"}, NoNewPrivs: new(true),
			Rlimits: map[string]credential.Limit{"nofile": {Soft: 100, Hard: 100}},
		},
	} {
		b.Run(name, func(b *testing.B) {
			path, argv := spec.Wrap(self, []string{"/bin/true"})
			if path == "" {
				path = argv[0]
			}
			var times []time.Duration
			for b.Loop() {
				start := time.Now()
				if err := (&exec.Cmd{Path: path, Args: argv}).Run(); err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(start))
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds()), "median-µs")
		})
	}
}
