package view

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sillelien/baseinit/internal/control/api"
)

// SVG draws the boot as a picture: a bar for each script and service below a band of the
// stages, and the critical path. It is a whole file that needs nothing else, light or dark
// as its viewer likes, with more to read under the pointer.
func SVG(t api.Timeline) string {
	d := newPicture(newChart(t))
	d.axis()
	d.band()
	for _, stage := range d.stages {
		d.group(stage)
	}
	d.thread()
	d.finish()
	return d.file()
}

// The picture's measures, in pixels. The texts are in fonts of a fixed advance, so that it is known what
// fits.
const (
	pictureWidth = 1080.0
	margin       = 28.0
	tookColumn   = 84.0
	rowHeight    = 24.0
	barHeight    = 14.0
	bandHeight   = 22.0
	headHeight   = 112.0 // titles
	axisHeight   = 20.0
	letter       = 7.3 // advance of a letter of 12 pixels
	small        = 6.7 // of 11
	longestName  = 30
)

// picture is a chart on its way to SVG.
type picture struct {
	*chart
	back, front strings.Builder // what is drawn first, and over it
	names       int             // letters for names
	left, right float64         // where bars begin and end
	y           float64         // the top of what comes next
	bandBottom  float64
	knots       []knot // the ends of the critical path's parts
}

// knot is where a bar of the critical path begins and ends.
type knot struct{ begin, done, y float64 }

func newPicture(c *chart) *picture {
	longest := 8
	for _, stage := range c.stages {
		for _, r := range stage.parts {
			longest = max(longest, utf8.RuneCountInString(r.label))
		}
	}
	d := &picture{chart: c, names: min(longest, longestName), y: headHeight}
	d.left = margin + float64(d.names)*letter + 24
	d.right = pictureWidth - margin - tookColumn
	return d
}

// x is where a time is.
func (d *picture) x(at float64) float64 {
	return d.left + min(at/d.to, 1)*(d.right-d.left)
}

// number is a coordinate, to a tenth of a pixel.
func number(v float64) string { return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0") }

// text draws text of a class at its baseline.
func text(b *strings.Builder, class string, x, y float64, s string) {
	fmt.Fprintf(b, `<text class="%s" x="%s" y="%s">%s</text>`+"\n", class, number(x), number(y), escape(s))
}

// rect draws a rectangle with round corners, wide enough to be seen.
func rect(b *strings.Builder, class string, x1, x2, y, height float64) {
	width := max(x2-x1, 2)
	fmt.Fprintf(b, `<rect class="%s" x="%s" y="%s" width="%s" height="%s" rx="%s"/>`+"\n",
		class, number(x1), number(y), number(width), number(height), number(min(3, width/2)))
}

// line draws a path.
func line(b *strings.Builder, class, path string) {
	fmt.Fprintf(b, `<path class="%s" d="%s"/>`+"\n", class, path)
}

// at is a point of a path.
func at(x, y float64) string { return number(x) + " " + number(y) }

// axis draws the numbers of the scale; their lines are drawn when the height is known.
func (d *picture) axis() {
	end := 0.0
	for _, t := range d.ticks() {
		label := tick(t, d.to)
		half := float64(len(label)) * small / 2
		if x := d.x(t); x-half > end {
			text(&d.front, "n f m", x, d.y+12, label)
			end = x + half + small
		}
	}
	text(&d.front, "n f e", d.left-12, d.y+12, tickUnit(d.to))
	d.y += axisHeight
}

func (d *picture) ticks() []float64 { return ticks(d.to, 10) }

// band draws the stages one after the other.
func (d *picture) band() {
	for i, s := range d.stages {
		if s.Kind != kindStage {
			continue
		}
		x1, x2 := d.x(s.Start), d.x(s.stop)
		fmt.Fprintf(&d.front, "<g><title>%s</title>\n", escape("stage "+s.label+": "+d.when(&s.row)))
		rect(&d.front, "b"+strconv.Itoa(i%3), x1, max(x2-1, x1+1), d.y, bandHeight)
		if float64(utf8.RuneCountInString(s.label))*small+10 <= x2-x1 {
			text(&d.front, "n w", x1+6, d.y+15, s.label)
		}
		d.front.WriteString("</g>\n")
	}
	d.y += bandHeight + 10
	d.bandBottom = d.y - 10
}

// group draws what took place in a stage.
func (d *picture) group(stage *stageRows) {
	if len(stage.parts) == 0 {
		return
	}
	text(&d.front, "n f", margin, d.y+15, stage.label)
	text(&d.front, "n f e", pictureWidth-margin, d.y+15, stage.took())
	d.y += rowHeight - 2
	for _, r := range stage.parts {
		d.row(r)
	}
	d.y += 8
}

// row draws a script or a service.
func (d *picture) row(r *row) {
	middle := d.y + rowHeight/2
	fmt.Fprintf(&d.front, "<g><title>%s</title>\n", escape(d.tooltip(r)))
	rect(&d.front, "row", margin-12, pictureWidth-margin+12, d.y, rowHeight)
	class, verdict := "n t", "n f e"
	switch {
	case r.Failed != "":
		class, verdict = "n red", "n red e"
	case r.Critical:
		class, verdict = "n t bold", "n t bold e"
	}
	text(&d.front, class, margin, middle+4, Options{Unicode: true}.fit(r.label, d.names))
	text(&d.front, verdict, pictureWidth-margin, middle+4, r.took())
	d.bars(r, middle)
	d.front.WriteString("</g>\n")
	if r.Critical && r.begin > 0 {
		done := r.done
		if done == 0 {
			done = r.stop
		}
		d.knots = append(d.knots, knot{d.x(r.begin), d.x(done), middle})
	}
	d.y += rowHeight
}

// bars draws a row's time: dots while it waits, then a bar for each run.
func (d *picture) bars(r *row, middle float64) {
	b, top := &d.front, middle-barHeight/2
	if r.begin == 0 {
		d.dots(r.Start, r.stop, middle)
		return
	}
	d.dots(r.Start, r.begin, middle)
	for i, run := range r.Earlier {
		next := r.Run
		if i+1 < len(r.Earlier) {
			next = r.Earlier[i+1].Start
		}
		rect(b, "failed", d.x(run.Start), d.x(run.End), top, barHeight)
		d.dots(run.End, next, middle)
		d.cross(d.x(run.End), middle)
	}
	class := "starts"
	switch {
	case r.Failed != "":
		class = "failed"
	case r.Critical:
		class = "critical"
	}
	if r.Ready > 0 && r.End != r.Ready {
		rect(b, "ready", d.x(r.Ready), d.x(r.stop), top, barHeight)
	}
	stop := r.stop
	if r.Ready > 0 {
		stop = r.Ready
	}
	rect(b, class, d.x(r.Run), d.x(stop), top, barHeight)
	if r.Failed != "" && r.End > 0 {
		d.cross(d.x(r.End), middle)
	}
}

// dots draws a wait, if it is long enough to be seen.
func (d *picture) dots(from, to, y float64) {
	if x1, x2 := d.x(from)+3, d.x(to)-3; x2 > x1 {
		line(&d.front, "waits", "M"+at(x1, y)+"H"+number(x2))
	}
}

// cross marks the failure of a run.
func (d *picture) cross(x, y float64) {
	line(&d.front, "halo", "M"+at(x-4, y-4)+"l8 8m0-8l-8 8")
	line(&d.front, "cross", "M"+at(x-4, y-4)+"l8 8m0-8l-8 8")
}

// thread ties the bars of the critical path together.
func (d *picture) thread() {
	for i := 1; i < len(d.knots); i++ {
		from, to := d.knots[i-1], d.knots[i]
		line(&d.back, "thread", "M"+at(min(from.done, to.begin+1), from.y)+"V"+number(to.y)+"H"+number(to.begin))
	}
}

// width is that of what is in the picture, without its margins.
func (d *picture) width() float64 { return pictureWidth - 2*margin }
