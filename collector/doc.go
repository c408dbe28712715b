// Package collector is a [prometheus.Collector] of what the parts of baseinit do, for
// programs that import them and have a registry of client_golang:
//
//	prometheus.MustRegister(collector.New(collector.Config{Supervisor: sup, Syslog: sink, DNS: dns}))
//
// It is a module of its own, so that who wants no client_golang does not get it. The metrics are
// those of package metrics, which docs/metrics.md lists, but without those of the process:
// the registry has collectors for them.
//
// What surprises most: a Supervisor that does not run yet does not answer. The collector
// then leaves its metrics out rather than wait.
package collector
