package matrix_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/dnstest"
)

// The results that clients tell apart, in getaddrinfo's words.
const (
	noName = "NONAME"
	again  = "AGAIN"
)

// outcome is what a client got.
type outcome struct {
	result  string   // "ok", or an error of getaddrinfo without EAI_
	addrs   []string // sorted, each once
	canon   string
	took    time.Duration
	queries int // that servers were asked
}

// normal is the outcome in a form that can be compared. A name without addresses is to
// some clients no name.
func (o outcome) normal() outcome {
	slices.Sort(o.addrs)
	o.addrs = slices.Compact(o.addrs)
	if o.result == "NODATA" {
		o.result = noName
	}
	return o
}

// class is the outcome as far as it is the same every time: "ok", "ok (30), 5 s".
func (o outcome) class() string {
	text := o.result
	switch {
	case slices.Contains(o.addrs, dnstest.Wrong):
		text = "wrong"
	case strings.HasPrefix(o.result, "Floating point exception"):
		text = "crash"
	}
	if len(o.addrs) > 4 {
		text += fmt.Sprintf(" (%d)", len(o.addrs))
	}
	if halves := math.Round(o.took.Seconds() * 2); halves > 0 {
		text += fmt.Sprintf(", %g s", halves/2)
	}
	return text
}

// String is the outcome in a test's message.
func (o outcome) String() string {
	text := fmt.Sprintf("%s after %v and %d queries", o.result, o.took.Round(time.Microsecond), o.queries)
	if o.canon != "" {
		text += " as " + o.canon
	}
	if len(o.addrs) > 0 {
		text += ": " + strings.Join(o.addrs, " ")
	}
	return text
}
