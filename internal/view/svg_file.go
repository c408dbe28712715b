package view

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// style is the picture's, for a light and for a dark page.
const style = `<style>
text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}
.n{font-size:12px}.h{font:600 20px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.m{text-anchor:middle;font-size:11px}.e{text-anchor:end}.bold{font-weight:600}
.page{fill:#fff;stroke:#d1d9e0}.row{fill:#000;fill-opacity:0}g:hover>.row{fill-opacity:.04}
.t{fill:#1f2328}.f{fill:#59636e}.w{fill:#fff;font-size:11px}.red{fill:#cf222e}.amber{fill:#bc5a00}
.grid{stroke:#d1d9e0;stroke-opacity:.6;fill:none}.up{stroke:#1f2328;stroke-width:1.5;fill:none}
.b0{fill:#57606a}.b1{fill:#6e7781}.b2{fill:#424a53}
.waits{stroke:#8c959f;stroke-width:2;stroke-linecap:round;stroke-dasharray:0 5;fill:none}
.starts{fill:#3b82f6}.critical{fill:#f08c1a}.ready{fill:#2da44e;fill-opacity:.22}.failed{fill:#cf222e;fill-opacity:.55}
.thread{stroke:#f08c1a;stroke-width:1.5;fill:none;stroke-linejoin:round}
.cross{stroke:#cf222e;stroke-width:2;stroke-linecap:round;fill:none}.halo{stroke:#fff;stroke-width:5;stroke-linecap:round;fill:none}
@media(prefers-color-scheme:dark){
.page{fill:#0d1117;stroke:#30363d}.row{fill:#fff;fill-opacity:0}g:hover>.row{fill-opacity:.06}
.t{fill:#e6edf3}.f{fill:#9198a1}.w{fill:#e6edf3}.red{fill:#ff7b72}.amber{fill:#ffa657}
.grid{stroke:#30363d;stroke-opacity:.8}.up{stroke:#e6edf3}
.b0{fill:#3d444d}.b1{fill:#2f353d}.b2{fill:#4a525b}
.waits{stroke:#6e7681}.starts{fill:#4493f8}.critical{fill:#f0993e}.ready{fill:#3fb950;fill-opacity:.25}.failed{fill:#f85149;fill-opacity:.55}
.thread{stroke:#f0993e}.cross{stroke:#ff7b72}.halo{stroke:#0d1117}
}
</style>
`

// finish draws what needs the picture's height, and what its signs mean.
func (d *picture) finish() {
	bottom := d.y
	for _, t := range d.ticks() {
		line(&d.back, "grid", "M"+at(d.x(t), d.bandBottom+4)+"V"+number(bottom))
	}
	if d.Ended > 0 {
		x, label := d.x(d.Ended), d.ending()+", "+duration(d.Ended)
		line(&d.front, "up", "M"+at(x, d.bandBottom+4)+"V"+number(bottom+6))
		text(&d.front, "n t bold e", min(x+2, d.right), bottom+20, label)
	}
	d.y += 44
	x := margin
	for _, sign := range [...]struct{ class, label string }{
		{"waits", "waits"}, {"starts", "starts"}, {"critical", "starts, on the critical path"}, {"ready", "is ready"}, {"failed", "failed"},
	} {
		switch sign.class {
		case "waits":
			line(&d.front, "waits", "M"+at(x+2, d.y-4)+"H"+number(x+24))
		default:
			rect(&d.front, sign.class, x, x+24, d.y-4-barHeight/2, barHeight)
		}
		if sign.class == "failed" {
			d.cross(x+24, d.y-4)
		}
		text(&d.front, "n f", x+34, d.y, sign.label)
		x += 34 + float64(len(sign.label))*letter + 22
	}
	d.y += margin - 6
}

// file is the whole picture.
func (d *picture) file() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]s %[2]s" width="%[1]s" height="%[2]s" role="img">`+"\n",
		number(pictureWidth), number(d.y))
	summary := "baseinit " + d.title()
	fmt.Fprintf(&b, "<title>%s</title>\n%s", escape(summary), style)
	fmt.Fprintf(&b, `<rect class="page" x=".5" y=".5" width="%s" height="%s" rx="8"/>`+"\n", number(pictureWidth-1), number(d.y-1))
	text(&b, "h t", margin, 44, summary)
	text(&b, "n f", margin, 66, d.subtitle())
	if path := strings.Join(d.criticalPath(), " → "); path != "" {
		room := int(d.width() / letter)
		text(&b, "n amber", margin, 88, Options{Unicode: true}.fit("critical path: "+path, room))
	}
	b.WriteString(d.back.String())
	b.WriteString(d.front.String())
	b.WriteString("</svg>\n")
	return b.String()
}

// subtitle says when it was and how much there is.
func (d *picture) subtitle() string {
	scripts, services := 0, 0
	for i := range d.Spans {
		switch d.Spans[i].Kind {
		case kindService:
			services++
		case kindScript:
			scripts++
		}
	}
	said := d.Began.UTC().Format("2 Jan 2006 15:04:05 UTC") + ", " + count(scripts, "script") + ", " + count(services, "service")
	if d.Dropped > 0 {
		said += fmt.Sprintf(" and %d more that were not recorded", d.Dropped)
	}
	return said
}

// when says when a row was, in words.
func (d *picture) when(r *row) string {
	said := fmt.Sprintf("at %s", duration(r.Start))
	if r.done > 0 {
		return said + ", took " + duration(r.done-r.Start)
	}
	return said
}

// tooltip tells all that is known of a row.
func (d *picture) tooltip(r *row) string {
	said := []string{r.Name}
	say := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	needs := append(append([]string(nil), r.Requires...), r.After...)
	switch {
	case r.begin == 0:
		say("waits since %s", duration(r.Start))
	case len(needs) > 0:
		say("waited %s for %s", duration(r.begin-r.Start), strings.Join(needs, ", "))
	}
	if r.begin > 0 {
		say("started at %s", duration(r.begin))
	}
	for _, run := range r.Earlier {
		say("%s at %s", run.Text, duration(run.End))
	}
	if r.Tries > 1 {
		say("its run number %d started at %s", r.Tries, duration(r.Run))
	}
	switch took := r.took(); {
	case r.Ready > 0 && took == atOnce:
		said = append(said, "ready "+took)
	case r.Ready > 0:
		say("ready at %s, after %s", duration(r.Ready), took)
	}
	if r.Failed != "" {
		say("failed: %s", r.Failed)
	}
	if r.Critical {
		say("on the critical path")
	}
	return strings.Join(said, "\n")
}

// escape makes text fit for XML, which has no control characters.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&#34;")
		case r == '\n':
			b.WriteString("&#10;")
		case r < ' ' || r == 0xFFFE || r == 0xFFFF:
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
