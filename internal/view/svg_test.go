package view_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sillelien/baseinit/internal/view"
)

// TestSVG: the picture as it was looked at and found good.
func TestSVG(t *testing.T) {
	t.Parallel()
	golden(t, "timeline.svg", view.SVG(shop()))
}

// element is one of a picture.
type element struct {
	name  string
	attrs map[string]string
	text  string
}

// number is an attribute that is one.
func (e element) number(t *testing.T, name string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(e.attrs[name], 64)
	if err != nil {
		t.Errorf("%s of %v: %v", name, e, err)
	}
	return v
}

// parse reads a picture as XML, strictly.
func parse(t *testing.T, text string) (all []element) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{name: token.Name.Local, attrs: map[string]string{}}
			for _, a := range token.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			all = append(all, e)
		case xml.CharData:
			if len(all) > 0 {
				all[len(all)-1].text += string(token)
			}
		}
	}
}

// TestSVGIsXML: whatever is in it, it is well-formed, nothing in it comes from elsewhere,
// and nothing is outside of it.
func TestSVGIsXML(t *testing.T) {
	t.Parallel()
	for name, boot := range boots() {
		text := view.SVG(boot)
		if !utf8.ValidString(text) || strings.Contains(text, "href") || strings.Contains(text, "url(") || strings.Contains(text, "@import") || strings.Contains(text, "<script") {
			t.Errorf("%s: it is not UTF-8, or needs something else", name)
		}
		all := parse(t, text)
		width, height := all[0].number(t, "width"), all[0].number(t, "height")
		for _, e := range all[1:] {
			if e.name != "rect" && e.name != "text" {
				continue
			}
			x, y := e.number(t, "x"), e.number(t, "y")
			if e.name == "rect" {
				x, y = x+e.number(t, "width"), y+e.number(t, "height")
			}
			if x < 0 || x > width || y < 0 || y > height {
				t.Errorf("%s: %v is outside of %v x %v", name, e, width, height)
			}
		}
	}
}

// TestSVGLabels: no label is over another.
func TestSVGLabels(t *testing.T) {
	t.Parallel()
	type box struct {
		x1, x2, y float64
		text      string
	}
	for name, boot := range boots() {
		var boxes []box
		for _, e := range parse(t, view.SVG(boot)) {
			if e.name != "text" || strings.HasPrefix(e.attrs["class"], "h ") {
				continue
			}
			class := " " + e.attrs["class"] + " "
			advance := 7.23 // a fixed one: 0.602 of the size
			if strings.Contains(class, " m ") || strings.Contains(class, " w ") {
				advance = 6.63
			}
			w, x := float64(utf8.RuneCountInString(e.text))*advance, e.number(t, "x")
			switch {
			case strings.Contains(class, " m "):
				x -= w / 2
			case strings.Contains(class, " e "):
				x -= w
			}
			boxes = append(boxes, box{x, x + w, e.number(t, "y"), e.text})
		}
		for i, a := range boxes {
			for _, b := range boxes[:i] {
				if max(a.y, b.y)-min(a.y, b.y) < 11 && a.x1 < b.x2 && b.x1 < a.x2 {
					t.Errorf("%s: %q is over %q", name, a.text, b.text)
				}
			}
			if a.x1 < 0 || a.x2 > 1080 {
				t.Errorf("%s: %q is cut off", name, a.text)
			}
		}
	}
}

// TestSVGTells: what is in the picture.
func TestSVGTells(t *testing.T) {
	t.Parallel()
	text := view.SVG(shop())
	all := parse(t, text)
	classes := map[string]int{}
	var titles []string
	for _, e := range all {
		classes[e.attrs["class"]]++
		if e.name == "title" {
			titles = append(titles, e.text)
		}
	}
	// 4 services and 2 scripts are critical, and one sign of what that means.
	for class, want := range map[string]int{"critical": 7, "thread": 5, "up": 1, "cross": 4} {
		if classes[class] != want {
			t.Errorf("%d of class %q, want %d", classes[class], class, want)
		}
	}
	joined := strings.Join(titles, "\n\n")
	for _, want := range []string{
		"baseinit booted in 1.20 s", "migrate\nwaited 419 ms for database\nstarted at 733 ms\nready at 941 ms, after 208 ms\non the critical path",
		"cache\nstarted at 317 ms\nexited with code 1 at 401 ms\nexited with code 1 at 600 ms\nits run number 3 started at 812 ms\n",
		"newsletter\nwaits since 314 ms\nfailed: requires mail, which is failed",
	} {
		if !strings.Contains(joined, want) {
			t.Errorf("no title has %q in %q", want, joined)
		}
	}
	if !strings.Contains(text, "prefers-color-scheme:dark") {
		t.Error("there is no dark style")
	}
}
