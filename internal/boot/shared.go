//go:build linux

package boot

import (
	"sync"
	"time"
)

// shared lets many who want to read the same at the same time read it once. Each
// gets what was read after it asked.
type shared[T any] struct {
	mu    sync.Mutex
	began time.Time
	value T
}

func (s *shared[T]) get(read func() T) T {
	asked := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.began.Before(asked) {
		s.began = time.Now()
		s.value = read()
	}
	return s.value
}
