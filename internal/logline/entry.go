package logline

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/zap/zapcore"
)

// Format is what a line looks like.
type Format int

// The formats.
const (
	// Text is for people:
	//
	//	baseinit: warning: cannot read the environment: permission denied dir=/run/s6
	//
	// The word before the message is missing at level info. An error under
	// the key "error", as zap.Error makes it, follows the message.
	Text Format = iota
	// Color is Text for a terminal: what begins a warning is yellow, an error red.
	Color
	// JSON is one object a line, like the lines of services in that format:
	//
	//	{"ts":"2026-11-23T18:05:00.123456Z","level":"info","service":"baseinit","stream":"stderr","pid":1,"msg":"...","key":"value"}
	//
	// A field whose key is one of those is called "fields.service" or the like.
	JSON
)

// timeLayout is RFC 3339 with as many digits in every line, so that lines sort.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// appendEntry adds the line, with its newline, that the entry and its fields make.
func appendEntry(dst []byte, format Format, stream string, ent zapcore.Entry, fields []zapcore.Field) []byte {
	l := line{format: format, buf: dst}
	if format == JSON {
		l.jsonEntry(ent, stream, fields)
	} else {
		l.textEntry(ent, fields)
	}
	return append(l.buf, '\n')
}

func (l *line) textEntry(ent zapcore.Entry, fields []zapcore.Field) {
	l.head(ent.Level)
	l.buf = appendPlain(l.buf, strings.TrimRight(ent.Message, "\n"))
	cause := slices.IndexFunc(fields, func(f zapcore.Field) bool {
		return f.Type == zapcore.ErrorType && f.Key == "error"
	})
	if cause >= 0 {
		// The errors of errors.Join come on lines of their own.
		text := strings.ReplaceAll(errorText(fields[cause]), "\n", "; ")
		l.buf = appendPlain(append(l.buf, ": "...), text)
	}
	for i, f := range fields {
		if i != cause {
			l.field(f)
		}
	}
	for frame := range strings.Lines(ent.Stack) {
		frame = strings.ReplaceAll(strings.TrimRight(frame, "\n"), "\t", "    ")
		l.buf = appendPlain(append(l.buf, "\nbaseinit: | "...), frame)
	}
}

// head adds what begins a line.
func (l *line) head(level zapcore.Level) {
	paint := ""
	if l.format == Color {
		paint = levelColor(level)
	}
	l.buf = append(l.buf, paint...)
	l.buf = append(l.buf, "baseinit: "...)
	l.buf = append(l.buf, levelWord(level)...)
	if paint != "" {
		// The blank is not painted, as nobody would see it.
		l.buf = append(append(l.buf[:len(l.buf)-1], colorReset...), ' ')
	}
}

func levelWord(level zapcore.Level) string {
	switch {
	case level < zapcore.InfoLevel:
		return "debug: "
	case level == zapcore.InfoLevel:
		return ""
	case level == zapcore.WarnLevel:
		return "warning: "
	case level == zapcore.ErrorLevel:
		return "error: "
	default:
		return "fatal: "
	}
}

func (l *line) jsonEntry(ent zapcore.Entry, stream string, fields []zapcore.Field) {
	l.buf = append(l.buf, `{"ts":"`...)
	l.buf = ent.Time.UTC().AppendFormat(l.buf, timeLayout)
	l.buf = append(l.buf, `","level":"`...)
	l.buf = append(l.buf, ent.Level.String()...)
	l.buf = append(l.buf, `","service":"baseinit","stream":"`...)
	l.buf = append(l.buf, stream...)
	l.buf = append(l.buf, `","pid":`...)
	l.buf = strconv.AppendInt(l.buf, int64(os.Getpid()), 10)
	if ent.LoggerName != "" {
		l.buf = append(l.buf, `,"logger":`...)
		l.buf = appendJSON(l.buf, ent.LoggerName)
	}
	l.buf = append(l.buf, `,"msg":`...)
	l.buf = appendJSON(l.buf, ent.Message)
	for _, f := range fields {
		l.field(f)
	}
	if ent.Stack != "" {
		l.buf = append(l.buf, `,"stack":`...)
		l.buf = appendJSON(l.buf, ent.Stack)
	}
	l.buf = append(l.buf, '}')
}

// taken says whether a line has a key of that name before any field.
func taken(key string) bool {
	switch key {
	case "ts", "level", "service", "stream", "pid", "logger", "msg", "stack":
		return true
	}
	return false
}
