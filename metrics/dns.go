package metrics

import "github.com/sillelien/baseinit/dnsfix"

var dnsRows = [...]Metric{
	{Name: "baseinit_dns_queries_total", Type: Counter, Labels: []string{"result"}, Help: "Queries that were answered, by the response code of the reply."},
	{Name: "baseinit_dns_query_duration_seconds", Type: Histogram, Help: "How long replies took, from the reading of a query to the sending of its reply."},
	{Name: "baseinit_dns_rejected_total", Type: Counter, Help: "Queries that were turned away at the door: malformed, not from this host, too many at once."},
	{Name: "baseinit_dns_hits_total", Type: Counter, Help: "Queries that were answered at once, from hosts or the cache."},
	{Name: "baseinit_dns_stale_total", Type: Counter, Help: "Answers that were past their time, as no server had a newer one."},
	{Name: "baseinit_dns_failed_total", Type: Counter, Help: "Queries that were answered with SERVFAIL, as no server had an answer."},
	{Name: "baseinit_dns_late_total", Type: Counter, Help: "Queries that were answered before a server had, some of them with an old answer."},
	{Name: "baseinit_dns_repaired_total", Type: Counter, Help: "Answers that became \"no data\", as the name has addresses of the other family."},
	{Name: "baseinit_dns_searched_total", Type: Counter, Help: "Names that the search list was applied to."},
	{Name: "baseinit_dns_loops_total", Type: Counter, Help: "Questions of baseinit that came back to it."},
	{Name: "baseinit_dns_in_flight_queries", Type: Gauge, Help: "Queries that are being resolved."},
	{Name: "baseinit_dns_queue_queries", Type: Gauge, Help: "Queries that wait to be resolved."},
	{Name: "baseinit_dns_cache_entries", Type: Gauge, Help: "Answers in the cache."},
	{Name: "baseinit_dns_cache_bytes", Type: Gauge, Help: "Bytes that they take."},
	{Name: "baseinit_dns_cache_evictions_total", Type: Counter, Help: "Answers that left the cache before their time, for want of room."},
	{Name: "baseinit_dns_upstream_up", Type: Gauge, Labels: []string{"server"}, Help: "1 if the server answers."},
	{Name: "baseinit_dns_upstream_looping", Type: Gauge, Labels: []string{"server"}, Help: "1 if the server asks baseinit what it is asked by it, and is asked no more."},
	{Name: "baseinit_dns_upstream_rtt_seconds", Type: Gauge, Labels: []string{"server"}, Help: "How long the server takes to answer, smoothed."},
	{Name: "baseinit_dns_upstream_asked_total", Type: Counter, Labels: []string{"server"}, Help: "Messages to the server."},
	{Name: "baseinit_dns_upstream_asked_tcp_total", Type: Counter, Labels: []string{"server"}, Help: "Those of them that went over TCP."},
	{Name: "baseinit_dns_upstream_answered_total", Type: Counter, Labels: []string{"server"}, Help: "Answers of the server."},
	{Name: "baseinit_dns_upstream_failed_total", Type: Counter, Labels: []string{"server"}, Help: "Answers that were SERVFAIL, REFUSED and the like."},
	{Name: "baseinit_dns_upstream_timeouts_total", Type: Counter, Labels: []string{"server"}, Help: "Questions that the server left unanswered."},
}

// upstreamRows is how many of the rows are about servers: the last ones.
const upstreamRows = 8

func dnsSamples(s *Sources) [][]Sample {
	d := s.DNS()
	all := append([][]Sample{dnsResults(&d.Results), dnsLatency(&d.Latency)}, numbers(
		d.Refused, d.Hits, d.Stale, d.Failed, d.Late, d.Repaired, d.Searched, d.Loops,
		uint64(d.InFlight), uint64(d.Waiting), uint64(d.Entries), uint64(d.Bytes), d.Evictions,
	)...)
	t := make(table, upstreamRows)
	for _, v := range d.Servers {
		t.add(
			[]string{v.Addr.String()}, claim(v.Up), claim(v.Looping), number(v.RTT.Seconds()),
			number(v.Asked), number(v.TCP), number(v.Answered), number(v.Failed), number(v.TimedOut),
		)
	}
	return append(all, t...)
}

func dnsResults(r *dnsfix.Results) []Sample {
	return labelled(
		pair{"noerror", r.NoError}, pair{"nxdomain", r.NXDomain}, pair{"servfail", r.ServFail}, pair{"refused", r.Refused},
		pair{"formerr", r.FormErr}, pair{"notimp", r.NotImp}, pair{"other", r.Other},
	)
}

func dnsLatency(l *dnsfix.Latency) []Sample {
	if len(l.Counts) == 0 {
		return nil // somebody else serves
	}
	d := &Distribution{Counts: l.Counts, Sum: l.Sum.Seconds()}
	for _, bound := range l.Bounds {
		d.Bounds = append(d.Bounds, bound.Seconds())
	}
	return []Sample{{Distribution: d}}
}
