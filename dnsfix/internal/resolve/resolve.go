// Package resolve decides what a client's query gets: data of our own, an answer from
// the cache, or one that upstream servers give, found through the search list if need be.
//
// Resolver.Answer is the hot path and gives what is in memory. Resolver.Resolve gives
// the rest. What surprises most:
//
//   - The client asks once, and for the name as the user typed it. The search list is
//     applied here (facts: musl stops at the first domain that fails), all domains
//     at once, and the answer says so with a CNAME record.
//   - A and AAAA stand together. musl takes NXDOMAIN, SERVFAIL or silence of one for
//     the failure of both, so while the name has addresses of one family, the
//     question for the other is answered with "no data".
//   - Nothing that is silent is waited for once something usable is there, beyond a
//     short patience. What comes later goes into the cache for the next one who asks.
//   - A client gets NOERROR, NXDOMAIN or SERVFAIL to a question for an address, and
//     within 4.5 s: musl gives up after 5 s, and knows no other answers.
package resolve

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/sillelien/baseinit/dnsfix/internal/cache"
	"github.com/sillelien/baseinit/dnsfix/internal/upstream"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// Asker asks upstream servers: an upstream.Group.
type Asker interface {
	Ask(ctx context.Context, q upstream.Question) (wire.Answer, error)
}

// Config is what does not change in a Resolver's life.
type Config struct {
	// Cache is what the cache may be told.
	Cache cache.Config
	// MaxAnswers, if not 0, is how many addresses a client gets at most that
	// asks over TCP without EDNS: musl 1.2.4 takes no more than 63.
	MaxAnswers int
	// Looped tells whether a query is one of ours that has come back. May be nil.
	Looped func(*wire.Query) bool
	// Quiet, if not nil, is called when after many questions to servers there were none
	// for two seconds, on a goroutine of its own.
	Quiet func()
	// Logger. Default: none.
	Logger *zap.Logger
}

// The times that clients are made to wait, all below musl's 5 s.
const (
	lastWord   = 4500 * time.Millisecond
	staleAfter = 1800 * time.Millisecond // RFC 8767 5
)

// Resolver answers queries. Make one with New; it answers once it has a View.
type Resolver struct {
	cfg     Config
	cache   *cache.Cache
	start   time.Time
	view    atomic.Pointer[view]
	lookups flights // of clients' questions
	asks    flights // of questions to upstream servers
	cuts    cuts

	ctx    context.Context // of all that goes on in the background
	cancel context.CancelFunc
	wg     sync.WaitGroup

	burst burst

	failures  atomic.Uint64
	timeouts  atomic.Uint64
	coherence atomic.Uint64
	searched  atomic.Uint64
	loops     atomic.Uint64
}

// New returns a Resolver that knows nothing yet.
func New(cfg Config) *Resolver {
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	r := &Resolver{cfg: cfg, cache: cache.New(cfg.Cache), start: time.Now()}
	r.burst.over = cfg.Quiet
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.view.Store((&View{}).compile(nil))
	return r
}

// Close gives up whatever is still being asked, and waits for its end.
func (r *Resolver) Close() {
	r.cancel()
	r.burst.close()
	r.lookups.close()
	r.asks.close()
	r.wg.Wait()
}

// SetView says what holds from now on. Where the servers are others, nothing that
// the old ones said is used any more.
func (r *Resolver) SetView(v View) {
	old := r.view.Load()
	next := v.compile(old)
	r.view.Store(next)
	if next.generation != old.generation {
		r.cache.Flush()
		r.cuts.forget()
	}
}

// Flush forgets all answers.
func (r *Resolver) Flush() { r.cache.Flush() }

// now is the cache's time.
func (r *Resolver) now() time.Duration { return time.Since(r.start) }

// Answer appends the reply to q to dst if it is in memory. now is the time since
// about the Resolver's start. It neither blocks nor allocates, unless there are --address
// options.
func (r *Resolver) Answer(dst []byte, q *wire.Query, now time.Duration) ([]byte, bool) {
	v := r.view.Load()
	if v.logQueries {
		return dst, false
	}
	r.limit(q)
	if reply, ok := v.local(dst, q); ok {
		return reply, true
	}
	reply, state := r.cache.Lookup(dst, q, now)
	switch state {
	case cache.Hit:
		return reply, true
	case cache.HitPrefetch:
		r.prefetch(v, q)
		return reply, true
	}
	return dst, false
}

// limit has clients over TCP without EDNS get no more answers than they can take.
func (r *Resolver) limit(q *wire.Query) {
	if q.Limit == wire.MaxMessage && !q.EDNS {
		q.MaxAnswers = r.cfg.MaxAnswers
	}
}

// prefetch asks for what is wanted often before it ends.
func (r *Resolver) prefetch(v *view, q *wire.Query) { r.lookup(v, q, true) }

// Resolve appends the reply to q to dst. It takes at most 4.5 s, less if ctx ends.
func (r *Resolver) Resolve(ctx context.Context, dst []byte, q *wire.Query) []byte {
	v := r.view.Load()
	if !v.logQueries {
		reply, _ := r.resolve(ctx, v, dst, q)
		return reply
	}
	started := time.Now()
	reply, from := r.resolve(ctx, v, dst, q)
	r.logQuery(q, reply[len(dst):], from, time.Since(started))
	return reply
}

// Lookup is Resolve for a question, name, type and class, of a program in this process.
// Without a search list, if absolute.
func (r *Resolver) Lookup(ctx context.Context, question []byte, absolute bool) wire.Answer {
	q := queryOf(question)
	if !absolute {
		return parsed(r.Resolve(ctx, nil, &q), question)
	}
	a := asked{question: lowerQuestion(question), inside: true}
	f := r.settling(r.view.Load(), a)
	select {
	case <-f.done:
		return f.answer
	case <-ctx.Done():
		return wire.Fail(question)
	}
}

// resolve also tells where the reply is from.
func (r *Resolver) resolve(ctx context.Context, v *view, dst []byte, q *wire.Query) (reply []byte, from string) {
	r.limit(q)
	if r.cfg.Looped != nil && r.cfg.Looped(q) {
		r.loops.Add(1)
		return wire.AppendReply(dst, q, wire.RcodeServFail), "a loop"
	}
	if reply, ok := v.local(dst, q); ok {
		return reply, "local data"
	}
	old, state := r.cache.Lookup(nil, q, r.now())
	if state == cache.Hit || state == cache.HitPrefetch {
		return append(dst, old...), "the cache"
	}
	limit := lastWord
	if state == cache.Stale {
		limit = staleAfter
	}
	late := time.NewTimer(limit)
	defer late.Stop()
	f := r.lookup(v, q, false)
	select {
	case <-f.done:
		if f.answer.Kind != wire.Failure {
			return f.answer.Stored.AppendReply(dst, q, wire.Patch{}), "upstream"
		}
	case <-late.C:
		r.timeouts.Add(1)
	case <-ctx.Done():
	}
	if state == cache.Stale {
		return append(dst, old...), "the cache, stale"
	}
	r.failures.Add(1)
	return wire.AppendReply(dst, q, wire.RcodeServFail), "upstream"
}

// Stats are counts since the start.
type Stats struct {
	Cache     cache.Stats
	Failures  uint64 // replies that were SERVFAIL for want of an answer
	Timeouts  uint64 // replies that came before the answer, stale ones among them
	Searched  uint64 // names that the search list was applied to
	Coherence uint64 // answers changed to "no data" as the name has addresses of the other family
	Loops     uint64 // our own questions that came back
}

// Stats returns the counts as of now.
func (r *Resolver) Stats() Stats {
	return Stats{
		Cache: r.cache.Stats(), Failures: r.failures.Load(), Timeouts: r.timeouts.Load(),
		Searched: r.searched.Load(), Coherence: r.coherence.Load(), Loops: r.loops.Load(),
	}
}
