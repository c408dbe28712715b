package resolve

import (
	"sync"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// cuts are the top-level domains below which no search domain has names, as their
// servers say (RFC 8020): with ndots:5, www.example.com need not be looked for in
// three domains of the cluster once these say that there is no com in them. A name
// below a cut is asked for as it is first; only if it does not exist, the search list
// is tried all the same, as some servers do not know RFC 8020. The zero value is
// empty.
type cuts struct {
	mu    sync.Mutex
	until map[string]time.Duration // 0: being found out
}

const (
	maxCuts = 1000
	// cutTTL and maxCutTTL bound what an SOA says about how long a cut is one.
	cutTTL    = time.Minute
	maxCutTTL = 10 * time.Minute
)

// covers tells whether a name is below a cut.
func (c *cuts) covers(name []byte, now time.Duration) bool {
	if labels(name) < 2 {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	until := c.until[string(lastLabel(name))]
	return now < until
}

// begin tells whether it is to be found out whether a domain is a cut.
func (c *cuts) begin(domain string, now time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	until, found := c.until[domain]
	if found && (until == 0 || now < until) {
		return false
	}
	if len(c.until) >= maxCuts || c.until == nil {
		c.until = map[string]time.Duration{}
	}
	c.until[domain] = 0
	return true
}

func (c *cuts) set(domain string, until time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if until > 0 {
		c.until[domain] = until
	} else {
		delete(c.until, domain)
	}
}

func (c *cuts) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = nil
}

// learn finds out whether the name's top-level domain is a cut, when no search domain
// has the name.
func (s *searching) learn() {
	if labels(s.a.name()) < 2 || s.a.typ() != wire.TypeA || len(s.running) != len(s.v.search)+1 {
		return
	}
	for _, t := range s.running {
		if !t.absolute && t.result.answer.Kind != wire.NXDomain {
			return
		}
	}
	r, v := s.r, s.v
	domain := string(lastLabel(s.a.name()))
	if !r.cuts.begin(domain, r.now()) {
		return
	}
	top := append(append([]byte{byte(len(domain))}, domain...), 0)
	r.wg.Go(func() {
		asked := make([]*flight, 0, len(v.search))
		for _, suffix := range v.search {
			a := s.a.of(append(top[:len(top)-1:len(top)-1], suffix...))
			asked = append(asked, r.ask(v, a))
		}
		life := maxCutTTL
		for _, f := range asked {
			<-f.done
			if f.answer.Kind != wire.NXDomain {
				life = 0
				continue
			}
			life = min(life, max(cutTTL, time.Duration(f.answer.TTL)*time.Second))
		}
		if life == 0 || r.view.Load().generation != v.generation {
			r.cuts.set(domain, 0)
			return
		}
		r.cuts.set(domain, r.now()+life)
	})
}
