package reaper_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sillelien/baseinit/reaper"
)

// In this process, which becomes a subreaper: what is logged and counted, and that
// nothing is left behind.
func TestLogAndLeaks(t *testing.T) {
	before := goleak.IgnoreCurrent()
	core, logs := observer.New(zap.DebugLevel)
	r, err := reaper.New(reaper.Config{Logger: zap.New(core), Grace: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	if err := makeSome(4); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); r.Stats().Reaped < 4; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("reaped %+v", r.Stats())
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	r.Stats().Exited[3] = 99 // a copy
	if got := r.Stats().Exited[3]; got != 4 {
		t.Errorf("%d orphans exited 3, want 4", got)
	}
	goleak.VerifyNone(t, before)

	got := map[string]int{}
	for _, entry := range logs.All() {
		got[entry.Level.String()+" "+entry.LoggerName+" "+entry.Message]++
	}
	want := map[string]int{"debug reaper reaping orphans": 1, "debug reaper reaped an orphan": 4}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}
