package view

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sillelien/baseinit/internal/control/api"
)

// Timeline draws the boot for a terminal: a line for each stage, script and service, as
// long as it took.
func Timeline(t api.Timeline, o Options) string {
	c := newChart(t)
	d := &textChart{chart: c, o: o}
	d.measure()
	d.line(o.paint(bold, "baseinit "+c.title()) + ", " + t.Began.UTC().Format("2 Jan 2006 15:04:05 UTC"))
	d.axis()
	for _, stage := range c.stages {
		d.row(&stage.row, 0)
		for _, r := range stage.parts {
			d.row(r, 2)
		}
	}
	d.foot()
	return d.text.String()
}

// textChart is a chart in columns: a mark, names, times, bars.
type textChart struct {
	*chart
	o     Options
	text  strings.Builder
	names int // columns for names
	bars  int // columns for bars
}

const (
	markWidth = 2
	tookWidth = 9
)

func (d *textChart) measure() {
	longest := 8
	for _, stage := range d.stages {
		longest = max(longest, utf8.RuneCountInString(stage.label))
		for _, r := range stage.parts {
			longest = max(longest, utf8.RuneCountInString(r.label)+2)
		}
	}
	d.names = min(longest, d.o.width()/3)
	d.bars = d.o.width() - markWidth - d.names - tookWidth - 2
}

func (d *textChart) line(text string) { d.text.WriteString(strings.TrimRight(text, " ") + "\n") }

// column is where in the bars a time is.
func (d *textChart) column(at float64) int {
	return min(max(int(at/d.to*float64(d.bars)), 0), d.bars-1)
}

// axis draws the scale: numbers, each above its mark.
func (d *textChart) axis() {
	numbers, marks := []rune(strings.Repeat(" ", d.bars)), []rune(strings.Repeat(d.o.pick("─", "-"), d.bars))
	mark := '+'
	if d.o.Unicode {
		mark = '┬'
	}
	all := ticks(d.to, max(d.bars/8, 1))
	for i, at := range all {
		text := tick(at, d.to)
		if i == len(all)-1 {
			text += " " + tickUnit(d.to)
		}
		column := d.column(at)
		marks[column] = mark
		first := min(column, d.bars-len(text))
		if first < 0 || first > 0 && numbers[first-1] != ' ' {
			continue
		}
		copy(numbers[first:], []rune(text))
	}
	margin := strings.Repeat(" ", markWidth+d.names+1+tookWidth+1)
	d.line(margin + string(numbers))
	d.line(margin + d.o.paint(faint, string(marks)))
}

// row draws a line of the chart.
func (d *textChart) row(r *row, indent int) {
	mark, attribute := " ", ""
	if r.Critical && r.Kind != kindStage {
		mark, attribute = "*", amber
	}
	if r.Failed != "" {
		attribute = red
	}
	name := strings.Repeat(" ", indent) + d.o.fit(r.label, d.names-indent)
	if r.Kind == kindStage {
		attribute = bold
	}
	d.line(d.o.paint(amber, mark) + " " + d.o.paint(attribute, pad(name, d.names, false)) + " " +
		pad(r.took(), tookWidth, true) + " " + d.bar(r))
}

// cell is what is drawn in a column of a bar.
type cell int

const (
	empty cell = iota
	upLine
	waits
	works
	ready
	fails
	inStage
)

// bar draws a row's bar.
func (d *textChart) bar(r *row) string {
	cells := make([]cell, d.bars)
	if d.Ended > 0 {
		cells[d.column(d.Ended)] = upLine
	}
	fill := func(from, to float64, what cell) {
		for i := d.column(from); i <= d.column(to); i++ {
			cells[i] = what
		}
	}
	switch begin := min(r.begin, d.to); {
	case r.Kind == kindStage:
		fill(r.Start, r.stop, inStage)
	case r.begin == 0:
		fill(r.Start, r.stop, waits)
	default:
		if begin-r.Start >= d.to/float64(d.bars) { // else there is nothing to see of it
			fill(r.Start, begin, waits)
		}
		d.runs(r, fill)
	}
	return d.draw(cells, r)
}

// runs draws what comes after the wait.
func (d *textChart) runs(r *row, fill func(from, to float64, what cell)) {
	for _, run := range r.Earlier {
		fill(run.Start, run.End, works)
		fill(run.End, max(r.Run, run.End), waits)
	}
	for _, run := range r.Earlier {
		fill(run.End, run.End, fails)
	}
	switch {
	case r.Ready > 0:
		if r.End != r.Ready {
			fill(r.Ready, r.stop, ready)
		}
		fill(r.Run, r.Ready, works)
	default:
		fill(r.Run, r.stop, works)
	}
	if r.Failed != "" && r.End > 0 {
		fill(r.stop, r.stop, fails)
	}
}

// draw turns cells into text.
func (d *textChart) draw(cells []cell, r *row) string {
	accent := green
	if r.Critical {
		accent = amber
	}
	attributes := [...]string{upLine: faint, waits: faint, works: accent, ready: faint, fails: red, inStage: faint}
	glyphs := [...]string{
		empty: " ", upLine: d.o.pick("│", "|"), waits: d.o.pick("·", "."), works: d.o.pick("━", "="),
		ready: d.o.pick("─", "-"), fails: d.o.pick("×", "x"), inStage: d.o.pick("▔", "_"),
	}
	var b strings.Builder
	for i := 0; i < len(cells); {
		end := i
		for end < len(cells) && cells[end] == cells[i] {
			end++
		}
		b.WriteString(d.o.paint(attributes[cells[i]], strings.Repeat(glyphs[cells[i]], end-i)))
		i = end
	}
	return b.String()
}

// foot says what the bars mean, and what they cannot show.
func (d *textChart) foot() {
	o := d.o
	var parts []string
	d.line("")
	legend := o.pick("· waits   ━ starts   ─ is ready   × failed   * critical path", ". waits   = starts   - is ready   x failed   * critical path")
	if d.Ended > 0 {
		legend += o.pick("   │ ", "   | ") + d.ending()
	}
	d.line(legend)
	for i, part := range d.criticalPath() {
		arrow := o.pick("→ ", "> ")
		if i == 0 {
			arrow = "critical path: "
		}
		parts = append(parts, arrow+o.clean(part))
	}
	d.wrap(parts)
	for _, stage := range d.stages {
		for _, r := range stage.parts {
			if story := r.story(); story != "" {
				d.wrap(strings.Fields(o.clean(r.label + ": " + story)))
			}
		}
	}
	if d.Dropped > 0 {
		d.line(fmt.Sprintf("%s more were not recorded", count(d.Dropped, "span")))
	}
}

// wrap writes words in as many lines as they need.
func (d *textChart) wrap(words []string) {
	line := ""
	for _, word := range words {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > d.o.width() {
			d.line(line)
			line = "   " + word
			continue
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	if line != "" {
		d.line(line)
	}
}
