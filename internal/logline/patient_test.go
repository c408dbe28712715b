package logline_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/logline"
)

// TestPatience has more lines than there is room for, and somebody who reads them slowly.
func TestPatience(t *testing.T) {
	t.Parallel()
	p := newPipe(t)
	w := logline.New(p.fd(), logline.Config{Limit: 10_000})
	const writers, each = 3, 3000
	got := make(chan int)
	go func() {
		total, buf := 0, make([]byte, 4096)
		for {
			n, err := p.r.Read(buf)
			total += n
			if err != nil {
				got <- total
				return
			}
			time.Sleep(20 * time.Microsecond) // as slow as the writers are not
		}
	}()
	done := make(chan struct{})
	for range writers {
		go func() {
			for range each {
				_, _ = w.Patient().Write(hundred)
			}
			done <- struct{}{}
		}()
	}
	for range writers {
		<-done
	}
	mustClose(t, w)
	p.w.Close()
	if n := <-got; n != writers*each*len(hundred) {
		t.Errorf("%d bytes came, want %d", n, writers*each*len(hundred))
	}
	if s := w.Stats(); s.Dropped != 0 || s.Lines != writers*each {
		t.Errorf("Stats = %+v", s)
	}
}

// TestPatienceEnds has nobody who reads.
func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	p := newPipe(t)
	skip := p.fill(t)
	w := logline.New(p.fd(), logline.Config{Limit: 1000})
	fmt.Fprintln(w, "first")
	await(t, "the writer to wait in write(2)", func() bool { return stuckInWrite(w) })
	fill := strings.Repeat("x", 998)
	began := time.Now()
	for _, line := range []string{fill, "lost", "lost, too"} { // there is room for the first alone
		fmt.Fprintln(w.Patient(), line)
	}
	if took := time.Since(began); took < 100*time.Millisecond || took > 5*time.Second {
		t.Errorf("who is patient waited for %v", took)
	}
	p.skip(t, skip)
	want := []string{"first", fill, "baseinit: warning: dropped 2 lines here: the log took no more"}
	if diff := cmp.Diff(want, p.finish(t, w)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// TestPatienceAfterClose waits for nothing.
func TestPatienceAfterClose(t *testing.T) {
	t.Parallel()
	p := newPipe(t)
	w := logline.New(p.fd(), logline.Config{})
	mustClose(t, w)
	fmt.Fprintln(w.Patient(), "lost")
	if s := w.Stats(); s.Dropped != 1 {
		t.Errorf("Stats = %+v", s)
	}
}
