package resolve

import (
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/sillelien/baseinit/dnsfix/internal/cache"
	"github.com/sillelien/baseinit/dnsfix/internal/upstream"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// flight is a question that is being asked, for all who want to know.
type flight struct {
	done   chan struct{} // closed when the following are there
	at     time.Time
	answer wire.Answer // not to be changed
}

func (f *flight) isDone() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// within waits for the answer, and tells whether it came in time.
func (f *flight) within(d time.Duration) bool {
	if f.isDone() {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-f.done:
		return true
	case <-timer.C:
		return false
	}
}

// landed is a flight that is over.
func landed(answer wire.Answer) *flight {
	f := &flight{done: make(chan struct{}), at: time.Now(), answer: answer}
	close(f.done)
	return f
}

// flights are those that are in the air. The zero value has none.
type flights struct {
	mu     sync.Mutex
	closed bool
	byKey  map[string]*flight
}

// join returns the flight of a key. If there was none, it begins one, which work ends
// on a goroutine of wg. It goes on being found for as long as work says.
func (s *flights) join(key []byte, wg *sync.WaitGroup, question []byte, work func() (wire.Answer, time.Duration)) *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.byKey[string(key)]; f != nil {
		return f
	}
	if s.closed {
		return landed(wire.Fail(question))
	}
	if s.byKey == nil {
		s.byKey = map[string]*flight{}
	}
	f := &flight{done: make(chan struct{})}
	k := string(key)
	s.byKey[k] = f
	wg.Go(func() {
		var linger time.Duration
		f.answer, linger = work()
		f.at = time.Now()
		if linger > 0 {
			time.AfterFunc(linger, func() { s.remove(k) })
		} else {
			s.remove(k)
		}
		close(f.done)
	})
	return f
}

func (s *flights) remove(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byKey, key)
}

// find returns the flight of a key, or nil.
func (s *flights) find(key []byte) *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byKey[string(key)]
}

// close has no more flights begin.
func (s *flights) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// asked is a question, in lower case, and how it is asked.
type asked struct {
	question []byte // name, type and class
	do, cd   bool
	// fresh: what is in the cache will not do.
	fresh bool
	// inside: the name is one candidate of several, so that its absence is not the
	// answer to the client's question for the same name.
	inside bool
	// afterA: of a name without A record AAAA is not asked for.
	afterA bool
}

func (a *asked) name() []byte { return a.question[:len(a.question)-4] }

func (a *asked) typ() uint16 {
	n := len(a.question)
	return uint16(a.question[n-4])<<8 | uint16(a.question[n-3])
}

func (a *asked) isAddress() bool {
	typ := a.typ()
	return typ == wire.TypeA || typ == wire.TypeAAAA
}

// sibling asks for the other family's addresses.
func (a *asked) sibling() asked {
	s := *a
	s.afterA, s.fresh = false, false
	typ := byte(wire.TypeAAAA)
	if a.typ() == wire.TypeAAAA {
		typ = wire.TypeA
	}
	s.question = append(append([]byte(nil), a.name()...), 0, typ, 0, wire.ClassIN)
	return s
}

// of asks for another name.
func (a *asked) of(name []byte) asked {
	s := *a
	s.question = append(append([]byte(nil), name...), a.question[len(a.question)-4:]...)
	return s
}

func (a *asked) query() wire.Query {
	q := queryOf(a.question)
	q.DO = a.do
	if a.cd {
		q.Flags |= wire.FlagCD
	}
	return q
}

// key tells questions apart whose answers may differ.
func (a *asked) key(buf []byte, v *view) []byte {
	q := a.query()
	return append(q.AppendKey(buf), byte(v.generation), byte(v.generation>>8))
}

// lookup finds the answer to a client's question, and puts it into the cache. With
// fresh, what is there already will not do.
func (r *Resolver) lookup(v *view, q *wire.Query, fresh bool) *flight {
	a := asked{
		question: lowerQuestion(q.Question),
		do:       q.DO, cd: q.Flags&wire.FlagCD != 0, fresh: fresh,
	}
	var buf [wire.MaxKey + 2]byte
	return r.lookups.join(a.key(buf[:0], v), &r.wg, a.question, func() (wire.Answer, time.Duration) {
		found := r.find(v, a)
		if found.sure && !found.kept && r.view.Load().generation == v.generation {
			own := a.query()
			r.cache.Store(&own, &found.answer, found.keep, r.now())
		}
		return found.answer, 0
	})
}

// lowerQuestion is a copy of a question with its name in lower case.
func lowerQuestion(question []byte) []byte {
	n := len(question) - 4
	return append(lower(question[:n]), question[n:]...)
}

// settling settles a question about one name.
func (r *Resolver) settling(v *view, a asked) *flight {
	var buf [wire.MaxKey + 3]byte
	key := append(a.key(buf[:0], v), 'a')
	return r.lookups.join(key, &r.wg, a.question, func() (wire.Answer, time.Duration) { return r.settle(v, a, false).answer, 0 })
}

// ask asks one question as it is: our own data, the cache, the servers.
func (r *Resolver) ask(v *view, a asked) *flight {
	if answer, ok := v.localAnswer(a.question); ok {
		return landed(answer)
	}
	if !a.fresh {
		q := a.query()
		if reply, state := r.cache.Lookup(nil, &q, r.now()); state == cache.Hit || state == cache.HitPrefetch {
			return landed(parsed(reply, a.question))
		}
	}
	var buf [wire.MaxKey + 2]byte
	return r.asks.join(a.key(buf[:0], v), &r.wg, a.question, func() (wire.Answer, time.Duration) { return r.exchange(v, a) })
}

// known returns the flight of a question that has been answered or is being asked, or nil.
func (r *Resolver) known(v *view, a asked) *flight {
	q := a.query()
	if reply, state := r.cache.Lookup(nil, &q, r.now()); state == cache.Hit || state == cache.HitPrefetch {
		return landed(parsed(reply, a.question))
	}
	var buf [wire.MaxKey + 2]byte
	return r.asks.find(a.key(buf[:0], v))
}

// lingering is how long an answer is remembered that is not kept in the cache: the question
// for the other family, which comes with this one, may need it.
const lingering = 500 * time.Millisecond

// asksNobody tells whether we ourselves say that there is no such name, of either family.
func (v *view) asksNobody(a *asked) bool {
	asker, _ := v.route(a.name())
	return asker == nil && v.isLocal(a.name()) || a.isAddress() && labels(a.question) == 1 && !v.mayAskBare(a.name())
}

// exchange asks the servers. A failure is kept by lookup alone: it is no answer yet to
// a question that has more than one candidate.
func (r *Resolver) exchange(v *view, a asked) (answer wire.Answer, linger time.Duration) {
	r.burst.add()
	asker, keep := v.route(a.name())
	switch {
	case v.asksNobody(&a):
		return v.nothing(a.question, wire.RcodeNXDomain), 0
	case asker == nil:
		return wire.Fail(a.question), 0
	}
	answer, err := asker.Ask(r.ctx, upstream.Question{Name: a.question, DO: a.do, CD: a.cd})
	if err != nil {
		if r.ctx.Err() == nil {
			r.cfg.Logger.Debug("no answer for " + text(a.name()) + ": " + err.Error())
		}
		return wire.Fail(a.question), lingering
	}
	v.shape(&answer, a.question, r.cfg.Logger)
	if answer.Kind == wire.Failure || answer.Kind != wire.Positive && a.inside {
		return answer, lingering
	}
	if r.view.Load().generation == v.generation {
		q := a.query()
		r.cache.Store(&q, &answer, keep, r.now())
	}
	return answer, 0
}

// logQuery writes what --log-queries wants to see.
func (r *Resolver) logQuery(q *wire.Query, reply []byte, from string, took time.Duration) {
	if len(reply) < 12 {
		return
	}
	result := [...]string{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"}
	rcode := "?"
	if n := int(reply[3] & 15); n < len(result) {
		rcode = result[n]
	}
	r.cfg.Logger.Info("query", zap.String("name", text(q.Name())), zap.Uint16("type", q.Type), zap.String("result", rcode),
		zap.Int("answers", int(reply[6])<<8|int(reply[7])), zap.String("from", from), zap.Duration("took", took.Round(time.Microsecond)))
}
