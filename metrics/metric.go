package metrics

// Type is what a metric's value may do.
type Type string

// The types.
const (
	Counter   Type = "counter"   // only grows, from 0 at the start
	Gauge     Type = "gauge"     // goes up and down
	Histogram Type = "histogram" // counts by size
)

// Metric is one row of the table: a family of series with one name.
type Metric struct {
	Name   string
	Type   Type
	Help   string   // one line
	Labels []string // by which its series differ, in the order of the alphabet
	Part   string   // of the program that it is about: the name of the field of Sources
}

// Sample is the value of one series.
type Sample struct {
	Labels       []string      // values of Metric.Labels, in their order; valid UTF-8
	Value        float64       // but of a Histogram
	Distribution *Distribution // of a Histogram, else nil
}

// Distribution is the value of a Histogram.
type Distribution struct {
	Bounds []float64 // upper bounds of the buckets, of which the last one has none
	Counts []uint64  // in each bucket alone: one more than Bounds
	Sum    float64
}

// Count is the number of all that was counted.
func (d *Distribution) Count() (n uint64) {
	for _, c := range d.Counts {
		n += c
	}
	return n
}

// List returns all metrics there are, in the order in which they are written.
func List() []Metric { return list(func(part) bool { return true }) }

// List returns the metrics that the sources have, in the order in which they are written.
func (s *Sources) List() []Metric { return list(func(p part) bool { return p.given(s) }) }

func list(wanted func(part) bool) (all []Metric) {
	for _, p := range parts() {
		if !wanted(p) {
			continue
		}
		for _, m := range p.rows {
			m.Part = p.name
			all = append(all, m)
		}
	}
	return all
}

// Collect asks each source once and calls f for each series, those of one metric after
// another.
func (s *Sources) Collect(f func(Metric, Sample)) {
	for _, p := range parts() {
		if !p.given(s) {
			continue
		}
		for i, samples := range p.ask(s) {
			m := p.rows[i]
			m.Part = p.name
			for _, sample := range samples {
				f(m, sample)
			}
		}
	}
}

// part is what one source has metrics about: rows of the table, and what gives the samples of
// each, in the same order. One function for each metric would be 65 kB more.
type part struct {
	name  string
	rows  []Metric
	given func(*Sources) bool
	ask   func(*Sources) [][]Sample
}

// parts are all, in the order of the table.
func parts() []part {
	return []part{
		{"Build", buildRows[:], func(s *Sources) bool { return s.Build != nil }, buildSamples},
		{"Container", containerRows[:], func(s *Sources) bool { return s.Container != nil }, containerSamples},
		{"Services", serviceRows[:], func(s *Sources) bool { return s.Services != nil }, serviceSamples},
		{"Reaper", reaperRows[:], func(s *Sources) bool { return s.Reaper != nil }, reaperSamples},
		{"Syslog", syslogRows[:], func(s *Sources) bool { return s.Syslog != nil }, syslogSamples},
		{"Forward", forwardRows[:], func(s *Sources) bool { return s.Forward != nil }, forwardSamples},
		{"DNS", dnsRows[:], func(s *Sources) bool { return s.DNS != nil }, dnsSamples},
		{"Log", logRows[:], func(s *Sources) bool { return s.Log != nil }, logSamples},
		{"Process", processRows[:], func(s *Sources) bool { return s.Process != nil }, processSamples},
	}
}

// numbers are the samples of metrics that have one series each.
func numbers(values ...uint64) [][]Sample {
	all := make([][]Sample, len(values))
	for i, v := range values {
		all[i] = []Sample{{Value: float64(v)}}
	}
	return all
}

// labelled are the samples of a metric with one label, of which each pair is a value.
func labelled(pairs ...pair) (all []Sample) {
	for _, p := range pairs {
		all = append(all, Sample{Labels: []string{p.label}, Value: float64(p.n)})
	}
	return all
}

type pair struct {
	label string
	n     uint64
}

// table is the samples of metrics that have a series for each of several things.
type table [][]Sample

// add adds a series for one thing to each metric. Values that are unknown have none.
func (t table) add(labels []string, values ...value) {
	for i, v := range values {
		if v.known {
			t[i] = append(t[i], Sample{Labels: labels, Value: v.v})
		}
	}
}

// value is one that may be unknown.
type value struct {
	v     float64
	known bool
}

func number[T int | int64 | uint64 | float64](n T) value { return value{float64(n), true} }

func claim(holds bool) value { return value{boolean(holds), true} }

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
