package supervisor_test

import (
	"context"
	"testing"
	"time"

	"github.com/sillelien/baseinit/supervisor"
)

// BenchmarkStart50 is the time until 50 processes run, and until they are gone.
func BenchmarkStart50(b *testing.B) {
	var services []supervisor.Service
	for i := range 50 {
		services = append(services, supervisor.Service{Name: itoa(i), Command: []string{"/bin/sleep", "1000"}})
	}
	var stop time.Duration
	for b.Loop() {
		sup, err := supervisor.New(supervisor.Config{Services: services})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		ended := make(chan error)
		go func() { ended <- sup.Run(ctx) }()
		<-sup.Ready()
		b.StopTimer()
		begun := time.Now()
		cancel()
		if err := <-ended; err != nil {
			b.Fatal(err)
		}
		stop += time.Since(begun)
		b.StartTimer()
	}
	b.ReportMetric(float64(stop.Microseconds())/1000/float64(b.N), "stop-ms/op")
}

// BenchmarkMemory is what an idle service with captured output costs.
func BenchmarkMemory(b *testing.B) {
	var with, without, threads int
	for b.Loop() {
		_, without = resources(b, 0)
		threads, with = resources(b, 200)
	}
	b.ReportMetric(float64(with-without)/200, "KB/service")
	b.ReportMetric(float64(without), "KB-idle")
	b.ReportMetric(float64(threads), "threads")
}

// BenchmarkCall is a call of the API: there and back through the event loop.
func BenchmarkCall(b *testing.B) {
	sup, err := supervisor.New(supervisor.Config{Services: []supervisor.Service{{Name: "x", Command: []string{"/none"}, Down: true}}})
	if err != nil {
		b.Fatal(err)
	}
	execute, interrupt := sup.Actor()
	ended := make(chan error)
	go func() { ended <- execute() }()
	b.ReportAllocs()
	for b.Loop() {
		if err := sup.Stop("x"); err != nil {
			b.Fatal(err)
		}
	}
	interrupt(nil)
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRun is what the event loop does for one run of a service from start to
// end: everything but the process.
func BenchmarkRun(b *testing.B) {
	runs := make(chan struct{})
	sup, err := supervisor.New(supervisor.Config{Services: []supervisor.Service{{
		Name:    "x",
		Func:    func(context.Context, supervisor.Notifier) error { runs <- struct{}{}; return nil },
		Backoff: supervisor.Backoff{Initial: 1, Max: 1},
	}}})
	if err != nil {
		b.Fatal(err)
	}
	execute, interrupt := sup.Actor()
	ended := make(chan error)
	go func() { ended <- execute() }()
	b.ReportAllocs()
	for b.Loop() {
		<-runs
	}
	interrupt(nil)
	for {
		select {
		case <-runs:
		case <-ended:
			return
		}
	}
}

// BenchmarkLines is the copying of output: a 16 KB read of short lines.
func BenchmarkLines(b *testing.B) {
	chunk := make([]byte, 0, 16<<10)
	for len(chunk) < 16<<10-80 {
		chunk = append(chunk, "127.0.0.1 - - [23/Nov/2026:19:00:00 +0000] \"GET / HTTP/1.1\" 200 612\n"...)
	}
	for _, bm := range []struct {
		name   string
		as     supervisor.Output
		joined bool
	}{
		{"plain", supervisor.OutputPlain, false},
		{"text", supervisor.OutputText, false},
		{"json", supervisor.OutputJSON, false},
		{"json joined", supervisor.OutputJSON, true},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(chunk)))
			b.ReportAllocs()
			for b.Loop() {
				supervisor.PumpAs(discard{}, bm.as, bm.joined, chunk)
			}
		})
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
