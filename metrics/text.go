package metrics

import (
	"io"
	"math"
	"strconv"
)

// ContentType is that of what Write writes.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Write asks each source once and writes all metrics that have values in Prometheus' text
// format 0.0.4, with one call of w.Write.
func Write(w io.Writer, s *Sources) error {
	_, err := w.Write(Append(nil, s))
	return err
}

// Append appends what Write writes to dst.
func Append(dst []byte, s *Sources) []byte {
	name := ""
	s.Collect(func(m Metric, sample Sample) {
		if m.Name != name {
			name = m.Name
			dst = appendHead(dst, m)
		}
		if sample.Distribution != nil {
			dst = appendDistribution(dst, m, sample)
			return
		}
		dst = appendSample(dst, m.Name, m.Labels, sample.Labels, sample.Value)
	})
	return dst
}

func appendHead(dst []byte, m Metric) []byte {
	dst = append(append(dst, "# HELP "...), m.Name...)
	dst = appendEscaped(append(dst, ' '), m.Help, false)
	dst = append(append(dst, "\n# TYPE "...), m.Name...)
	dst = append(append(dst, ' '), m.Type...)
	return append(dst, '\n')
}

func appendSample(dst []byte, name string, labels, values []string, value float64) []byte {
	dst = append(dst, name...)
	for i, label := range labels {
		dst = append(dst, separator(i))
		dst = append(append(dst, label...), `="`...)
		dst = append(appendEscaped(dst, values[i], true), '"')
	}
	if len(labels) > 0 {
		dst = append(dst, '}')
	}
	return append(appendNumber(append(dst, ' '), value), '\n')
}

func separator(i int) byte {
	if i == 0 {
		return '{'
	}
	return ','
}

// appendDistribution writes buckets, each with all that is below its bound.
func appendDistribution(dst []byte, m Metric, sample Sample) []byte {
	d := sample.Distribution
	labels := append(append([]string(nil), m.Labels...), "le")
	values := append(append([]string(nil), sample.Labels...), "")
	below := uint64(0)
	for i, n := range d.Counts {
		bound := math.Inf(1)
		if i < len(d.Bounds) {
			bound = d.Bounds[i]
		}
		below += n
		values[len(values)-1] = string(appendNumber(nil, bound))
		dst = appendSample(dst, m.Name+"_bucket", labels, values, float64(below))
	}
	dst = appendSample(dst, m.Name+"_sum", m.Labels, sample.Labels, d.Sum)
	return appendSample(dst, m.Name+"_count", m.Labels, sample.Labels, float64(below))
}

// appendNumber writes whole numbers as such: a counter of bytes is read by people, too.
func appendNumber(dst []byte, value float64) []byte {
	const exact = 1 << 53
	if value == math.Trunc(value) && math.Abs(value) < exact {
		return strconv.AppendInt(dst, int64(value), 10)
	}
	return strconv.AppendFloat(dst, value, 'g', -1, 64)
}

// appendEscaped writes a help text or a label's value, in which quotes are escaped, too.
func appendEscaped(dst []byte, text string, quotes bool) []byte {
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\\':
			dst = append(dst, `\\`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '"' && quotes:
			dst = append(dst, `\"`...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
