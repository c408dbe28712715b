package shared_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sillelien/baseinit/internal/shared"
)

// TestGet: nobody gets what was read before it asked, and of many who ask while one reads,
// one reads for all.
func TestGet(t *testing.T) {
	t.Parallel()
	var v shared.Value[int64]
	var reads atomic.Int64
	const callers, calls = 50, 200
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range calls {
				before := reads.Load()
				if got := v.Get(func() int64 { return reads.Add(1) }); got <= before {
					t.Errorf("got read %d, asked after read %d", got, before)
				}
			}
		})
	}
	all.Wait()
	if n := reads.Load(); n < calls || n > callers*calls {
		t.Errorf("%d reads", n)
	}
}

// TestGetTogether: those who waited for a read share the next.
func TestGetTogether(t *testing.T) {
	t.Parallel()
	var v shared.Value[int]
	reads := 0
	begun, end := make(chan struct{}), make(chan struct{})
	read := func() int {
		if reads++; reads == 1 {
			close(begun)
			<-end
		}
		return reads
	}
	var all sync.WaitGroup
	all.Go(func() { v.Get(read) })
	<-begun
	var asked sync.WaitGroup
	got := make([]int, 10)
	for i := range got {
		asked.Add(1)
		all.Go(func() {
			asked.Done()
			got[i] = v.Get(read)
		})
	}
	asked.Wait()
	close(end)
	all.Wait()
	if reads >= len(got) {
		t.Errorf("%d reads for %d who asked at the same time: %v", reads, len(got), got)
	}
}
