package server_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/server"
)

func TestBuckets(t *testing.T) {
	t.Parallel()
	const us, ms = time.Microsecond, time.Millisecond
	got := server.Observed(0, 100*us, 101*us, ms, 4*ms, 5*time.Second, 5*time.Second+1, time.Hour)
	want := server.Latency{
		Bounds: []time.Duration{
			100 * us, 500 * us, ms, 5 * ms, 10 * ms, 25 * ms, 50 * ms, 100 * ms, 250 * ms, 500 * ms, time.Second, 2500 * ms, 5 * time.Second,
		},
		Counts: []uint64{2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2},
		Sum:    201*us + 5*ms + 10*time.Second + 1 + time.Hour,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("latency (-want +got):\n%s", diff)
	}
}

// Each reply is in one result and one bucket, whatever way it came about.
func TestResults(t *testing.T) {
	t.Parallel()
	h := newNames()
	r := start(t, server.Config{Handler: h})
	status := query(t, "hit.test")
	status.Opcode = dns.OpcodeStatus
	version := query(t, "hit.test")
	version.SetEdns0(1232, false)
	version.IsEdns0().SetVersion(1)
	asked := 0
	for _, network := range []string{"udp", "tcp"} {
		c := r.dial(network)
		for _, m := range []*dns.Msg{
			query(t, "hit.test"), query(t, "miss.test"), query(t, "nx.test"), query(t, "panic.test"), query(t, "late-panic.test"), status, version,
		} {
			exchange(t, c, m)
			asked++
		}
	}
	c := r.dial("udp")
	sent := time.Now()
	if err := (&dns.Conn{Conn: c}).WriteMsg(query(t, "slow.test")); err != nil {
		t.Fatal(err)
	}
	<-h.arrived
	arrived := time.Now()
	waited := time.Since(arrived)
	close(h.release)
	receive(t, c)
	asked++
	r.stop() // all is counted by then
	s := r.Stats()
	// By number: NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, others.
	if diff := cmp.Diff([server.NumResults]uint64{5, 0, 4, 2, 2, 0, 2}, s.Results); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	count := uint64(0)
	for _, n := range s.Latency.Counts {
		count += n
	}
	if count != uint64(asked) || s.Replies != count || s.Latency.Sum < waited || s.Latency.Sum > time.Since(sent)*time.Duration(asked) {
		t.Errorf("%d replies to %d queries, latency %+v, of which one took at least %v", s.Replies, asked, s.Latency, waited)
	}
}
