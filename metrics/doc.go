// Package metrics tells a monitoring system what the parts of baseinit do: it has the one
// table of all metrics, takes their values from the parts' Stats and Status, and
// writes them in Prometheus' text format, without a client library.
//
//	src := &metrics.Sources{Services: metrics.ServicesOf(sup), Syslog: sink.Stats}
//	err := metrics.Write(w, src) // as metrics.ContentType
//
// Programs that have a registry of github.com/prometheus/client_golang register package
// collector instead, a module of its own, which has the same names.
//
// What surprises most: nothing is counted here, and nothing is kept. A scrape asks each part
// once, and costs nothing while nobody scrapes. Values of one scrape may be some
// microseconds apart.
package metrics
