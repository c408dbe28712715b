package boot_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/sillelien/baseinit/internal/boot"
	"github.com/sillelien/baseinit/internal/control/api"
)

func event(i int) api.Event { return api.Event{Text: fmt.Sprint(i)} }

// TestEventLogKeepsTheLast: 256 of them, in order.
func TestEventLogKeepsTheLast(t *testing.T) {
	t.Parallel()
	for _, count := range []int{0, 1, 255, 256, 257, 1000} {
		l := boot.NewEventLog()
		for i := range count {
			l.Add(event(i))
		}
		next := max(count-256, 0)
		for e := range l.Events(t.Context(), false) {
			if e.Text != fmt.Sprint(next) {
				t.Errorf("of %d events %s comes where %d should", count, e.Text, next)
			}
			next++
		}
		if next != count {
			t.Errorf("of %d events the last is %d", count, next-1)
		}
	}
}

// TestEventLogWaitsForNobody: who is too slow misses events, is told how many, and goes on.
func TestEventLogWaitsForNobody(t *testing.T) {
	t.Parallel()
	l := boot.NewEventLog()
	l.Add(event(0))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen, lost := 0, 0
	for e := range l.Events(ctx, true) {
		switch {
		case seen == 0: // while this one is looked at, more come than there is room for
			for i := range 1000 {
				l.Add(event(i + 1))
			}
		case seen == 10 && lost == 0: // there is room again
			l.Add(event(1001))
		}
		if e.Kind == "lost" {
			if _, err := fmt.Sscanf(e.Text, "%d events are missing", &lost); err != nil {
				t.Fatal(err)
			}
		} else {
			seen++
		}
		if e.Text == "1001" {
			cancel()
		}
	}
	if seen+lost != 1002 || lost == 0 {
		t.Errorf("%d seen, %d lost", seen, lost)
	}
}

// TestEventLogFollowerLeaves: nobody is sent anything who has gone.
func TestEventLogFollowerLeaves(t *testing.T) {
	t.Parallel()
	l := boot.NewEventLog()
	l.Add(event(0))
	for range l.Events(t.Context(), true) {
		break
	}
	for i := range 2000 {
		l.Add(event(i))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	count := 0
	for range l.Events(ctx, true) {
		count++
	}
	if count != 256 {
		t.Errorf("%d events", count)
	}
}
