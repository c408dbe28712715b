package collector

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sillelien/baseinit/dnsfix"
	"github.com/sillelien/baseinit/metrics"
	"github.com/sillelien/baseinit/reaper"
	"github.com/sillelien/baseinit/supervisor"
	"github.com/sillelien/baseinit/syslog"
	"github.com/sillelien/baseinit/syslog/forward"
)

// Config names the parts. What is nil has no metrics.
type Config struct {
	Supervisor *supervisor.Supervisor
	Reaper     *reaper.Reaper
	Syslog     *syslog.SyslogSink
	Forward    *forward.Forwarder
	DNS        *dnsfix.DNSBootstrap
	// Sources has values from elsewhere. It counts where the fields above are nil.
	Sources metrics.Sources
}

// sources are those of the parts.
func (c *Config) sources() *metrics.Sources {
	s := c.Sources
	if c.Supervisor != nil {
		s.Services = metrics.ServicesOf(c.Supervisor)
	}
	if c.Reaper != nil {
		s.Reaper = c.Reaper.Stats
	}
	if c.Syslog != nil {
		s.Syslog = c.Syslog.Stats
	}
	if c.Forward != nil {
		s.Forward = c.Forward.Stats
	}
	if c.DNS != nil {
		s.DNS = c.DNS.Stats
	}
	return &s
}

// collector has a description for each metric.
type collector struct {
	sources *metrics.Sources
	names   []string // in the order of descs
	descs   []*prometheus.Desc
}

// New returns a Collector, which counts and keeps nothing itself. One is enough: a second one
// for other parts of the same kind has the same series, which a registry refuses unless
// it is wrapped with labels (prometheus.WrapRegistererWith).
func New(cfg Config) prometheus.Collector {
	c := &collector{sources: cfg.sources()}
	for _, m := range c.sources.List() {
		c.names = append(c.names, m.Name)
		c.descs = append(c.descs, prometheus.NewDesc(m.Name, m.Help, m.Labels, nil))
	}
	return c
}

// Describe sends the description of each metric that there may be.
func (c *collector) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range c.descs {
		descs <- desc
	}
}

// Collect sends the values of one moment.
func (c *collector) Collect(values chan<- prometheus.Metric) {
	c.sources.Collect(func(m metrics.Metric, s metrics.Sample) {
		values <- value(c.descs[slices.Index(c.names, m.Name)], m.Type, s)
	})
}

// value is a sample as client_golang has it.
func value(desc *prometheus.Desc, typ metrics.Type, s metrics.Sample) prometheus.Metric {
	var v prometheus.Metric
	var err error
	switch {
	case s.Distribution != nil:
		v, err = histogram(desc, s)
	case typ == metrics.Counter:
		v, err = prometheus.NewConstMetric(desc, prometheus.CounterValue, s.Value, s.Labels...)
	default:
		v, err = prometheus.NewConstMetric(desc, prometheus.GaugeValue, s.Value, s.Labels...)
	}
	if err != nil {
		return prometheus.NewInvalidMetric(desc, err)
	}
	return v
}

// histogram has buckets with all that is below their bound.
func histogram(desc *prometheus.Desc, s metrics.Sample) (prometheus.Metric, error) {
	buckets, below := map[float64]uint64{}, uint64(0)
	for i, bound := range s.Distribution.Bounds {
		below += s.Distribution.Counts[i]
		buckets[bound] = below
	}
	return prometheus.NewConstHistogram(desc, s.Distribution.Count(), s.Distribution.Sum, buckets, s.Labels...)
}
