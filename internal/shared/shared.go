// Package shared lets many who want to know the same find it out once.
package shared

import (
	"sync"
	"time"
)

// Value lets many who want to read the same at the same time read it once. Each
// gets what was read after it asked. The zero value is ready for use.
type Value[T any] struct {
	mu    sync.Mutex
	began time.Time
	value T
}

// Get reads, or waits for somebody who has begun to after it was called.
func (s *Value[T]) Get(read func() T) T {
	asked := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.began.Before(asked) {
		s.began = time.Now()
		s.value = read()
	}
	return s.value
}
