package reaper_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sillelien/baseinit/reaper"
)

// newReaper makes one that asks nothing of the kernel.
func newReaper(t *testing.T) *reaper.Reaper {
	t.Helper()
	r, err := reaper.New(reaper.Config{NoSubreaper: true})
	if runtime.GOOS != "linux" {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Fatalf("New: %v, want errors.ErrUnsupported", err)
		}
		t.Skip("reaps on Linux alone")
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	_, err := reaper.New(reaper.Config{Grace: -time.Second, NoSubreaper: true})
	if err == nil || !strings.Contains(err.Error(), "grace -1s is negative") {
		t.Errorf("error %v, want one about the grace", err)
	}
}

func TestRunOnce(t *testing.T) {
	t.Parallel()
	r := newReaper(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Run(ctx); err != nil {
		t.Errorf("first Run: %v", err)
	}
	if err := r.Run(ctx); err == nil {
		t.Error("a second Run is no error")
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	r := newReaper(t)
	select {
	case <-r.Ready():
		t.Error("ready before Run")
	default:
	}
	if got := r.Mode().String(); got != "none" {
		t.Errorf("mode %q before Run", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	<-r.Ready()
	if got := r.Mode(); got != reaper.Unclaimed {
		t.Errorf("mode %v without a promise", got)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

// An interrupt that comes before execute ends it all the same.
func TestActorInterruptIsSticky(t *testing.T) {
	t.Parallel()
	execute, interrupt := newReaper(t).Actor()
	interrupt(errors.New("another actor has ended"))
	interrupt(nil)
	if err := execute(); err != nil {
		t.Errorf("execute: %v", err)
	}
}

func TestModeString(t *testing.T) {
	t.Parallel()
	for mode, want := range map[reaper.Mode]string{
		0: "none", reaper.MainThread: "main-thread", reaper.Children: "children", reaper.Unclaimed: "unclaimed",
	} {
		if got := mode.String(); got != want {
			t.Errorf("Mode(%d).String() is %q, want %q", mode, got, want)
		}
	}
}
