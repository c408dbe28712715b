//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A row holds the samples of one trial, each with a value per column.
type row struct {
	name, base string
	samples    [][]float64
}

// quantile returns the q-quantile of column, the nearest sample.
func (r row) quantile(column int, q float64) float64 {
	values := make([]float64, len(r.samples))
	for i, s := range r.samples {
		values[i] = s[column]
	}
	slices.Sort(values)
	return values[int(q*float64(len(values)-1)+0.5)]
}

func (r row) median(column int) float64 { return r.quantile(column, 0.5) }

// report is a scenario's section: what was measured, on what, the table, and what was not measured.
func report(s scenario, rows []row, l *lab) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s\n\n", s.title, s.about)
	b.WriteString(table(s.columns, rows))
	if s.recorded != "" {
		fmt.Fprintf(&b, "\nRecorded, not measured in this run: %s\n", s.recorded)
	}
	if list := absent(s, l); len(list) > 0 {
		fmt.Fprintf(&b, "\nAbsent, so not measured: %s.\n", strings.Join(list, ", "))
	}
	fmt.Fprintf(&b, "\nBy `go run ./bench -scenario %s -n %d` on %s: %s.\n", s.name, len(rows[0].samples), time.Now().Format("2 Jan 2006"), machine())
	fmt.Fprintf(&b, "%s; C programs compiled by %s.\n", versions(l.inits, rows), l.compiler)
	return b.String()
}

// absent names those who would have a row if they were here.
func absent(s scenario, l *lab) []string {
	var list []string
	for _, in := range l.absent {
		if len(s.trials([]initProgram{in})) > 0 {
			list = append(list, fmt.Sprintf("%s (apt-get install %s)", in.name, in.pkg))
		}
	}
	return list
}

// table shows the median of each column, or what the column asks for; of the first also its spread. A ratio is to the row named base.
func table(columns []column, rows []row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| | %s, median | p10 | p90 | ratio |", columns[0].unit)
	for _, c := range columns[1:] {
		fmt.Fprintf(&b, " %s |", c.unit)
		if c.ratio {
			b.WriteString(" ratio |")
		}
	}
	b.WriteString("\n|--|" + strings.Repeat("--:|", strings.Count(b.String(), "|")-2) + "\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |", r.name, number(r.median(0)), number(r.quantile(0, 0.1)), number(r.quantile(0, 0.9)), ratio(r, rows, 0))
		for i, c := range columns[1:] {
			b.WriteString(cells(r, rows, i+1, c))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// cells are what a row has in a column beyond the first.
func cells(r row, rows []row, i int, c column) string {
	value := r.median(i)
	if c.worst {
		value = r.quantile(i, 1)
	}
	text := " " + number(value) + " |"
	if c.ratio {
		text += " " + ratio(r, rows, i) + " |"
	}
	return text
}

func ratio(r row, rows []row, column int) string {
	i := slices.IndexFunc(rows, func(o row) bool { return o.name == r.base })
	if i < 0 || rows[i].median(column) == 0 {
		return "-"
	}
	if r.name == r.base {
		return "1"
	}
	times := r.median(column) / rows[i].median(column)
	if times < 0.01 {
		return fmt.Sprintf("%.1g x %s", times, r.base)
	}
	return fmt.Sprintf("%.2f x %s", times, r.base)
}

// number shows three digits or all before the point.
func number(x float64) string {
	switch {
	case x == float64(int64(x)) || x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	default:
		return fmt.Sprintf("%.2f", x)
	}
}

// machine says what the figures hold for.
func machine() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return runtime.GOARCH
	}
	return fmt.Sprintf("%d cores of %s, Linux %s, %s", runtime.NumCPU(), processor(), unix.ByteSliceToString(u.Release[:]), runtime.Version())
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// versions names those inits that have a row.
func versions(inits []initProgram, rows []row) string {
	var list []string
	for _, in := range inits {
		if slices.ContainsFunc(rows, func(r row) bool { return strings.HasPrefix(r.name, in.name) }) {
			list = append(list, in.name+": "+in.version)
		}
	}
	return strings.Join(list, "; ")
}

// replaceSection puts text between the markers of the section called name in the Markdown file at path.
func replaceSection(path, name, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->\n"
	before, rest, ok := strings.Cut(string(old), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("cannot put the results into %s: no lines %q and %q", path, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return os.WriteFile(path, []byte(before+begin+text+end+after), 0o644)
}
