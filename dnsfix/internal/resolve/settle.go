package resolve

import (
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/cache"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// found is what a question has come to.
type found struct {
	answer wire.Answer
	keep   cache.Keep
	kept   bool // exchange has put it into the cache
	sure   bool // nothing was passed over because it took too long
	exists bool // the name has addresses, if only of the other family
}

// The patience with what is slower than something usable.
const (
	// siblingAfter is when it is looked at how the other family does.
	siblingAfter = 25 * time.Millisecond
	// siblingComes is within what time getaddrinfo(3) has sent both questions, and we have
	// read them: it sends the second at once, but either may wait for a processor.
	siblingComes = 10 * time.Millisecond
	// siblingLeast is how long it is waited for where the answer took longer than that.
	siblingLeast = 3 * time.Millisecond
	// patience is how long after the question a better answer may come.
	patience = 35 * time.Millisecond
	// patience6 is how long after A's answer that to AAAA may come where IPv6 works.
	patience6 = 250 * time.Millisecond
	// provisionalTTL in seconds is for answers that something better may replace.
	provisionalTTL = 3
)

// enough returns when to wait no longer, after something usable has come at a time.
// A slow way to the servers makes it later, as what is in a line there comes late, too.
func enough(started, usable time.Time) time.Time {
	took := max(usable.Sub(started), 0)
	return started.Add(max(patience, took+min(took/2, patience)))
}

// enough6 is enough for AAAA, which is worth more where there is IPv6.
func (v *view) enoughFor(a *asked, started, usable time.Time) time.Time {
	if v.IPv6 && a.typ() == wire.TypeAAAA {
		took := max(usable.Sub(started), 0)
		return started.Add(took + max(patience6, 4*took))
	}
	return enough(started, usable)
}

// settle answers a question about one name, without searching. among says that other
// candidates follow, so that it matters whether the name exists.
func (r *Resolver) settle(v *view, a asked, among bool) found {
	if set := v.records.set(a.name()); set != nil && set.cname != nil {
		return r.follow(v, a, set, among)
	}
	_, keep := v.route(a.name())
	if !a.isAddress() {
		f := r.ask(v, a)
		<-f.done
		return found{answer: f.answer, keep: keep, kept: f.answer.Kind != wire.Failure && !a.inside, sure: true}
	}
	started := time.Now()
	if a.afterA && a.typ() == wire.TypeAAAA {
		s := r.ask(v, a.sibling())
		if s.within(siblingAfter) && s.answer.Kind == wire.NXDomain {
			return found{answer: v.nothing(a.question, wire.RcodeNXDomain), keep: keep, sure: true}
		}
	}
	f := r.ask(v, a)
	s, sure := r.awaitPair(v, &a, f, started)
	if !sure {
		r.coherence.Add(1)
		return found{answer: v.provisional(a.question), exists: true}
	}
	answer := f.answer
	if answer.Kind == wire.Positive {
		return found{answer: answer, keep: keep, kept: true, sure: true, exists: true}
	}
	if s == nil {
		s = r.siblingOf(v, &a, answer.Kind, among, started)
	}
	if s == nil || !r.lives(s, &a, answer.Kind, started) {
		return found{answer: answer, keep: keep, kept: answer.Kind != wire.Failure && !a.inside, sure: true}
	}
	kept := answer.Kind == wire.NoData && !a.inside
	switch answer.Kind {
	case wire.NXDomain:
		answer.NoName()
		r.coherence.Add(1)
	case wire.Failure:
		answer = v.provisional(a.question)
		r.coherence.Add(1)
	}
	return found{answer: answer, keep: keep, kept: kept, sure: true, exists: true}
}

// awaitPair waits for f. If the answer takes its time, and the name turns out to have
// addresses of the other family, it waits only for a little longer, and sure is
// false. sibling is the other question if it has been asked.
func (r *Resolver) awaitPair(v *view, a *asked, f *flight, started time.Time) (sibling *flight, sure bool) {
	if f.within(siblingAfter) {
		return nil, true
	}
	s := r.ask(v, a.sibling())
	select {
	case <-f.done:
		return s, true
	case <-s.done:
	}
	if s.answer.Kind != wire.Positive {
		<-f.done
		return s, true
	}
	return s, f.within(time.Until(v.enoughFor(a, started, s.at)))
}

// siblingOf returns the question for the other family, if its answer matters now
// that the answer to a is negative.
func (r *Resolver) siblingOf(v *view, a *asked, kind wire.Kind, among bool, started time.Time) *flight {
	switch {
	case kind == wire.Failure, kind == wire.NoData && among, kind == wire.NXDomain && a.typ() == wire.TypeAAAA:
		return r.ask(v, a.sibling())
	case kind == wire.NXDomain:
		// No A record, no name: RFC 8020. Some servers do not know that, and
		// those who ask for A mostly ask for AAAA as well, at the same time.
		s := r.known(v, a.sibling())
		if s == nil && !among && !v.asksNobody(a) {
			s = r.awaitSibling(v, a, started)
		}
		return s
	}
	return nil
}

// awaitSibling waits for the other question, which may be on its way, or nil. Where a short
// sleep takes long the machine is at work, and who asks has not come to his second
// question yet, or we not to reading it.
func (r *Resolver) awaitSibling(v *view, a *asked, started time.Time) *flight {
	for {
		pause, slept := max(siblingLeast, siblingComes-time.Since(started)), time.Now()
		time.Sleep(pause)
		s := r.known(v, a.sibling())
		if s != nil || time.Since(slept) < 2*pause || time.Since(started) > patience {
			return s
		}
	}
}

// lives waits for the answer for the other family, and tells whether there are
// addresses.
func (r *Resolver) lives(s *flight, a *asked, kind wire.Kind, started time.Time) bool {
	if kind == wire.NXDomain && a.typ() == wire.TypeA {
		if !s.within(time.Until(enough(started, time.Now()))) {
			return false
		}
	}
	<-s.done
	return s.answer.Kind == wire.Positive
}

// follow answers for an alias that --cname gives: with the alias and what its target has.
func (r *Resolver) follow(v *view, a asked, set *recordSet, among bool) found {
	target := a.of(set.cname)
	target.inside = false
	if next := v.records.set(set.cname); next != nil && next.cname != nil {
		// Options.CNAMEs have no loops.
		f := r.follow(v, target, next, among)
		return aliased(f, a.question)
	}
	return aliased(r.settle(v, target, among), a.question)
}

// aliased makes the answer for one name that for another, by a CNAME record.
func aliased(f found, question []byte) found {
	answer, err := f.answer.Alias(question)
	if err != nil {
		answer, f.exists = wire.Fail(question), false
	}
	f.answer, f.kept = answer, false
	return f
}

// nothing is an answer of our own that there is no such name, or no such data if
// there is other local data for it.
func (v *view) nothing(question []byte, rcode uint16) wire.Answer {
	q := queryOf(question)
	if rcode == wire.RcodeNXDomain && v.hasLocal(q.Name()) {
		rcode = wire.RcodeSuccess
	}
	return parsed(appendNothing(nil, &q, rcode), question)
}

// hasLocal tells whether there is data of our own for a name, of whatever type.
func (v *view) hasLocal(name []byte) bool {
	if v.records.set(name) != nil || v.Hosts.LookupWire(name) != nil {
		return true
	}
	return len(v.Options.Addresses) > 0 && v.Rules.AddressFor(text(lower(name))) != nil
}

// provisional says that there is no data, for a short time.
func (v *view) provisional(question []byte) wire.Answer {
	q := queryOf(question)
	b := wire.Begin(nil, &q, wire.RcodeSuccess)
	b.SOA(provisionalTTL)
	return parsed(b.End(), question)
}
