package view

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Options say what a terminal can show.
type Options struct {
	// Width is the number of columns. Default 80.
	Width int
	// Unicode allows more than ASCII.
	Unicode bool
	// Color allows escape sequences: for a terminal only.
	Color bool
}

func (o Options) width() int {
	if o.Width <= 0 {
		return 80
	}
	return max(o.Width, 40)
}

// pick gives the text for a terminal that knows Unicode, or that for one that does not.
func (o Options) pick(unicode, ascii string) string {
	if o.Unicode {
		return unicode
	}
	return ascii
}

// ANSI's attributes.
const (
	bold  = "1"
	faint = "2"
	red   = "31"
	green = "32"
	amber = "33"
)

// paint gives text an attribute of ANSI's.
func (o Options) paint(attribute, text string) string {
	if !o.Color || attribute == "" || strings.TrimSpace(text) == "" {
		return text
	}
	return "\x1b[" + attribute + "m" + text + "\x1b[0m"
}

// duration shows seconds in three digits: 4.27 ms, 12.3 ms, 1.20 s, 2m 5s.
func duration(seconds float64) string {
	value, unit := seconds*1000, " ms"
	switch {
	case seconds >= 59.95:
		whole := int(math.Round(seconds))
		return fmt.Sprintf("%dm %ds", whole/60, whole%60)
	case value >= 999.5:
		value, unit = seconds, " s"
	}
	digits := 2
	for limit := 9.995; digits > 0 && value >= limit; limit *= 10 {
		digits--
	}
	return strconv.FormatFloat(value, 'f', digits, 64) + unit
}

// bytes shows a size in two or three digits: 812 kB, 9.4 MB.
func bytes(n int64) string {
	value, units := float64(n), []string{"B", "kB", "MB", "GB", "TB"}
	for value >= 999.5 && len(units) > 1 {
		value, units = value/1000, units[1:]
	}
	digits := 0
	if value < 9.95 && units[0] != "B" {
		digits = 1
	}
	return strconv.FormatFloat(value, 'f', digits, 64) + " " + units[0]
}

// age shows how long something has lasted in at most two units: 12s, 3m 20s, 2d 4h.
func age(seconds float64) string {
	s := int64(seconds)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm %ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh %dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd %dh", s/86400, s/3600%24)
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "s") {
		noun += "e"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// clean makes text that others have chosen harmless to a terminal and one column a rune.
func (o Options) clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) || !o.Unicode && r > unicode.MaxASCII {
			return '?'
		}
		return r
	}, text)
}

// fit cuts text to a number of columns. What is left of a name is its beginning and its
// end, which often tells more.
func (o Options) fit(text string, columns int) string {
	runes := []rune(o.clean(text))
	if len(runes) <= columns {
		return string(runes)
	}
	mark := []rune(o.pick("…", "~"))
	if columns <= len(mark) {
		return string(runes[:max(columns, 0)])
	}
	tail := (columns - len(mark)) / 3
	head := columns - len(mark) - tail
	return string(runes[:head]) + string(mark) + string(runes[len(runes)-tail:])
}

// cut cuts text to a number of columns at its end.
func (o Options) cut(text string, columns int) string {
	runes := []rune(o.clean(text))
	if len(runes) <= columns {
		return string(runes)
	}
	if columns < 1 {
		return ""
	}
	return string(runes[:columns-1]) + o.pick("…", "~")
}

// pad fills text up with blanks to a number of columns, at its right, or with left its left.
func pad(text string, columns int, left bool) string {
	blanks := strings.Repeat(" ", max(columns-utf8.RuneCountInString(text), 0))
	if left {
		return blanks + text
	}
	return text + blanks
}

// ticks gives the marks of a scale from 0 to end, not more than room for, a round number
// apart: 1, 2 or 5 times a power of ten.
func ticks(end float64, room int) []float64 {
	if end <= 0 || room < 1 {
		return []float64{0}
	}
	step := math.Pow(10, math.Floor(math.Log10(end/float64(room))))
	for _, factor := range []float64{1, 2, 5, 10} {
		if end/(step*factor) <= float64(room) {
			step *= factor
			break
		}
	}
	var all []float64
	for i := 0; float64(i)*step <= end*(1+1e-9); i++ {
		all = append(all, float64(i)*step)
	}
	return all
}

// tick names a mark of a scale whose last is end: in ms as long as that is short.
func tick(at, end float64) string {
	if end >= 10 {
		return strconv.FormatFloat(at, 'g', 6, 64)
	}
	return strconv.FormatFloat(at*1000, 'g', 6, 64)
}

// tickUnit is the unit of a scale's marks.
func tickUnit(end float64) string {
	if end >= 10 {
		return "s"
	}
	return "ms"
}
