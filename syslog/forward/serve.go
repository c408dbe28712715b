package forward

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// session is the use of one connection.
type session struct {
	*runner
	link link
	more chan struct{} // ready to be received from

	flying   bool        // something was written and has not arrived
	progress time.Time   // when something arrived last, or began to fly
	check    *time.Timer // when to look again at what has arrived
	interval time.Duration
	stable   *time.Timer // when the connection has proved itself
	proved   bool
}

// serve sends what there is over link and closes it. The error is nil if all was
// well for a while, whatever happened then: the other side may restart.
func (r *runner) serve(link link) error {
	s := &session{
		runner: r, link: link, more: make(chan struct{}),
		check: time.NewTimer(r.cfg.Timeout), stable: time.NewTimer(stableAfter),
	}
	close(s.more)
	defer s.stable.Stop()
	defer s.check.Stop()
	err := s.run()
	_ = s.settle() // what arrived before the end
	link.close(err != nil)
	if s.proved && !errors.Is(err, errStalled) {
		return nil
	}
	return err
}

// run returns nil when Run is to end and all is sent.
func (s *session) run() error {
	done := s.ctx.Done()
	for {
		more, err := s.next()
		if err != nil {
			return err
		}
		if more == nil && !s.flying && s.ctx.Err() != nil {
			return nil
		}
		select {
		case <-more:
		case <-s.queue.wake:
		case <-s.check.C:
		case <-s.stable.C:
			s.prove()
		case <-s.link.gone():
			return s.link.err()
		case <-done:
			done = nil
		case <-s.work.Done():
			return s.work.Err()
		}
	}
}

// next writes a piece, if there is one, and looks at what has arrived. more is ready
// if there may be another piece.
func (s *session) next() (more <-chan struct{}, err error) {
	if p := s.queue.take(); p != nil {
		more = s.more
		if !s.flying {
			s.flying, s.progress = true, time.Now()
		}
		if err := s.link.write(s.work, p); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				err = s.stalled()
			}
			return nil, err
		}
		s.interval = s.link.delay()
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	if !s.flying && s.queue.pending() { // there may have been no room for a note
		more = s.more
	}
	return more, s.watch()
}

// settle finishes what has arrived.
func (s *session) settle() error {
	arrived, err := s.link.arrived()
	progress, flying := s.queue.settle(arrived, s.link.whole())
	if progress {
		s.progress = time.Now()
	}
	s.flying = flying
	return err
}

// watch arranges for a look at what is under way, which nothing else would tell of.
func (s *session) watch() error {
	switch {
	case !s.flying:
		s.check.Stop()
	case time.Since(s.progress) >= s.cfg.Timeout:
		return s.stalled()
	default:
		s.check.Reset(s.interval)
		s.interval = min(2*s.interval, maxCheck)
	}
	return nil
}

func (s *session) stalled() error { return fmt.Errorf("%w for %v", errStalled, s.cfg.Timeout) }

// prove decides whether the connection works: it has lasted, and does not stall.
func (s *session) prove() {
	if s.flying && time.Since(s.progress) >= stableAfter/2 {
		s.stable.Reset(stableAfter)
		return
	}
	s.proved = true
	s.recovered()
}
