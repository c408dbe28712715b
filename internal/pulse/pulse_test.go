package pulse_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/pulse"
	"github.com/sillelien/baseinit/supervisor"
)

// A Supervisor has no pulse before it runs and while it is stuck, and has one then and
// after.
func TestBeats(t *testing.T) { // not parallel: it counts goroutines
	stuck, hold, release := make(chan struct{}), make(chan struct{}, 1), make(chan struct{})
	sup, err := supervisor.New(supervisor.Config{
		Services: []supervisor.Service{{Name: "a", Func: func(ctx context.Context, _ supervisor.Notifier) error { <-ctx.Done(); return nil }}},
		OnEvent: func(supervisor.Event) { // which must not do this
			select {
			case <-hold:
				close(stuck)
				<-release
			default:
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var p pulse.Pulse
	const soon, late = 10 * time.Millisecond, 20 * time.Second
	before := runtime.NumGoroutine()
	for range 50 {
		if p.Beats(sup, soon/10) {
			t.Fatal("it does not run")
		}
	}
	if n := runtime.NumGoroutine() - before; n > 1 {
		t.Errorf("%d goroutines wait for an answer", n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sup.Run(ctx) }()
	if !p.Beats(sup, late) {
		t.Error("it runs")
	}
	hold <- struct{}{}
	restarted := make(chan error, 1)
	go func() { restarted <- sup.Restart("a") }() // an event before that may be the one
	<-stuck
	if p.Beats(sup, soon) {
		t.Error("it is stuck")
	}
	close(release)
	if !p.Beats(sup, late) {
		t.Error("it goes on")
	}
	if err := <-restarted; err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !p.Beats(sup, late) {
		t.Error("it has ended, and answers")
	}
}
