package cache_test

import (
	"fmt"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/cache"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// What a server does with a client's datagram: answer from the cache, or ask, store,
// and answer.
func Example() {
	c := cache.New(cache.Config{MaxStale: time.Hour})
	name, _ := wire.AppendName(nil, "www.example.com")
	datagram := wire.AppendQuery(nil, 7, wire.FlagRD, append(name, 0, wire.TypeA, 0, wire.ClassIN), 0, false, nil)

	q, verdict := wire.ParseQuery(datagram)
	if verdict != wire.Ask {
		return // or wire.AppendReply(nil, &q, verdict.Rcode()), if it is not wire.Drop
	}
	_, state := c.Lookup(nil, &q, 0)
	fmt.Println("miss:", state == cache.Miss)

	// What comes from the upstream server:
	upstream := append([]byte(nil), datagram...)
	upstream[2] |= 0x80 // QR
	upstream[7] = 1     // one answer
	upstream = append(upstream, 0xC0, 12, 0, wire.TypeA, 0, wire.ClassIN, 0, 0, 0, 60, 0, 4, 10, 0, 0, 1)
	a, err := wire.ParseAnswer(upstream, wire.Asked{ID: 7, Question: q.Question})
	if err != nil {
		return
	}
	c.Store(&q, &a, cache.Keep{}, 0)

	reply, state := c.Lookup(nil, &q, 20*time.Second)
	fmt.Println("hit:", state == cache.Hit, "TTL:", reply[len(reply)-7])
	// Output:
	// miss: true
	// hit: true TTL: 40
}
