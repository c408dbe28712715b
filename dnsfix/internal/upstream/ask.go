package upstream

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// Ask asks the servers until one says something usable: records, that there are
// none, or that there is no such name. If all have failed, it is the failure of the one
// that was heard last; if none was heard, an error that says why.
func (g *Group) Ask(ctx context.Context, q Question) (wire.Answer, error) {
	if err := g.c.admit(ctx); err != nil {
		return wire.Answer{}, err
	}
	defer func() { <-g.c.inFlight }()
	servers := g.order()
	if len(servers) == 0 {
		return wire.Answer{}, ErrNoServers
	}
	if len(q.Name) < 5 {
		return wire.Answer{}, wire.ErrMalformed
	}
	a := asking{g: g, q: q, ctx: ctx, servers: servers, begun: time.Now()}
	a.deadline = a.begun.Add(g.p.Total)
	defer a.leave()
	if !g.p.UseTCP && g.p.Order != Race {
		if answer, err := a.first(); err == nil || !errors.Is(err, errGoOn) {
			return answer, err
		}
	}
	return a.rest()
}

var errGoOn = errors.New("no answer yet")

// asking is one question on its way.
type asking struct {
	g        *Group
	q        Question
	ctx      context.Context
	servers  []*server
	deadline time.Time

	next     int          // of servers, the first that was not asked
	begun    time.Time    // the first
	asked    time.Time    // the one before next
	tries    []*try       // that go on
	outcomes chan outcome // has room for all tries
	running  int          // tries
	sends    []send       // of the servers asked
	finished map[*server]bool
	held     *wire.Answer // negative, of a server whose better has not answered yet
	failure  *wire.Answer
	err      error
}

// send is when a server is asked again.
type send struct {
	server *server
	at     time.Time
	wait   time.Duration
	left   int
}

// outcome is how a try has ended.
type outcome struct {
	server *server
	plain  bool // asked without EDNS
	answer wire.Answer
	err    error
}

// sends per server, at most: what is lost four times is not lost by chance.
const maxSends = 4

// first asks the first server, on this goroutine: mostly, that is all. errGoOn says that
// more has to be done.
func (a *asking) first() (wire.Answer, error) {
	s := a.servers[0]
	a.next, a.asked = 1, time.Now()
	t := newTry(s, a.q, false)
	if err := t.send(); err != nil {
		a.failed(s, err)
		a.finish(s)
		return wire.Answer{}, errGoOn
	}
	wait := s.patience(a.g.p.Resend)
	if len(a.servers) > 1 {
		wait = min(wait, a.hedge(s))
	}
	answer, err := t.read(a.ctx, time.Now().Add(wait))
	if errors.Is(err, os.ErrDeadlineExceeded) && a.ctx.Err() == nil {
		a.begin()
		a.schedule(s, wait, t.sent)
		a.goOn(t)
		return answer, errGoOn
	}
	t.close()
	if a.ctx.Err() != nil && err != nil {
		return answer, context.Cause(a.ctx)
	}
	if answer, done := a.judge(outcome{s, t.plain, answer, err}); done {
		return answer, nil
	}
	a.finish(s)
	return wire.Answer{}, errGoOn
}

// hedge is how long a server may be silent before the next one is asked, too. Of one
// that has never answered nothing is known; another may be the only one there is.
func (a *asking) hedge(s *server) time.Duration {
	if !s.known.Load() || s.rank() > 0 {
		return min(a.g.p.Hedge, 20*time.Millisecond)
	}
	return a.g.p.Hedge
}

func (a *asking) begin() {
	if a.outcomes == nil {
		a.outcomes = make(chan outcome, 2*(maxSends+1)*len(a.servers))
	}
}

// schedule has a server asked again, when it has been silent for wait, then twice that.
func (a *asking) schedule(s *server, wait time.Duration, sent time.Time) {
	left := min(maxSends, 2*a.g.p.Attempts) - 1
	a.sends = append(a.sends, send{server: s, at: sent.Add(wait), wait: wait, left: left})
}

// leave lets tries that go on when there is an answer go on for a little: it matters
// how fast a server is, and whether it answers at all.
func (a *asking) leave() {
	for _, t := range a.tries {
		t.hurry()
	}
}

// goOn has a try waited for on a goroutine of its own.
func (a *asking) goOn(t *try) {
	a.running++
	a.tries = append(a.tries, t)
	outcomes := a.outcomes
	ctx, limit := a.g.c.ctx, a.deadline
	ok := a.g.c.spawn(func() {
		answer, err := t.read(ctx, limit)
		t.close()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = ErrTimeout
			if !t.again { // a question counts once
				t.server.unheard()
			}
		}
		outcomes <- outcome{t.server, t.plain, answer, err}
	})
	if !ok {
		t.close()
		outcomes <- outcome{server: t.server, err: ErrClosed}
	}
}

// askNext asks the next server, if there is one.
func (a *asking) askNext() bool {
	if a.next >= len(a.servers) {
		return false
	}
	s := a.servers[a.next]
	a.next++
	a.asked = time.Now()
	a.askServer(s, false)
	if !a.g.p.UseTCP {
		a.schedule(s, s.patience(a.g.p.Resend), time.Now())
	}
	return true
}

// askServer sends one more question to a server.
func (a *asking) askServer(s *server, again bool) {
	a.begin()
	if a.g.p.UseTCP {
		a.overTCP(s)
		return
	}
	t := newTry(s, a.q, false)
	t.again = again
	if err := t.send(); err != nil {
		a.running++
		a.outcomes <- outcome{server: s, err: err}
		return
	}
	a.goOn(t)
}

func (a *asking) overTCP(s *server) {
	a.running++
	outcomes, q, limit := a.outcomes, a.q, a.deadline
	if !a.g.c.spawn(func() {
		answer, err := s.askTCP(s.c.ctx, q, limit)
		outcomes <- outcome{s, true, answer, err}
	}) {
		outcomes <- outcome{server: s, err: ErrClosed}
	}
}

// rest asks on: the servers after the first, and those that are silent once more.
func (a *asking) rest() (wire.Answer, error) {
	a.begin()
	if a.g.p.Order == Race {
		for a.askNext() {
		}
	} else if a.running == 0 {
		if !a.askNext() {
			return a.lastWord()
		}
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for a.running > 0 {
		timer.Reset(time.Until(a.due()))
		select {
		case o := <-a.outcomes:
			a.running--
			answer, done := a.judge(o)
			if done && !a.mustHold(o.server, &answer) {
				return answer, nil
			}
			a.finish(o.server)
			if a.held != nil && !a.mustHold(nil, a.held) {
				return *a.held, nil
			}
			if !done {
				a.askNext()
			}
		case <-a.ctx.Done():
			return wire.Answer{}, context.Cause(a.ctx)
		case <-a.g.c.ctx.Done():
			return wire.Answer{}, ErrClosed
		case now := <-timer.C:
			if a.held != nil && !now.Before(a.holdUntil()) {
				return *a.held, nil
			}
			if !now.Before(a.deadline) {
				a.timeout()
				return a.lastWord()
			}
			if at := a.hedgeAt(); !at.IsZero() && !now.Before(at) {
				a.askNext()
			}
			a.resend(now)
		}
	}
	return a.lastWord()
}

// mustHold tells whether a negative answer has to wait. The first server may know names
// that the second one does not, and its answer is the one that a C library would have got,
// unless it is silent for so long that the second would have been asked anyway.
func (a *asking) mustHold(s *server, answer *wire.Answer) bool {
	if answer.Kind == wire.Positive || a.g.p.Order == Race || !time.Now().Before(a.holdUntil()) {
		return false
	}
	for _, better := range a.servers[:a.next] {
		if better == s {
			return false
		}
		if !a.finished[better] {
			if a.held == nil {
				a.held = answer
			}
			return true
		}
	}
	return false
}

// holdUntil is when a negative answer counts, whoever gave it.
func (a *asking) holdUntil() time.Time { return a.begun.Add(a.g.p.Hedge) }

// finish has a server that has answered or failed not asked again.
func (a *asking) finish(s *server) {
	if a.finished == nil {
		a.finished = map[*server]bool{}
	}
	a.finished[s] = true
	for i := range a.sends {
		if a.sends[i].server == s {
			a.sends[i].left = 0
		}
	}
}

// hedgeAt is when the next server is asked whatever happens; zero: there is none.
func (a *asking) hedgeAt() time.Time {
	if a.next >= len(a.servers) || a.next == 0 {
		return time.Time{}
	}
	return a.asked.Add(a.hedge(a.servers[a.next-1]))
}

// due is when something has to be done next.
func (a *asking) due() time.Time {
	due := a.deadline
	if at := a.hedgeAt(); !at.IsZero() && at.Before(due) {
		due = at
	}
	if a.held != nil && a.holdUntil().Before(due) {
		due = a.holdUntil()
	}
	for i := range a.sends {
		if s := &a.sends[i]; s.left > 0 && s.at.Before(due) {
			due = s.at
		}
	}
	return due
}

func (a *asking) resend(now time.Time) {
	for i := range a.sends {
		s := &a.sends[i]
		if s.left == 0 || now.Before(s.at) {
			continue
		}
		s.left--
		s.wait = max(2*s.wait, a.g.p.Resend)
		s.at = now.Add(s.wait)
		a.askServer(s.server, true)
	}
}

// judge says what an outcome means. With done, the answer is the one to be given.
func (a *asking) judge(o outcome) (answer wire.Answer, done bool) {
	if o.err != nil {
		a.failed(o.server, o.err)
		return wire.Answer{}, false
	}
	answer = o.answer
	switch {
	case answer.Kind == wire.Failure && (answer.Rcode == wire.RcodeFormErr || answer.Rcode == wire.RcodeNotImp) && !o.plain:
		if plain, err := a.plainly(o.server); err == nil {
			o.server.withoutEDNS()
			return a.judge(outcome{server: o.server, plain: true, answer: plain})
		}
	case answer.Truncated:
		full, err := o.server.askTCP(a.ctx, a.q, a.deadline)
		if err == nil && full.Kind != wire.Failure {
			answer = full
		}
	}
	if answer.Kind == wire.Failure {
		a.failure = &answer
		return answer, false
	}
	return answer, true
}

// plainly asks a server without EDNS.
func (a *asking) plainly(s *server) (wire.Answer, error) {
	t := newTry(s, a.q, true)
	if err := t.send(); err != nil {
		return wire.Answer{}, err
	}
	defer t.close()
	limit := time.Now().Add(a.g.p.Hedge)
	if limit.After(a.deadline) {
		limit = a.deadline
	}
	return t.read(a.ctx, limit)
}

func (a *asking) failed(s *server, err error) {
	a.err = fmt.Errorf("nameserver %s: %w", s.addr, err)
}

// timeout notes who has not answered.
func (a *asking) timeout() {
	for i := range a.sends {
		if s := &a.sends[i]; s.left >= 0 {
			a.failed(s.server, ErrTimeout)
		}
	}
}

func (a *asking) lastWord() (wire.Answer, error) {
	switch {
	case a.held != nil:
		return *a.held, nil
	case a.failure != nil:
		return *a.failure, nil
	case a.err != nil:
		return wire.Answer{}, a.err
	}
	return wire.Answer{}, ErrTimeout
}
