package logline

import (
	"bytes"
	"hash/fnv"
	"io"
	"strconv"

	"go.uber.org/zap/zapcore"
)

// Escape sequences of ECMA-48, 8.3.117 (SGR), which every terminal has. Each first takes back
// what a service may have left.
const (
	colorReset  = "\x1b[0m"
	colorRed    = "\x1b[0;31m"
	colorYellow = "\x1b[0;33m"
)

// levelColor is what the head of our own line is painted with, or "".
func levelColor(level zapcore.Level) string {
	switch {
	case level > zapcore.WarnLevel:
		return colorRed
	case level == zapcore.WarnLevel:
		return colorYellow
	default:
		return ""
	}
}

// serviceColors are those of services: what is legible on black and on white, and not the
// red of errors.
var serviceColors = [...]int{32, 33, 34, 35, 36, 92, 94, 95, 96}

// ColorPrefix is "[service] " for a terminal. The name has a colour that is always the same,
// and the brackets are red if the stream is stderr.
func ColorPrefix(service, stream string) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(service)) // it never fails
	name := "\x1b[0;" + strconv.Itoa(serviceColors[hash.Sum32()%uint32(len(serviceColors))]) + "m"
	if stream == "stderr" {
		return colorRed + "[" + name + service + colorRed + "]" + colorReset + " "
	}
	return name + "[" + service + "]" + colorReset + " "
}

// ColorWriter paints the "[service] " of lines on their way to a terminal. Each Write has
// whole lines.
type ColorWriter struct{ W io.Writer }

// Write writes p with its prefixes painted.
func (c ColorWriter) Write(p []byte) (int, error) {
	painted := make([]byte, 0, len(p)+64)
	for line := range bytes.Lines(p) {
		if service, rest, ok := bytes.Cut(line, []byte("] ")); ok && line[0] == '[' {
			painted = append(painted, ColorPrefix(string(service[1:]), "")...)
			line = rest
		}
		painted = append(painted, line...)
	}
	if _, err := c.W.Write(painted); err != nil {
		return 0, err
	}
	return len(p), nil
}
