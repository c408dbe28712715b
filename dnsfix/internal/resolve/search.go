package resolve

import (
	"bytes"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

const (
	atOnce = 8 // candidates that are asked at once; the others come after them
	// nextWave is when those come whatever the first ones do.
	nextWave = time.Second
)

// find answers a client's question, with the search list where it applies: to
// addresses only. Other types are asked for by programs that know the whole name.
func (r *Resolver) find(v *view, a asked) found {
	if !a.isAddress() || len(v.search) == 0 || len(a.name()) == 1 {
		return r.settle(v, a, false)
	}
	r.searched.Add(1)
	return r.search(v, a)
}

// candidate is a name that may be the one meant.
type candidate struct {
	name     []byte
	absolute bool // the name as the client gave it
}

// plan returns the candidates, those that are asked at once together, in the order of
// their precedence: as glibc's res_search, which musl follows in part.
func (v *view) plan(name []byte, known bool) (waves [][]candidate) {
	var suffixed []candidate
	inside := false
	for _, suffix := range v.search {
		inside = inside || endsIn(name, suffix)
		if len(name)-1+len(suffix) <= wire.MaxName {
			full := append(append(make([]byte, 0, len(name)+len(suffix)), name[:len(name)-1]...), suffix...)
			suffixed = append(suffixed, candidate{name: full})
		}
	}
	absolute := []candidate{{name: name, absolute: true}}
	dots := int(labels(name)) - 1
	if dots == 0 && !v.mayAskBare(name) {
		absolute = nil
	}
	switch {
	case dots >= v.Resolv.NDots || inside || known:
		waves = append(waves, absolute)
		waves = appendWaves(waves, suffixed)
	case dots == 0:
		waves = appendWaves(waves, suffixed)
		waves = append(waves, absolute)
	default:
		waves = appendWaves(waves, suffixed)
		if last := len(waves) - 1; last >= 0 {
			waves[last] = append(waves[last], absolute...)
		} else {
			waves = append(waves, absolute)
		}
	}
	return waves
}

func appendWaves(waves [][]candidate, all []candidate) [][]candidate {
	for len(all) > 0 {
		n := min(len(all), atOnce)
		waves = append(waves, all[:n:n])
		all = all[n:]
	}
	return waves
}

// endsIn tells whether a name is below a domain; both in wire form.
func endsIn(name, domain []byte) bool {
	for len(name) > len(domain) {
		name = name[int(name[0])+1:]
	}
	return bytes.Equal(name, domain)
}

// search asks for the candidates, and takes the first one that exists.
func (r *Resolver) search(v *view, a asked) found {
	waves := v.plan(a.name(), r.cuts.covers(a.name(), r.now()))
	s := searching{r: r, v: v, a: a, decided: make(chan *attempt, len(v.search)+1)}
	for _, wave := range waves {
		s.begin(wave)
		if won, ok := s.await(); ok {
			return won
		}
	}
	return s.nobody()
}

// searching is one search.
type searching struct {
	r       *Resolver
	v       *view
	a       asked
	started time.Time     // the latest wave
	running []*attempt    // in the order of their precedence
	decided chan *attempt // has room for all
}

// attempt is a candidate that is asked for.
type attempt struct {
	candidate
	result found
	at     time.Time
	done   bool // result is there
}

// begin asks for the candidates of a wave.
func (s *searching) begin(wave []candidate) {
	s.started = time.Now()
	for _, c := range wave {
		t := &attempt{candidate: c}
		s.running = append(s.running, t)
		a := s.a.of(c.name)
		a.inside = c.absolute
		// Of a short name both are asked for at once, so that it costs one round
		// trip; other names are mostly not in the search domains.
		a.afterA = !c.absolute && labels(s.a.name()) > 1
		s.r.wg.Go(func() {
			t.result = s.r.settle(s.v, a, true)
			t.at = time.Now()
			s.decided <- t
		})
	}
}

// await waits until the first candidate that exists is known, or that none does. What
// takes long is passed over if a later one exists.
func (s *searching) await() (won found, ok bool) {
	next := time.NewTimer(nextWave)
	defer next.Stop()
	for {
		pending, best := s.standing()
		if !pending {
			if best == nil {
				return found{}, false
			}
			return s.winner(best, true), true
		}
		var late <-chan time.Time
		if best != nil {
			late = time.After(time.Until(enough(s.started, best.at)))
		}
		select {
		case t := <-s.decided:
			t.done = true
		case <-late:
			return s.winner(best, false), true
		case <-next.C:
			if best == nil {
				return found{}, false
			}
		}
	}
}

// standing returns the first candidate that exists, and whether one before it is
// undecided.
func (s *searching) standing() (pending bool, best *attempt) {
	for _, t := range s.running {
		if t.done && t.result.exists {
			return pending, t
		}
		pending = pending || !t.done
	}
	return pending, nil
}

// winner is the answer that a candidate gives to the client's question.
func (s *searching) winner(t *attempt, sure bool) found {
	f := t.result
	if !t.absolute {
		f = aliased(f, s.a.question)
	}
	f.kept = f.kept && t.absolute
	f.sure = f.sure && sure
	if !f.sure {
		f.answer = brief(f.answer)
	} else if t.absolute {
		s.learn()
	}
	return f
}

// brief is an answer that is not to be remembered for long.
func brief(a wire.Answer) wire.Answer {
	a.Stored.Msg = bytes.Clone(a.Stored.Msg)
	a.Stored.ClampTTLs(0, provisionalTTL)
	a.TTL = min(a.TTL, provisionalTTL)
	return a
}

// nobody is the answer when no candidate exists: that there is no such name, or no
// data if one exists without addresses, unless somebody might know more.
func (s *searching) nobody() found {
	rcode, sure := uint16(wire.RcodeNXDomain), true
	ttl := uint32(1<<31 - 1)
	for _, t := range s.running {
		if !t.done {
			return found{answer: wire.Fail(s.a.question)}
		}
		answer := &t.result.answer
		switch answer.Kind {
		case wire.Failure:
			return found{answer: wire.Fail(s.a.question), sure: true}
		case wire.NoData:
			rcode = wire.RcodeSuccess
		}
		if !answer.SOA {
			ttl = min(ttl, nothingTTL)
		} else {
			ttl = min(ttl, answer.TTL)
		}
		sure = sure && t.result.sure
	}
	if len(s.running) == 0 {
		ttl = nothingTTL
	}
	q := s.a.query()
	b := wire.Begin(nil, &q, rcode)
	b.SOA(ttl)
	return found{answer: parsed(b.End(), s.a.question), sure: sure}
}
