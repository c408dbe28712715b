package forward

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"
)

const (
	// stableAfter is how long a connection must last to be a success.
	stableAfter = time.Second
	// maxCheck is the longest time between two looks at what has arrived.
	maxCheck = time.Second

	firstPause = 100 * time.Millisecond
	maxPause   = 30 * time.Second
)

// errStalled is why a connection ends whose other side takes nothing more.
var errStalled = errors.New("it takes no more data")

// pause is how long to wait after so many failures in a row. random is in [0, 1):
// what failed together should not come back together.
func pause(failures int, random float64) time.Duration {
	longest := maxPause
	if doublings := failures - 1; doublings < 9 {
		longest = min(maxPause, firstPause<<doublings)
	}
	return longest/2 + time.Duration(random*float64(longest/2))
}

// Run sends until ctx ends, and then what is still there, as long as the server
// takes it and at most for Config.FlushTimeout. The error then says how many messages
// were not sent. It can be called once. Without a server it waits for one: 100 ms
// after the first attempt, each time twice as long up to 30 s, less up to a
// half by chance.
func (f *Forwarder) Run(ctx context.Context) error {
	if !f.started.CompareAndSwap(false, true) {
		return errors.New("cannot run a forwarder twice")
	}
	close(f.ready)
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(f.cfg.FlushTimeout, cancel) })()

	r := &runner{Forwarder: f, ctx: ctx, work: work}
	for r.await() {
		if !r.attempt() {
			break
		}
	}
	if n := f.queue.end(); n > 0 {
		return fmt.Errorf("cannot forward the last %s to %s: %w", plural(n), f.target, r.cause())
	}
	return nil
}

// runner is Run at work.
type runner struct {
	*Forwarder
	ctx  context.Context // until it ends, there may be more
	work context.Context // until it ends, what there is may be sent

	failures int // in a row
	since    time.Time
	err      error // the last one
}

// await waits for something to send. It returns false when there is nothing, and
// never will be.
func (r *runner) await() bool {
	for !r.queue.pending() {
		select {
		case <-r.queue.wake:
		case <-r.ctx.Done():
			return r.queue.pending()
		}
	}
	return true
}

// attempt connects and sends, until there is nothing more to do with the
// connection. It returns false if there should be no other.
func (r *runner) attempt() bool {
	last := r.ctx.Err() != nil // a server that fails then will not come back in time
	link, err := r.dialer.connect(r.work)
	if err == nil {
		r.counts.connections.Add(1)
		err = r.serve(link)
		r.queue.release()
	}
	switch {
	case r.work.Err() != nil:
		return false
	case err == nil:
		return true
	}
	r.failed(err)
	if last {
		return false
	}
	timer := time.NewTimer(pause(r.failures, rand.Float64()))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.ctx.Done():
	}
	return true
}

func (r *runner) failed(err error) {
	r.counts.failures.Add(1)
	r.err = err
	r.failures++
	if r.failures == 1 {
		r.since = time.Now()
		r.log.Warn("cannot forward to "+r.target.String()+": trying again, and keeping what there is room for", zap.Error(err))
	}
}

// recovered is called when a connection has proved itself.
func (r *runner) recovered() {
	if r.failures > 0 {
		r.log.Info("forwarding to "+r.target.String()+" again",
			zap.Duration("after", time.Since(r.since).Round(time.Millisecond)), zap.Uint64("dropped", r.queue.count().Dropped))
	}
	r.failures, r.err = 0, nil
}

// cause is why Run ends before all is sent.
func (r *runner) cause() error {
	if r.err != nil {
		return r.err
	}
	return fmt.Errorf("there were only %v for it", r.cfg.FlushTimeout)
}

func plural(n uint64) string {
	if n == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", n)
}
