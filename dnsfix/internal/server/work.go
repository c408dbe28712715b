package server

import (
	"fmt"
	"runtime/debug"
	"sync"

	"go.uber.org/zap"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// work is the queries that are being resolved, and those that wait for that.
type work struct {
	most    int
	mu      sync.Mutex
	idle    sync.Cond // when nothing is left
	running int
	queue   []func()
	head    int // of queue, what is before has been taken
}

// submit has f run on a goroutine, now or when another one ends. It returns false if too
// many wait already.
func (w *work) submit(f func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running < w.most {
		w.running++
		go w.run(f)
		return true
	}
	if len(w.queue)-w.head >= w.most {
		return false
	}
	w.queue = append(w.queue, f)
	return true
}

// run runs f and then what waits. wait waits for it.
func (w *work) run(f func()) {
	for f != nil {
		f()
		f = w.next()
	}
}

// next takes what waits, or ends.
func (w *work) next() (f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.head < len(w.queue) {
		f = w.queue[w.head]
		w.queue[w.head] = nil
		if w.head++; w.head == len(w.queue) {
			w.queue, w.head = w.queue[:0], 0
		} else if w.head >= w.most {
			n := copy(w.queue, w.queue[w.head:])
			clear(w.queue[n:])
			w.queue, w.head = w.queue[:n], 0
		}
		return f
	}
	if w.running--; w.running == 0 && w.idle.L != nil {
		w.idle.Broadcast()
	}
	return nil
}

// wait returns when nothing runs.
func (w *work) wait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle.L = &w.mu
	for w.running > 0 {
		w.idle.Wait()
	}
}

func (w *work) load() (running, waiting int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.running, len(w.queue) - w.head
}

// resolve gives the Handler's reply, whatever the Handler does.
func (s *Server) resolve(q *wire.Query) (reply []byte) {
	defer s.recovered(q, &reply)
	reply = s.cfg.Handler.Resolve(s.ctx, nil, q)
	s.results.addReply(reply)
	return reply
}

// recovered makes SERVFAIL of a panic. Deferred, and not called in any other way.
func (s *Server) recovered(q *wire.Query, reply *[]byte) {
	what := recover()
	if what == nil {
		return
	}
	if s.panics.Add(1) == 1 {
		s.cfg.Logger.Error("a query was answered with SERVFAIL, as answering it failed; the first time is logged", zap.String("panic", fmt.Sprint(what)), zap.ByteString("stack", debug.Stack()))
	}
	s.results.add(wire.RcodeServFail)
	*reply = wire.AppendReply((*reply)[:0], q, wire.RcodeServFail)
}
