package logline

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap/zapcore"
)

// line is a line in the making.
type line struct {
	format Format
	buf    []byte
	prefix string // of keys: the names of the namespaces that are open
}

// field adds a key and its value. The usual types are added directly; zap takes the
// others apart, and catches the panics of their methods on nil pointers.
func (l *line) field(f zapcore.Field) {
	switch f.Type {
	case zapcore.SkipType, zapcore.UnknownType:
	case zapcore.NamespaceType:
		l.prefix += f.Key + "."
	case zapcore.StringType:
		l.key(f.Key)
		l.string(f.String)
	case zapcore.BoolType:
		l.key(f.Key)
		l.buf = strconv.AppendBool(l.buf, f.Integer == 1)
	case zapcore.Int64Type, zapcore.Int32Type, zapcore.Int16Type, zapcore.Int8Type:
		l.key(f.Key)
		l.buf = strconv.AppendInt(l.buf, f.Integer, 10)
	case zapcore.DurationType:
		l.key(f.Key)
		l.string(time.Duration(f.Integer).String())
	case zapcore.ErrorType:
		l.key(f.Key)
		l.string(errorText(f))
	default:
		parts := zapcore.NewMapObjectEncoder()
		f.AddTo(parts)
		for _, key := range slices.Sorted(maps.Keys(parts.Fields)) {
			l.key(key)
			l.value(parts.Fields[key])
		}
	}
}

// errorText leaves out the stack traces and lists of causes that zap has as well.
func errorText(f zapcore.Field) string {
	parts := zapcore.NewMapObjectEncoder()
	f.AddTo(parts)
	if text, ok := parts.Fields[f.Key].(string); ok {
		return text
	}
	return fmt.Sprint(parts.Fields[f.Key+"Error"]) // its Error method panicked
}

func (l *line) key(key string) {
	if l.format != JSON {
		l.buf = append(l.buf, ' ')
		l.buf = appendWord(l.buf, l.prefix+key, "=")
		l.buf = append(l.buf, '=')
		return
	}
	l.buf = append(l.buf, ',')
	key = l.prefix + key
	if taken(key) {
		key = "fields." + key
	}
	l.buf = appendJSON(l.buf, key)
	l.buf = append(l.buf, ':')
}

func (l *line) string(s string) {
	if l.format == JSON {
		l.buf = appendJSON(l.buf, s)
	} else {
		l.buf = appendWord(l.buf, s, "")
	}
}

// value adds what zapcore.MapObjectEncoder makes of a field.
func (l *line) value(v any) {
	switch v := v.(type) {
	case string:
		l.string(v)
	case []byte:
		l.string(string(v))
	case bool:
		l.buf = strconv.AppendBool(l.buf, v)
	case time.Duration:
		l.string(v.String())
	case time.Time:
		l.string(v.UTC().Format(timeLayout))
	case []any:
		l.list(v)
	case map[string]any:
		l.object(v)
	default:
		l.number(v)
	}
}

// number adds a number, or what else fmt makes of v.
func (l *line) number(v any) {
	switch rv := reflect.ValueOf(v); {
	case rv.CanInt():
		l.buf = strconv.AppendInt(l.buf, rv.Int(), 10)
	case rv.CanUint():
		l.buf = strconv.AppendUint(l.buf, rv.Uint(), 10)
	case rv.CanFloat() && !math.IsNaN(rv.Float()) && !math.IsInf(rv.Float(), 0):
		l.buf = strconv.AppendFloat(l.buf, rv.Float(), 'g', -1, rv.Type().Bits())
	default:
		l.string(fmt.Sprint(v))
	}
}

// list is a,b,"c d" in text.
func (l *line) list(items []any) {
	if l.format == JSON || len(items) == 0 {
		l.buf = append(l.buf, '[')
		defer func() { l.buf = append(l.buf, ']') }()
	}
	for i, item := range items {
		if i > 0 {
			l.buf = append(l.buf, ',')
		}
		if s, ok := item.(string); ok && l.format != JSON {
			l.buf = appendWord(l.buf, s, ",")
		} else {
			l.value(item)
		}
	}
}

// object is JSON in text too.
func (l *line) object(fields map[string]any) {
	outer := l.format
	l.format = JSON
	defer func() { l.format = outer }()
	l.buf = append(l.buf, '{')
	for i, key := range slices.Sorted(maps.Keys(fields)) {
		if i > 0 {
			l.buf = append(l.buf, ',')
		}
		l.buf = appendJSON(l.buf, key)
		l.buf = append(l.buf, ':')
		l.value(fields[key])
	}
	l.buf = append(l.buf, '}')
}
