package resolve

import (
	"sync"
	"time"
)

// burst tells when many questions have been asked, and no more come. The zero value
// does if over is not nil.
type burst struct {
	over   func()
	mu     sync.Mutex
	closed bool
	count  int
	latest time.Time
	timer  *time.Timer // runs while there was a question lately
}

const (
	manyQuestions = 200
	quietFor      = 2 * time.Second
)

// add counts a question.
func (b *burst) add() {
	if b.over == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	b.latest = time.Now()
	if b.count >= manyQuestions && b.timer == nil && !b.closed {
		b.timer = time.AfterFunc(quietFor, b.look)
	}
}

// look runs once per quietFor as long as questions come, and no more after that.
func (b *burst) look() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	if rest := quietFor - time.Since(b.latest); rest > 0 {
		b.timer.Reset(rest)
		return
	}
	b.timer, b.count = nil, 0
	b.over()
}

func (b *burst) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	if b.timer != nil {
		b.timer.Stop()
	}
}
