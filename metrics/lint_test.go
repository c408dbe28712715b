package metrics_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/metrics"
)

// The rules that promtool check metrics has, and some of our own.
func TestNames(t *testing.T) {
	t.Parallel()
	name, label := regexp.MustCompile(`^(baseinit|process|go)_[a-z]+(_[a-z]+)*$`), regexp.MustCompile(`^[a-z]+$`)
	reserved := []string{"le", "quantile", "job", "instance"}
	seen := map[string]bool{}
	for _, m := range metrics.List() {
		complain := func(what string) { t.Errorf("%s: %s", m.Name, what) }
		if !name.MatchString(m.Name) {
			complain("this is no name")
		}
		if seen[m.Name] {
			complain("there are two")
		}
		seen[m.Name] = true
		if strings.HasSuffix(m.Name, "_total") != (m.Type == metrics.Counter) {
			complain("a counter's name ends in _total, and no other's does")
		}
		if !strings.HasSuffix(m.Help, ".") || strings.Contains(m.Help, "\n") {
			complain("the help is a sentence: " + m.Help)
		}
		for _, unit := range []string{"_ms", "_millis", "_milliseconds", "_minutes", "_kilobytes", "_kb", "_mb", "_percent", "_count", "_sum", "_bucket"} {
			if strings.HasSuffix(strings.TrimSuffix(m.Name, "_total"), unit) {
				complain("the name ends in " + unit)
			}
		}
		if m.Type == metrics.Histogram && !strings.HasSuffix(m.Name, "_seconds") {
			complain("a histogram has a unit")
		}
		for _, l := range m.Labels {
			if !label.MatchString(l) || slices.Contains(reserved, l) {
				complain("this is no label: " + l)
			}
		}
		if !slices.IsSorted(m.Labels) { // as client_golang has them
			complain("the labels are not in order")
		}
		if m.Part == "" {
			complain("no part")
		}
	}
	if len(seen) < 50 {
		t.Errorf("there are %d metrics", len(seen))
	}
}

// Each metric of the table has a sample if there is a value for it, no series is there twice,
// and a sample has as many labels as its metric.
func TestSeries(t *testing.T) {
	t.Parallel()
	s := everything()
	seen, names := map[string]bool{}, map[string]bool{}
	last := ""
	s.Collect(func(m metrics.Metric, sample metrics.Sample) {
		if len(sample.Labels) != len(m.Labels) {
			t.Errorf("%s has labels %q, values %q", m.Name, m.Labels, sample.Labels)
		}
		if (sample.Distribution != nil) != (m.Type == metrics.Histogram) {
			t.Errorf("%s is a %s: %+v", m.Name, m.Type, sample)
		}
		series := m.Name + "\x00" + strings.Join(sample.Labels, "\x00")
		if seen[series] {
			t.Errorf("%q is there twice", series)
		}
		if m.Name != last && names[m.Name] {
			t.Errorf("%s is in two places", m.Name)
		}
		seen[series], names[m.Name], last = true, true, m.Name
	})
	for _, m := range metrics.List() {
		if !names[m.Name] {
			t.Errorf("%s has no sample", m.Name)
		}
	}
}

// States add up: of all those that something can be in, one is 1.
func TestStates(t *testing.T) {
	t.Parallel()
	states := map[string]float64{}
	everything().Collect(func(m metrics.Metric, sample metrics.Sample) {
		switch m.Name {
		case "baseinit_service_state":
			states[sample.Labels[0]] += sample.Value
		case "baseinit_stage":
			states["the container"] += sample.Value
		}
	})
	if len(states) != len(services())+1 {
		t.Errorf("states of %d, want %d", len(states), len(services())+1)
	}
	for of, n := range states {
		if n != 1 {
			t.Errorf("%s is in %v states", of, n)
		}
	}
}
